// The tab's storage, which a browser may have switched off: then values last as long as the page.

const memory = new Map();

/** Whether the browser keeps anything. */
export const isKept = (() => {
  try {
    sessionStorage.setItem("numeral-test", "1");
    sessionStorage.removeItem("numeral-test");
    return true;
  } catch {
    return false;
  }
})();

/** The value of this name, or null. */
export function recall(name) {
  if (!isKept) return memory.get(name) ?? null;
  return sessionStorage.getItem(`numeral-${name}`);
}

/** Keep the value; null removes it. Returns false when the storage is full; the page still knows it then. */
export function keep(name, value) {
  if (value === null) memory.delete(name);
  else memory.set(name, value);
  if (!isKept) return false;
  try {
    if (value === null) sessionStorage.removeItem(`numeral-${name}`);
    else sessionStorage.setItem(`numeral-${name}`, value);
    return true;
  } catch {
    return false;
  }
}

/** Keep the value for all tabs and visits: preferences, never a key. */
export function prefer(name, value) {
  try {
    localStorage.setItem(`numeral-${name}`, value);
  } catch {
    // It then lasts as long as the page.
  }
}
