// Short messages at the lower edge, which screen readers speak, with at most one button.

import { byId, make } from "./dom.js";

const SECONDS = 8;

/** Show a text in place of the one before. action: {text, run} for a button. Returns a function that takes the notice away. */
export function notify(text, { action = null, bad = false, seconds = SECONDS } = {}) {
  const list = byId("notices");
  const notice = make("div", { className: bad ? "notice bad" : "notice" }, make("span", {}, text));
  const remove = () => notice.remove();
  if (action) {
    const run = () => {
      remove();
      action.run();
    };
    notice.append(make("button", { type: "button", onclick: run }, action.text));
  }
  notice.append(
    make("button", { type: "button", className: "dismiss", onclick: remove, aria: { label: "Dismiss" } }, "×"),
  );
  list.replaceChildren(notice);
  if (seconds) setTimeout(remove, seconds * 1000);
  return remove;
}

/** Show what went wrong and what to do about it. */
export function complain(problem, options = {}) {
  if (problem.title === undefined) throw problem; // a mistake in this page, for the console
  return notify(told(problem), { bad: true, seconds: 20, ...options });
}

/** A problem in words. */
export const told = ({ title, detail, remedy }) =>
  [title, detail === `${title}.` ? "" : detail, remedy].filter(Boolean).map(sentence).join(" ");

const sentence = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);

/** A problem as a block within the page. */
export const problemBlock = (problem) =>
  make(
    "div",
    { className: "problem", role: "alert" },
    make("strong", {}, sentence(problem.title)),
    ` ${told({ ...problem, title: "", detail: problem.detail === `${problem.title}.` ? "" : problem.detail })}`,
  );
