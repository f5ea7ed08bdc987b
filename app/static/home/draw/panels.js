// The panels below the answer: the comparison, and the code. Each is loaded when it is opened for the first time.

import { byId } from "../shared/dom.js";
import { complain } from "../shared/notices.js";
import { unreachable } from "../shared/service.js";

const ADDRESSES = { compare: "./compare.js", code: "./code.js" };
const panels = {};
let last = [null, null];

/** Wire the panels. */
export function startPanels() {
  for (const name of Object.keys(ADDRESSES)) {
    byId(name).addEventListener("toggle", () => byId(name).open && open(name));
  }
}

/** Show a picture and its answer in the panels that are open. */
export function showInPanels(picture, answer) {
  last = [picture, answer];
  for (const [name, panel] of Object.entries(panels)) if (byId(name).open) panel.show(...last);
}

async function open(name) {
  try {
    if (!panels[name]) {
      const panel = await import(ADDRESSES[name]);
      if (!panels[name]) panel.start();
      panels[name] = panel;
    }
  } catch {
    byId(name).open = false;
    complain(unreachable());
    return;
  }
  panels[name].show(...last, true);
}
