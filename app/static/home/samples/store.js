// What the view does to samples: label anew, delete, and take either back.

import { complain, notify } from "../shared/notices.js";
import { json, post, request } from "../shared/service.js";

let undoLast = null;

/** Take back the last change. When that fails, it says why, and can be tried again. */
export async function undo() {
  const last = undoLast;
  undoLast = null;
  if (last === null) {
    notify("There is nothing to take back.");
    return;
  }
  try {
    await last();
  } catch (problem) {
    undoLast ??= last;
    complain(problem);
  }
}

/** Let `run` take back the last change; the notice says what that was. */
export function undoable(text, run) {
  undoLast = run;
  notify(text, { action: { text: "Undo (U)", run: undo } });
}

/** The picture of a sample as it was stored. */
export const imageOf = async (id) => (await request(`samples/${id}/image`)).blob();

/** Store the picture under this label; the sample. */
export function store(blob, label) {
  const form = new FormData();
  form.append("file", blob, "sample");
  form.append("label", String(label));
  return json("samples", { method: "POST", body: form });
}

/** Give a sample another label. done: called with the sample, now and when it was taken back. */
export async function relabel(sample, label, done) {
  const blob = await imageOf(sample.id);
  done(await store(blob, label));
  undoable(`${sample.label} is now ${label}.`, async () => done(await store(blob, sample.label)));
}

/** Delete a sample. back: called with the sample when it was taken back. */
export async function remove(sample, back) {
  const blob = await imageOf(sample.id);
  await request(`samples/${sample.id}`, { method: "DELETE" });
  undoable(`A ${sample.label} was deleted.`, async () => back(await store(blob, sample.label)));
}

/** Say what a kept picture shows: `shown` is {label} or {text}. back: called when it was taken back. */
export async function teachKept({ request_id, item }, shown, back) {
  const stored = await post("samples", { request_id, ...(item === null ? {} : { item }), ...shown });
  const made = (stored.items ?? [stored]).filter((item) => item.outcome === "created");
  undoable(`Stored as ${stored.text ?? stored.label}.`, async () => {
    for (; made.length > 0; made.shift()) await request(`samples/${made[0].id}`, { method: "DELETE" });
    back();
  });
}

/** Delete a kept picture, for good. */
export const removeKept = ({ id }) => request(`samples/review/${id}`, { method: "DELETE" });
