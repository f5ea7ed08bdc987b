// Requests to the service. Addresses are relative to the page, so they work under any path prefix.

import { keep, recall } from "./storage.js";

export const BASE = new URL(".", document.baseURI);
const remedies = new Map();
const listeners = new Set();

/** An error as the service describes it (RFC 9457), or the failure to reach it. */
export class Problem extends Error {
  constructor({ title, detail, remedy = "", status = 0, type = "", retryAfter = 0 }) {
    super(detail || title);
    Object.assign(this, { title, detail, remedy, status, retryAfter, slug: type.split("/").at(-1) });
  }

  /** Whether the same request may succeed later. */
  get passes() {
    return this.status === 0 || this.status === 503 || this.status === 502 || this.status === 504;
  }
}

/** The admin or teach key of this tab, or null. */
export const key = () => recall("key");

/** Use another key, or none, and tell those who asked to hear of it. */
export function useKey(value) {
  keep("key", value);
  for (const listener of listeners) listener(value);
}

/** Call the listener whenever the key changes. */
export const onKey = (listener) => listeners.add(listener);

/** The headers that show a key: the tab's, unless another is given. */
export const keyHeader = (value = key()) => (value ? { Authorization: `Bearer ${encoded(value)}` } : {});

/** A header may hold only bytes; the service expects UTF-8 in them. */
const encoded = (text) => Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");

/** The response to a request. Raises Problem, for an answer that is none of 2xx, too. */
export async function request(path, { headers = {}, withKey = key(), ...options } = {}) {
  let response;
  try {
    response = await fetch(new URL(path, BASE), { ...options, headers: { ...keyHeader(withKey), ...headers } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw unreachable();
  }
  if (response.ok) return response;
  throw await problemOf(response, withKey);
}

/** The JSON of the answer. Raises Problem. */
export async function json(path, options) {
  return readJson(await request(path, options));
}

/** The JSON of a response whose body may break off. Raises Problem. */
export async function readJson(response) {
  try {
    return await response.json();
  } catch {
    throw unreachable();
  }
}

/** POST a value as JSON. */
export const post = (path, value) =>
  json(path, { method: "POST", body: JSON.stringify(value), headers: { "Content-Type": "application/json" } });

/** The problem when no answer comes. */
export function unreachable() {
  return new Problem({
    title: "The service does not answer",
    detail: navigator.onLine ? "It may be stopped, or starting again." : "This device is offline.",
    remedy: "What is on this page stays. Try again when it is back.",
  });
}

/**
 * The problem that a response describes, with its remedy from the service's catalogue. usedKey: the one that was sent;
 * when it is the tab's and no longer valid, the tab forgets it.
 */
export async function problemOf(response, usedKey) {
  const told = await response.json().catch(() => ({}));
  const type = told.type ?? "";
  const retryAfter = Number(response.headers.get("Retry-After")) || 0;
  const title = told.title ?? `The service, or a proxy before it, answered ${response.status}`;
  const { status } = response;
  const problem = new Problem({ ...told, title, type, status, retryAfter, remedy: await remedyOf(type) });
  if (status === 401 && usedKey && usedKey === key()) {
    useKey(null);
    problem.remedy = "It was wrong, or it was revoked. Enter another key; nothing else is lost.";
    problem.title = "The key is not valid";
  }
  return problem;
}

async function remedyOf(type) {
  if (!type.startsWith("/problems/")) return "";
  if (!remedies.has(type)) {
    const response = await fetch(new URL(type.slice(1), BASE)).catch(() => null);
    if (response?.ok) remedies.set(type, (await response.json().catch(() => ({}))).remedy);
  }
  return remedies.get(type) ?? "";
}
