// A line chart of loss and accuracy over the epochs, as SVG: each has its own scale, loss at the left. The loss is drawn
// as its moving average, over the pale values of single batches.

import { make, makeSvg } from "../shared/dom.js";
import { percent } from "../shared/words.js";

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [640, 240, 52, 60, 12, 28];
const LINES = 3; // of the grid
const WEIGHT = 0.08; // of a new value in the moving average
const MARGIN = 0.2; // of a scale, above and below its values
const LEAST_SPAN = { loss: 0.02, accuracy: 0.004 }; // so that noise does not look like change

export class Chart {
  constructor() {
    this.points = []; // {x: epochs, loss, accuracy or null}
    this.epochs = 1;
    this.svg = makeSvg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: "chart" });
    this.element = make(
      "figure",
      {},
      this.svg,
      make(
        "figcaption",
        { className: "legend small" },
        make("span", { className: "of-loss" }, "Loss in training"),
        make("span", { className: "of-accuracy" }, "Accuracy on validation"),
      ),
    );
    this.#paint();
  }

  /** Add a report of the training. */
  add({ stage, epoch, epochs, step, steps, loss, accuracy }) {
    if (stage !== "training") return;
    const x = steps ? (step * epochs) / steps : epoch;
    this.epochs = epochs;
    this.points = [...this.points.filter((point) => point.x !== x), { x, loss, accuracy }];
    this.#paint();
  }

  #paint() {
    const raw = this.points.filter(({ loss }) => Number.isFinite(loss)).map(({ x, loss }) => ({ x, y: loss }));
    const losses = smooth(raw);
    const accuracies = this.points.map(({ x, accuracy }) => ({ x, y: accuracy })).filter(isNew);
    const [low, high] = range(losses, LEAST_SPAN.loss);
    const [worst, best] = range(accuracies, LEAST_SPAN.accuracy);
    this.svg.replaceChildren(
      ...grid(
        this.epochs,
        losses.length > 0 ? (share) => (low + share * (high - low)).toFixed(3) : null,
        accuracies.length > 0 ? (share) => percent(worst + share * (best - worst), 2) : null,
      ),
      this.#line(raw, "raw", low, high),
      this.#line(losses, "of-loss", low, high),
      this.#line(accuracies, "of-accuracy", worst, best),
      ...this.#ends([losses, "of-loss", low, high], [accuracies, "of-accuracy", worst, best]),
    );
    this.svg.setAttribute("aria-label", this.#inWords(raw.at(-1), accuracies.at(-1)));
  }

  #place({ x, y }, low, high) {
    const share = Math.max(0, Math.min(1, (y - low) / (high - low)));
    return [LEFT + (x / this.epochs) * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)];
  }

  #line(points, name, low, high) {
    const places = points.map((point) => this.#place(point, low, high).map((value) => value.toFixed(1)));
    return makeSvg("polyline", { class: `line ${name}`, points: places.map((place) => place.join(",")).join(" ") });
  }

  /** A dot at the last point of each line. */
  #ends(...lines) {
    return lines
      .filter(([points]) => points.length > 0)
      .map(([points, name, low, high]) => {
        const [cx, cy] = this.#place(points.at(-1), low, high);
        return makeSvg("circle", { class: `end ${name}`, cx, cy, r: 4 });
      });
  }

  #inWords(loss, accuracy) {
    if (!loss) return "Loss and accuracy: nothing yet";
    const reached = accuracy ? `, accuracy ${percent(accuracy.y, 2)}` : "";
    return `After ${loss.x.toFixed(1)} of ${this.epochs} epochs: loss ${loss.y.toFixed(3)}${reached}`;
  }
}

/** The exponential moving average, since the loss of single batches is noise; the first points count as they are. */
function smooth(points) {
  let mean = 0;
  return points.map(({ x, y }, index) => {
    mean += (y - mean) * Math.max(WEIGHT, 1 / (index + 1));
    return { x, y: mean };
  });
}

/** Whether the accuracy was measured anew: the reports between two epochs repeat the last one. */
const isNew = ({ y }, index, all) => Number.isFinite(y) && y !== all[index - 1]?.y;

function range(points, least) {
  if (points.length === 0) return [0, 1];
  const values = points.map(({ y }) => y);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const more = Math.max(least - (high - low), (high - low) * MARGIN) / 2;
  return [low - more, high + more];
}

function grid(epochs, left, right) {
  const found = [];
  for (let line = 0; line <= LINES; line++) {
    const share = line / LINES;
    const y = HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
    found.push(makeSvg("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y }));
    if (left) found.push(makeSvg("text", { x: LEFT - 8, y: y + 4, "text-anchor": "end" }, left(share)));
    if (right) found.push(makeSvg("text", { x: WIDTH - RIGHT + 8, y: y + 4 }, right(share)));
  }
  found.push(
    makeSvg("text", { x: LEFT, y: HEIGHT - 6 }, "0"),
    makeSvg("text", { x: WIDTH - RIGHT, y: HEIGHT - 6, "text-anchor": "end" }, `${epochs} epochs`),
  );
  return found;
}
