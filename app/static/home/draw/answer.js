// Shows an answer: the verdict, the ten probabilities, what the network saw, and facts.

import { byId, make } from "../shared/dom.js";
import { percent } from "../shared/words.js";
import { ranked, verdictOn, verdictOnProblem } from "./verdict.js";

const LEAST = 0.005; // a share from which its percentage is shown
let columns = [];

/** Make the ten columns. chosen: called with a digit whose button was pressed. */
export function startAnswer(chosen) {
  columns = Array.from({ length: 10 }, (_, digit) => {
    const share = make("span", { className: "share" }, "");
    const bar = make("i", { className: "bar" });
    const button = make(
      "button",
      { type: "button", onclick: () => chosen(digit), aria: { label: `It is a ${digit}` } },
      String(digit),
    );
    const item = make("li", {}, share, make("span", { className: "column" }, bar), button);
    return { item, share, bar, button };
  });
  byId("digits").append(...columns.map(({ item }) => item));
  showAnswer(null, null);
}

/** Show the answer to a picture; without one, that nothing is drawn. */
export function showAnswer(picture, answer) {
  showVerdict(verdictOn(answer), Boolean(answer?.numbers));
  showShares(answer && !answer.numbers ? answer.prediction : null);
  byId("digits").hidden = Boolean(answer?.numbers);
  showSeen(answer);
  showFacts(picture, answer);
}

/** Show why there is no answer. */
export function showProblem(problem, isDrawing) {
  showVerdict(verdictOnProblem(problem, isDrawing), false);
  showShares(null);
  showSeen(null);
}

/** Mark the digit that was taught, as a text; null marks none. */
export function markTaught(digit) {
  columns.forEach(({ item }, each) => item.classList.toggle("taught", String(each) === digit));
}

function showVerdict({ state, digit, verdict, why }, isNumber) {
  byId("answer").className = `answer ${state}`;
  byId("answer").dataset.state = state;
  setText("digit", digit);
  byId("digit").classList.toggle("number", isNumber);
  setText("verdict", verdict);
  setText("why", why);
}

/** Only a changed text is set, so that screen readers speak only what is new. */
function setText(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text;
}

function showShares(prediction) {
  const best = prediction ? ranked(prediction.probabilities)[0].digit : -1;
  columns.forEach(({ item, share, bar }, digit) => {
    const value = prediction?.probabilities[digit] ?? 0;
    share.textContent = value >= LEAST ? percent(value, 0) : "";
    bar.style.height = `${100 * value}%`;
    item.classList.toggle("best", digit === best);
    item.classList.toggle("doubtful", Boolean(prediction && !prediction.accepted));
  });
}

function showSeen(answer) {
  const digits = answer?.numbers?.numbers.flatMap((number) => number.digits);
  const shown = byId("seen").firstElementChild;
  if (digits)
    show(
      make(
        "div",
        { className: "several" },
        digits.map((digit) => picture(digit.seen, digit.digit)),
      ),
    );
  else if (!answer) show(make("div", { className: "empty" }));
  else if (shown instanceof HTMLImageElement) shown.src = answer.prediction.seen;
  else show(picture(answer.prediction.seen, ""));
}

const show = (element) => byId("seen").replaceChildren(element);

const picture = (source, digit) =>
  make("img", {
    src: source,
    alt: `The 32×32 picture that the network was given${digit === "" ? "" : `, read as ${digit}`}`,
  });

function showFacts(picture, answer) {
  const facts = answer
    ? factsOf(picture, answer)
    : [["", "The digit is found, cut out, and set upright in 32×32 pixels. This is all that the network sees."]];
  byId("facts").replaceChildren(...facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

function factsOf(picture, { prediction, numbers, milliseconds }) {
  const facts = [
    ["Version", (numbers ?? prediction).model_version],
    ["Round trip", `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`],
    ["Picture", `${picture.width || "?"} × ${picture.height || "?"} px, ${(picture.blob.size / 1000).toFixed(1)} kB`],
  ];
  if (!numbers && prediction.box) {
    const [x, y, width, height] = prediction.box;
    facts.push(["Found at", `${x}, ${y}, ${width} × ${height} px`]);
  }
  for (const { text, confidence, alternatives } of numbers?.numbers.slice(0, 6) ?? []) {
    facts.push([
      text,
      [
        percent(confidence),
        ...alternatives.slice(0, 2).map((other) => `${other.text}: ${percent(other.confidence)}`),
      ].join(", "),
    ]);
  }
  return facts;
}
