// Says what a picture was, and takes it back.

import { byId } from "../shared/dom.js";
import { openKeyDialog, scope } from "../shared/key.js";
import { complain, notify } from "../shared/notices.js";
import { json, onKey, Problem, request } from "../shared/service.js";
import { count } from "../shared/words.js";

const labels = new Map(); // of samples that this page stored: id → label
let undoLast = null;
let taught = 0;

/** Whether the key permits teaching. */
export const mayTeach = () => scope() === "teach" || scope() === "admin";

/** Show what can be taught. */
export function startTeaching() {
  onKey(showHint);
  showHint();
}

/** Take back what was taught last. */
export function undoTeaching() {
  if (undoLast === null) notify("Nothing was taught here that could be taken back.");
  undoLast?.();
}

/** Offer to enter a key. why: what it is needed for. */
export function needKey(why) {
  notify(why, { action: { text: "Enter key", run: openKeyDialog } });
}

/**
 * Store the picture with its digit (`label`) or its digits (`text`). Returns whether it was stored. undone: called when
 * it was taken back.
 */
export async function teach(picture, name, value, undone) {
  const form = new FormData();
  form.append("file", picture.blob, picture.name);
  form.append(name, value);
  let stored;
  try {
    stored = await json("samples", { method: "POST", body: form });
  } catch (problem) {
    complain(problem);
    return false;
  }
  const items = stored.items ?? [stored];
  const changes = items.map((item) => ({ item, before: labels.get(item.id) ?? null }));
  for (const item of items) labels.set(item.id, item.label);
  taught += 1;
  undoLast = () => takeBack(picture, changes, undone);
  const outcome = stored.outcome === "unchanged" ? "It was stored before" : "Stored";
  notify(`${outcome} as ${stored.text ?? stored.label}.`, { action: { text: "Undo (U)", run: undoTeaching } });
  showHint();
  return true;
}

async function takeBack(picture, changes, undone) {
  const again = undoLast;
  undoLast = null;
  try {
    for (; changes.length > 0; changes.shift()) await takeBackOne(picture, changes[0]);
  } catch (problem) {
    if (problem.passes) undoLast ??= again;
    if (problem.slug === "insufficient-scope")
      problem.remedy = "A teach key may not delete. Press the right digit instead: it corrects this one.";
    complain(problem);
    return;
  }
  taught -= 1;
  showHint();
  undone();
  notify("Taken back.");
}

/** A new sample is deleted; one that was there before gets the label that it had. Raises Problem. */
async function takeBackOne(picture, { item, before }) {
  if (item.outcome === "unchanged") return;
  if (item.outcome === "created") {
    await request(`samples/${item.id}`, { method: "DELETE" });
    labels.delete(item.id);
    return;
  }
  if (before === null)
    throw new Problem({
      title: "It had been stored before with another label",
      detail: "This page does not know which.",
      remedy: "Press the right digit instead.",
    });
  const form = new FormData();
  form.append("file", picture.blob, picture.name);
  form.append("label", before);
  await json("samples", { method: "POST", body: form });
  labels.set(item.id, before);
}

function showHint() {
  const done = taught > 0 ? `${count(taught, "picture")} taught. ` : "";
  byId("teach-hint").textContent = mayTeach()
    ? `${done}Wrong? Press the right digit, here or on the keyboard. U takes it back.`
    : "Wrong? Press the right digit, here or on the keyboard.";
}
