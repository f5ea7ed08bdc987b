// A line chart of loss and accuracy over the epochs, as SVG: each has its own scale, loss at the left.

import { make, makeSvg } from "../shared/dom.js";
import { percent } from "../shared/words.js";

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [640, 240, 52, 60, 12, 28];
const LINES = 3; // of the grid
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
    const losses = this.points.filter(({ loss }) => Number.isFinite(loss));
    const accuracies = this.points.filter(({ accuracy }) => Number.isFinite(accuracy));
    const [low, high] = range(
      losses.map(({ loss }) => loss),
      LEAST_SPAN.loss,
    );
    const [worst, best] = range(
      accuracies.map(({ accuracy }) => accuracy),
      LEAST_SPAN.accuracy,
    );
    this.svg.replaceChildren(
      ...grid(
        this.epochs,
        losses.length > 0 ? (share) => (low + share * (high - low)).toFixed(3) : null,
        accuracies.length > 0 ? (share) => percent(worst + share * (best - worst), 2) : null,
      ),
      ...this.#line(losses, "loss", low, high),
      ...this.#line(accuracies, "accuracy", worst, best),
    );
    this.svg.setAttribute("aria-label", this.#inWords(losses.at(-1), accuracies.at(-1)));
  }

  #line(points, name, low, high) {
    const at = (point) => [
      LEFT + (point.x / this.epochs) * (WIDTH - LEFT - RIGHT),
      HEIGHT - BOTTOM - ((point[name] - low) / (high - low)) * (HEIGHT - TOP - BOTTOM),
    ];
    const places = points.map(at);
    const [x, y] = places.at(-1) ?? [0, 0];
    const line = makeSvg("polyline", {
      class: `line of-${name}`,
      points: places.map((place) => place.map((value) => value.toFixed(1)).join(",")).join(" "),
    });
    return places.length > 0 ? [line, makeSvg("circle", { class: `end of-${name}`, cx: x, cy: y, r: 4 })] : [line];
  }

  #inWords(loss, accuracy) {
    if (!loss) return "Loss and accuracy: nothing yet";
    return `After ${loss.x.toFixed(1)} of ${this.epochs} epochs: loss ${loss.loss.toFixed(3)}${accuracy ? `, accuracy ${percent(accuracy.accuracy, 2)}` : ""}`;
  }
}

function range(values, least) {
  if (values.length === 0) return [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const more = Math.max(0, least - (high - low)) / 2;
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
