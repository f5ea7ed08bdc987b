// What an answer means, in words. A digit that was not accepted is never shown as if it were the answer.

import { count, percent } from "../shared/words.js";

const NOTHING = {
  state: "empty",
  digit: "",
  verdict: "Nothing drawn",
  why: "Draw a digit, and see what the service reads.",
};

/** {state, digit, verdict, why} of an answer to a picture; of none, when the surface is empty. */
export function verdictOn(answer) {
  if (!answer) return NOTHING;
  if (answer.numbers) return ofNumbers(answer.numbers.numbers, answer.numbers.text);
  return answer.prediction.accepted ? ofDigit(answer.prediction) : ofDoubt(answer.prediction);
}

/** The same for a problem. */
export function verdictOnProblem(problem, isDrawing) {
  if (problem.slug === "blank-image" && isDrawing) return NOTHING;
  const why = [problem.detail === `${problem.title}.` ? "" : problem.detail, problem.remedy].filter(Boolean).join(" ");
  return { state: "failed", digit: "", verdict: problem.title, why };
}

/** The digits by their probability, the likeliest first. */
export function ranked(probabilities) {
  return probabilities.map((share, digit) => ({ digit, share })).sort((one, other) => other.share - one.share);
}

function ofDigit({ digit, confidence }) {
  return {
    state: "sure",
    digit: String(digit),
    verdict: `${percent(confidence)} sure`,
    why: "",
  };
}

function ofDoubt({ reason, probabilities }) {
  const [first, second] = ranked(probabilities);
  const doubtful = { state: "doubtful", digit: "" };
  switch (reason) {
    case "low-confidence":
      return {
        ...doubtful,
        verdict: `Not sure: ${first.digit} or ${second.digit}`,
        why: `${percent(first.share, 0)} for ${first.digit}, ${percent(second.share, 0)} for ${second.digit}. Write more clearly, or say below what it is.`,
      };
    case "not-a-digit":
      return {
        ...doubtful,
        verdict: "This does not look like a digit",
        why: `The nearest is ${first.digit}. If it is a digit, say below which, and the service learns it.`,
      };
    case "other-ink":
      return {
        ...doubtful,
        verdict: "There is other ink",
        why: "Something lies beside the digit or around it, or the edge cuts it. Leave some paper around the digit.",
      };
    default:
      return {
        ...doubtful,
        verdict: "A person should look",
        why: `The service does not accept its own answer: ${reason}.`,
      };
  }
}

function ofNumbers(numbers, text) {
  if (numbers.length === 0)
    return {
      state: "doubtful",
      digit: "",
      verdict: "No number found",
      why: "There are several marks, but the service reads no number in them.",
    };
  const doubted = numbers.filter((number) => !number.accepted);
  if (doubted.length === 0) return { state: "sure", digit: text, verdict: sureOf(numbers), why: "" };
  if (numbers.length > 1)
    return {
      state: "doubtful",
      digit: "",
      verdict: `Not sure of ${count(doubted.length, "number")}`,
      why: `Found ${count(numbers.length, "number")}: ${numbers.map(textOf).join(", ")}. Those with a dashed box are doubtful.`,
    };
  const [{ text: read, confidence, alternatives }] = numbers;
  const other = alternatives[0] ? ` or ${alternatives[0].text}` : "";
  return {
    state: "doubtful",
    digit: "",
    verdict: `Not sure: ${read}${other}`,
    why: `${percent(confidence, 0)} for ${read}. Write more clearly, or say below what it says.`,
  };
}

const sureOf = (numbers) =>
  numbers.length === 1 ? `${percent(numbers[0].confidence)} sure` : `${count(numbers.length, "number")}, each accepted`;

const textOf = ({ text, accepted }) => (accepted ? text : `${text}?`);
