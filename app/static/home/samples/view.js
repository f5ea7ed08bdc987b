// The view Teach: the queue to review, and all samples.

import { startDrop } from "../draw/picture.js";
import { isTyping, make } from "../shared/dom.js";
import { gate } from "../shared/gate.js";
import { onKey } from "../shared/service.js";
import { archive } from "./archive.js";
import { gallery } from "./gallery.js";
import { review, reviewKey } from "./review.js";
import { undo } from "./store.js";

const PARTS = { Review: review, "All samples": gallery };
let part = "Review";
let root = null;

/** Show the view in this section. */
export function enter(section) {
  if (root === null) {
    startDrop(section, (file) => take?.(file));
    onKey(() => section.hidden || show());
    addEventListener("keydown", onKeydown);
  }
  root = section;
  show();
}

let take = null;

function show() {
  const closed = gate("The samples that users sent are shown, corrected, imported and exported with it.");
  take = null;
  if (closed) {
    root.replaceChildren(closed);
    return;
  }
  const content = make("div", { className: "stack" });
  const choose = (name) => {
    part = name;
    for (const button of tabs.children) button.setAttribute("aria-pressed", button.textContent === part);
    content.replaceChildren(PARTS[part]());
  };
  const tabs = make(
    "div",
    { className: "segments", attributes: { role: "group" }, aria: { label: "Which pictures" } },
    Object.keys(PARTS).map((name) => make("button", { type: "button", onclick: () => choose(name) }, name)),
  );
  const transfer = archive(() => choose("All samples"));
  take = transfer.take;
  root.replaceChildren(
    make(
      "div",
      { className: "stack samples" },
      make("div", { className: "row spread" }, make("h1", {}, "Teach"), transfer.bar),
      tabs,
      content,
    ),
  );
  choose(part);
}

function onKeydown(event) {
  if (root.hidden || isTyping() || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key.toLowerCase() === "u") undo();
  else if (part === "Review") reviewKey(event.key);
}
