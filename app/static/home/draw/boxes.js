// The boxes that were found, over the picture, with what was read in them.

import { byId, makeSvg } from "../shared/dom.js";

/** Draw the boxes of an answer over the surface; none without an answer. */
export function showBoxes(picture, answer) {
  byId("surface").querySelector("svg.boxes")?.remove();
  if (!answer || !picture.width) return;
  const found = answer.numbers ? ofNumbers(answer.numbers.numbers) : ofDigit(answer.prediction);
  if (found.length === 0 || (picture.strokes && !answer.numbers)) return;
  const size = Math.max(picture.width, picture.height) / 22;
  const svg = makeSvg("svg", {
    class: picture.strokes ? "boxes" : "boxes on-image",
    viewBox: `0 0 ${picture.width} ${picture.height}`,
    "aria-hidden": "true",
  });
  for (const { box, text, isDoubtful } of found) svg.append(...framed(box, text, isDoubtful, size));
  byId("surface").append(svg);
}

function ofNumbers(numbers) {
  return numbers.map(({ box, text, accepted }) => ({ box, text, isDoubtful: !accepted }));
}

function ofDigit({ box, digit, accepted }) {
  return box ? [{ box, text: accepted ? String(digit) : `${digit}?`, isDoubtful: !accepted }] : [];
}

function framed([x, y, width, height], text, isDoubtful, size) {
  const kind = isDoubtful ? { class: "doubtful" } : {};
  const margin = size / 4;
  const above = y - margin - size * 0.35;
  const label = makeSvg(
    "text",
    { x: x - margin, y: above > size ? above : y + height + size * 1.3, "font-size": size, ...kind },
    text,
  );
  return [
    makeSvg("rect", { x: x - margin, y: y - margin, width: width + 2 * margin, height: height + 2 * margin, ...kind }),
    label,
  ];
}
