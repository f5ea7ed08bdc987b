// The dialog for the key. A key is tried before it is used, and kept in this tab's session only.

import { byId } from "./dom.js";
import { notify, problemBlock } from "./notices.js";
import { key, onKey, Problem, request, useKey } from "./service.js";
import { isKept, keep, recall } from "./storage.js";

/** What the tab's key permits: "admin", "teach", "predict", or null without a key. */
export const scope = () => (key() ? recall("scope") : null);

/** Wire the button and the dialog. */
export function startKey() {
  byId("key").addEventListener("click", openKeyDialog);
  byId("key-cancel").addEventListener("click", () => byId("key-dialog").close());
  byId("key-forget").addEventListener("click", () => {
    useKey(null);
    byId("key-dialog").close();
  });
  byId("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    tryKey(byId("key-value").value.trim());
  });
  onKey(show);
  show();
}

/** Ask for a key. */
export function openKeyDialog() {
  byId("key-value").value = "";
  byId("key-problem").replaceChildren();
  byId("key-forget").hidden = !key();
  byId("key-dialog").showModal();
}

async function tryKey(value) {
  if (!value) return;
  byId("key-use").disabled = true;
  try {
    keep("scope", await scopeOf(value));
    useKey(value);
    byId("key-dialog").close();
    notify(isKept ? "The key is kept in this tab." : "This browser keeps nothing, so the key lasts until you reload.");
  } catch (problem) {
    byId("key-problem").replaceChildren(problemBlock(problem));
    byId("key-value").select();
  } finally {
    byId("key-use").disabled = false;
  }
}

/** The widest scope of a key. Raises Problem when it has none. */
async function scopeOf(value) {
  try {
    await request("admin/jobs?limit=1", { withKey: value });
    return "admin";
  } catch (problem) {
    if (problem.slug !== "insufficient-scope" && problem.slug !== "admin-disabled") throw problem;
    return await lesserScopeOf(value, problem);
  }
}

/** An empty sample is refused for what it lacks by those who may teach, and for the key by those who may not. */
async function lesserScopeOf(value, refused) {
  try {
    await request("samples", { method: "POST", withKey: value });
  } catch (problem) {
    if (problem.status === 400 || problem.status === 422) return "teach";
    if (problem.slug === "insufficient-scope") return "predict";
    throw problem.slug === "admin-disabled" ? refused : problem;
  }
  throw new Problem({ title: "The key could not be tried" });
}

function show() {
  byId("key-text").textContent =
    { admin: "Admin key", teach: "Teach key", predict: "Predict key" }[scope()] ?? "Enter key";
  byId("key").classList.toggle("has-key", Boolean(key()));
}
