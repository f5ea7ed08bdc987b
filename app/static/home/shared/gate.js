// What a view shows to those whose key does not permit it.

import { make } from "./dom.js";
import { openKeyDialog, scope } from "./key.js";

/** A panel that asks for an admin key; null when the tab has one. why: what it is needed for. */
export function gate(why) {
  if (scope() === "admin") return null;
  const has = scope() === "teach" ? " You have a teach key: it teaches in the view Draw." : "";
  return make(
    "div",
    { className: "panel stack gate" },
    make("h1", {}, "An admin key opens this"),
    make("p", { className: "muted" }, `${why}${has}`),
    make(
      "div",
      { className: "row" },
      make("button", { type: "button", className: "primary", onclick: openKeyDialog }, "Enter key"),
    ),
  );
}
