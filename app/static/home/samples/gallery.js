// All samples as thumbnails. The one in focus is edited by keys: a digit labels it anew, Delete deletes it.

import { make } from "../shared/dom.js";
import { complain, problemBlock } from "../shared/notices.js";
import { keyedImage } from "../shared/pictures.js";
import { json } from "../shared/service.js";
import { count } from "../shared/words.js";
import { relabel, remove } from "./store.js";

const PAGE = 60;
let filter = ""; // of the query
let list;
let summary;
let more;

/** The gallery. */
export function gallery() {
  const choose = make(
    "select",
    { onchange: (event) => show(event.target.value), aria: { label: "Which samples" } },
    make("option", { value: "" }, "All samples"),
    make("option", { value: "&suspect=true" }, "Suspicious labels"),
    Array.from({ length: 10 }, (_, digit) => make("option", { value: `&label=${digit}` }, `Labelled ${digit}`)),
  );
  choose.value = filter;
  summary = make("p", { className: "muted", attributes: { role: "status" } });
  list = make("div", {
    className: "tiles",
    attributes: { role: "group" },
    aria: { label: "Samples" },
    onkeydown: onKey,
  });
  more = make("button", { type: "button", hidden: true }, "Show more");
  show(filter);
  return make(
    "div",
    { className: "stack" },
    make("div", { className: "row spread" }, choose, summary),
    list,
    make("div", { className: "row" }, more),
    make("p", { className: "muted small" }, "Arrows move; 0–9 labels anew; Delete deletes; U takes back."),
  );
}

function show(chosen) {
  filter = chosen;
  list.replaceChildren();
  load(null);
}

async function load(cursor) {
  const asked = filter;
  try {
    const page = await json(`samples?limit=${PAGE}${asked}${cursor ? `&cursor=${cursor}` : ""}`);
    if (asked !== filter) return;
    list.append(...page.items.map(tile));
    summary.textContent =
      page.total === 0
        ? "There are none yet. Teach a digit in the view Draw, or drop a ZIP here."
        : count(page.total, "sample");
    more.hidden = page.next === null;
    more.onclick = () => load(page.next);
  } catch (problem) {
    list.append(problemBlock(problem));
  }
}

function tile(sample) {
  const doubt = sample.suspect ? `, but ${sample.predicted} is read` : "";
  const button = make(
    "button",
    {
      type: "button",
      className: sample.suspect ? "tile suspect" : "tile",
      aria: { label: `Labelled ${sample.label}${doubt}${sample.held_out ? ", held out" : ""}` },
    },
    keyedImage(`samples/${sample.id}/image?seen=true`, ""),
    make("strong", {}, String(sample.label)),
    sample.suspect && make("span", { className: "tag doubt" }, `reads ${sample.predicted}`),
  );
  button.sample = sample;
  return button;
}

async function onKey(event) {
  const focused = event.target.closest(".tile");
  if (!focused || event.ctrlKey || event.metaKey || event.altKey) return;
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(), ArrowUp: -columns() };
  if (event.key in steps) {
    event.preventDefault();
    const tiles = [...list.children];
    tiles[Math.max(0, Math.min(tiles.length - 1, tiles.indexOf(focused) + steps[event.key]))].focus();
  } else if (/^[0-9]$/.test(event.key))
    await attempt(() => relabel(focused.sample, Number(event.key), (sample) => replace(sample)));
  else if (event.key === "Delete" || event.key === "Backspace") await attempt(() => drop(focused));
}

const columns = () => getComputedStyle(list).gridTemplateColumns.split(" ").length;

function replace(sample) {
  const old = [...list.children].find((each) => each.sample?.id === sample.id);
  const made = tile(sample);
  const hadFocus = document.activeElement === old;
  old?.replaceWith(made);
  if (hadFocus) made.focus();
}

async function drop(focused) {
  await remove(focused.sample, (sample) => list.prepend(tile(sample)));
  const next = focused.nextElementSibling ?? focused.previousElementSibling;
  focused.remove();
  next?.focus();
}

async function attempt(run) {
  try {
    await run();
  } catch (problem) {
    complain(problem);
  }
}
