// The queue of pictures at which a person should look, the most doubtful first: labels that the version in use would
// not give, then pictures that the service kept because it was unsure. Made for the keyboard: a digit, and the next.

import { isTyping, make } from "../shared/dom.js";
import { complain, problemBlock } from "../shared/notices.js";
import { keyedImage } from "../shared/pictures.js";
import { json } from "../shared/service.js";
import { percent } from "../shared/words.js";
import { relabel, remove, removeKept, teachKept } from "./store.js";

const MOST = 200;
const REASONS = {
  "low-confidence": "it was not sure",
  "not-a-digit": "it does not look like a digit",
  "other-ink": "there is other ink",
  "several-digits": "it shows several digits",
  "wrong-length": "the number has another length",
};
let queue = [];
let place = 0;
let card;
let busy = false;

/** The queue. */
export function review() {
  card = make("div", { className: "review", attributes: { "aria-live": "polite" } });
  load();
  return card;
}

async function load() {
  try {
    const [suspects, kept] = await Promise.all([
      json(`samples?suspect=true&limit=${MOST}`),
      json(`samples/review?limit=${MOST}`),
    ]);
    const doubtful = suspects.items.sort((one, other) => other.confidence - one.confidence);
    queue = [...doubtful.map((sample) => ({ sample })), ...kept.items.map((picture) => ({ kept: picture }))];
    place = 0;
    show();
  } catch (problem) {
    card.replaceChildren(problemBlock(problem));
  }
}

/** Handle a key, if the queue is shown. */
export function reviewKey(key) {
  if (isTyping() || !queue[place]) return;
  if (/^[0-9]$/.test(key)) answer(key);
  else if (key === "Enter" && !document.activeElement?.closest("button, a")) move(1);
  else if (key === "ArrowRight") move(1);
  else if (key === "ArrowLeft") move(-1);
  else if (key === "Delete" || key === "Backspace") discard();
}

const move = (step) => goTo(place + step);

function goTo(wanted) {
  place = Math.max(0, Math.min(queue.length, wanted));
  show();
}

const answer = (digits) =>
  attempt(async () => {
    const at = place;
    const { sample, kept } = queue[at];
    const back = () => goTo(at);
    if (kept)
      await teachKept(kept, isNumber(kept) || digits.length > 1 ? { text: digits } : { label: Number(digits) }, back);
    else if (Number(digits) !== sample.label)
      await relabel(sample, Number(digits), (changed) => {
        if (changed.label === sample.label) back();
      });
    goTo(at + 1);
  });

const discard = () =>
  attempt(async () => {
    const at = place;
    const { sample, kept } = queue[at];
    if (kept) await removeKept(kept);
    else
      await remove(sample, () => {
        queue.splice(at, 0, { sample });
        goTo(at);
      });
    queue.splice(at, 1);
    show();
  });

async function attempt(run) {
  if (busy) return;
  busy = true;
  try {
    await run();
  } catch (problem) {
    complain(problem);
  } finally {
    busy = false;
  }
}

const isNumber = (kept) => kept.path.startsWith("/read") || kept.reason === "several-digits";

function show() {
  const current = queue[place];
  if (!current) {
    const done = queue.length > 0 ? "That was the last one." : "No label is suspicious, and no picture waits.";
    card.replaceChildren(
      make(
        "div",
        { className: "panel stack" },
        make("h2", {}, done),
        make("p", { className: "muted" }, "Refused pictures come here if the service runs with NUMERAL_KEEP=refused."),
        make("div", { className: "row" }, make("button", { type: "button", onclick: load }, "Look again")),
      ),
    );
    return;
  }
  const { sample, kept } = current;
  card.replaceChildren(
    pictureOf(current),
    make(
      "div",
      { className: "stack" },
      make("p", { className: "muted small" }, `${place + 1} of ${queue.length}`),
      make("h2", {}, sample ? `Is this a ${sample.label}?` : "What is this?"),
      make("p", { className: "muted" }, sample ? ofSample(sample) : ofKept(kept)),
      kept && isNumber(kept) ? numberForm(kept) : digitRow(sample?.label),
      make(
        "div",
        { className: "row" },
        sample && make("button", { type: "button", onclick: () => move(1) }, `It is a ${sample.label} (Enter)`),
        make("button", { type: "button", className: "plain", onclick: () => move(1) }, "Skip (→)"),
        make("button", { type: "button", className: "plain danger", onclick: discard }, "Delete (Del)"),
      ),
    ),
  );
}

function pictureOf({ sample, kept }) {
  const path = sample ? `samples/${sample.id}/image?seen=true` : `samples/review/${kept.id}/image`;
  return make(
    "div",
    { className: sample ? "large seen-by-network" : "large" },
    keyedImage(path, "The picture to look at"),
  );
}

const ofSample = ({ label, predicted, confidence }) =>
  `It is labelled ${label}; the version in use reads ${predicted} and is ${percent(confidence)} sure.`;

function ofKept({ text, confidence, reason, shadow, model_version: version }) {
  const why = reason ? `and refused it: ${REASONS[reason] ?? reason}` : "and accepted it";
  const other = shadow ? ` Version ${shadow.model_version} reads ${shadow.text || "nothing"}.` : "";
  return `Version ${version} read ${text || "nothing"} with ${percent(confidence)}, ${why}.${other}`;
}

const digitRow = (label) =>
  make(
    "div",
    { className: "digit-row", attributes: { role: "group" }, aria: { label: "It is a" } },
    Array.from({ length: 10 }, (_, digit) =>
      make(
        "button",
        { type: "button", className: digit === label ? "current" : "", onclick: () => answer(String(digit)) },
        String(digit),
      ),
    ),
  );

function numberForm(kept) {
  const field = make("input", {
    value: kept.text.replaceAll("\n", " "),
    inputMode: "numeric",
    aria: { label: "What it says" },
  });
  const send = (event) => {
    event.preventDefault();
    answer(field.value);
  };
  return make("form", { className: "row", onsubmit: send }, field, make("button", {}, "Teach"));
}
