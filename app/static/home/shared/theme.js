// The button for the theme: as the system, light, dark.

import { byId } from "./dom.js";
import { prefer } from "./storage.js";

const NAMES = { system: "as the system", light: "light", dark: "dark" };
const NEXT = { system: "light", light: "dark", dark: "system" };
const listeners = new Set();

/** Call the listener when the colours have changed. */
export const onTheme = (listener) => listeners.add(listener);

/** Wire the button. */
export function startTheme() {
  const button = byId("theme");
  show();
  button.addEventListener("click", () => {
    const chosen = NEXT[current()];
    if (chosen === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
    prefer("theme", chosen);
    show();
    changed();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
}

const current = () => document.documentElement.dataset.theme ?? "system";

const changed = () => listeners.forEach((listener) => listener());

function show() {
  const text = `Theme: ${NAMES[current()]}`;
  byId("theme").setAttribute("aria-label", text);
  byId("theme").title = text;
}
