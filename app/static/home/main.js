// Where the page starts: the theme, the key, and the three views. Only Draw is loaded at once.

import { startDrawing } from "./draw/view.js";
import { addStyle, byId, make } from "./shared/dom.js";
import { startKey } from "./shared/key.js";
import { problemBlock } from "./shared/notices.js";
import { startTheme } from "./shared/theme.js";
import { unreachable } from "./shared/service.js";

const LATER = { samples: "./samples/view.js", operate: "./operate/view.js" };
const TITLES = { draw: "Draw", samples: "Teach", operate: "Operate" };
const loaded = {};
let shown = "";

/** Show the view that the address names; Draw when it names none. */
async function showView() {
  const asked = location.hash.slice(1);
  const name = asked in TITLES ? asked : "draw";
  if (name === shown) return;
  loaded[shown]?.leave?.();
  shown = name;
  for (const other of Object.keys(TITLES)) byId(`view-${other}`).hidden = other !== name;
  for (const link of document.querySelectorAll(".views a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = name === "draw" ? "Numeral" : `${TITLES[name]} · Numeral`;
  if (!(name in LATER)) return;
  try {
    const [module] = await Promise.all([import(LATER[name]), addStyle(`static/home/styles/${name}.css`)]);
    loaded[name] = module;
  } catch {
    shown = "";
    const again = make("button", { type: "button", onclick: showView }, "Try again");
    const block = make("div", { className: "stack" }, problemBlock(unreachable()), make("div", { className: "row" }, again));
    byId(`view-${name}`).replaceChildren(block);
    return;
  }
  if (shown === name) loaded[name].enter(byId(`view-${name}`));
}

startTheme();
startKey();
startDrawing();
addEventListener("hashchange", showView);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("main").focus();
});
showView();
