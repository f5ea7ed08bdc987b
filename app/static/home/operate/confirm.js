// Asks before something is changed for everybody.

import { make } from "../shared/dom.js";

/** Whether the person confirms. */
export function confirmed(title, text, yes, no = "Cancel") {
  return new Promise((resolve) => {
    const dialog = make(
      "dialog",
      {
        aria: { labelledby: "confirm-title" },
        onclose: () => {
          resolve(dialog.returnValue === "yes");
          dialog.remove();
        },
      },
      make(
        "div",
        { className: "stack" },
        make("h2", { id: "confirm-title" }, title),
        make("p", { className: "muted" }, text),
        make(
          "div",
          { className: "row" },
          make("button", { type: "button", className: "plain", onclick: () => dialog.close("no") }, no),
          make("button", { type: "button", className: "primary", onclick: () => dialog.close("yes") }, yes),
        ),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}
