// The same picture, read by two versions side by side.

import { byId, make } from "../shared/dom.js";
import { problemBlock } from "../shared/notices.js";
import { json, key } from "../shared/service.js";
import { percent } from "../shared/words.js";
import { answerTo } from "./asking.js";
import { ranked } from "./verdict.js";

const CANDIDATE = "candidate";
let last = { picture: null, answer: null };
let asked = 0;

/** Wire the panel. */
export function start() {
  byId("other").addEventListener("change", compare);
}

/** Compare this answer. isNew: whether the panel was opened just now, so that versions may have come or gone. */
export async function show(picture, answer, isNew = false) {
  last = { picture, answer };
  if (isNew) await listVersions();
  compare();
}

/** Without an admin key nobody may list the versions; then those up to the one in use can be asked for. */
async function listVersions() {
  const chosen = byId("other").value;
  const inUse = Number(last.answer?.prediction.model_version ?? 1);
  let names = Array.from({ length: inUse }, (_, index) => String(inUse - index));
  if (key()) {
    const listed = await json("admin/versions").catch(() => null);
    if (listed) names = listed.items.map(({ version }) => String(version));
  }
  byId("other").replaceChildren(
    ...[CANDIDATE, ...names].map((name) =>
      make(
        "option",
        { value: name },
        name === CANDIDATE ? "the candidate: the newest, not yet in use" : `version ${name}`,
      ),
    ),
  );
  byId("other").value =
    names.includes(chosen) || chosen === CANDIDATE
      ? chosen
      : (names.find((name) => Number(name) !== inUse) ?? names[0]);
}

async function compare() {
  const { picture, answer } = last;
  const mine = ++asked;
  if (!answer) {
    byId("versus").replaceChildren(make("p", { className: "muted" }, "Draw something first."));
    return;
  }
  try {
    const other = await answerTo(picture, undefined, byId("other").value);
    if (mine === asked) byId("versus").replaceChildren(...row(answer), ...row(other));
  } catch (problem) {
    if (mine === asked) byId("versus").replaceChildren(...row(answer), problemBlock(problem));
  }
}

function row({ prediction, numbers }) {
  const [best] = ranked(prediction.probabilities);
  const read = numbers ? numbers.text || "nothing" : prediction.accepted ? String(best.digit) : `${best.digit}?`;
  const share = numbers ? Math.min(1, ...numbers.numbers.map((number) => number.confidence)) : best.share;
  const bar = make("i");
  bar.style.width = `${100 * share}%`;
  const name = `Version ${(numbers ?? prediction).model_version}`;
  return [
    make("span", { className: "muted" }, name),
    make("strong", {}, read),
    make("span", { className: "meter" }, bar),
    make("span", {}, percent(share)),
  ];
}
