// The surface to draw on with mouse, finger or pen. It keeps the drawing over a reload of the page.

import { onTheme } from "../shared/theme.js";
import { keep, recall } from "../shared/storage.js";
import { paint } from "./strokes.js";

const MOST_STEPS = 100; // that can be undone
const PLACES = 4; // digits of a coordinate that is kept
const LEAST = 0.1; // of the side: the longest way of a pen that has only just begun, and is not asked about

export class Surface {
  /** changed: called after each change of the drawing. began: called before a new stroke. width: gives the pen's. */
  constructor(canvas, { changed, began, width }) {
    Object.assign(this, { canvas, changed, began, width });
    this.strokes = restored();
    this.steps = [];
    this.current = null;
    this.waiting = false;
    canvas.addEventListener("pointerdown", (event) => this.#begin(event));
    canvas.addEventListener("pointermove", (event) => this.#draw(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => this.#end(event));
    new ResizeObserver(() => this.repaint()).observe(canvas);
    onTheme(() => this.repaint());
  }

  /** Whether there is anything to ask about: more than the beginning of a first stroke. */
  get hasInk() {
    const [first, ...others] = this.strokes;
    return others.length > 0 || Boolean(first && (first.ended || extent(first.points) > LEAST));
  }

  /** Put these strokes in place of the drawing; what was there can be had back with `undo`. */
  replace(strokes) {
    this.current = null; // a stroke that is being drawn ends here
    this.#remember();
    this.strokes = strokes;
    this.#settle();
  }

  /** Take back the last stroke, or the last clearing. Returns whether there was one. */
  undo() {
    this.current = null;
    if (this.steps.length === 0) {
      if (this.strokes.length === 0) return false;
      this.strokes = this.strokes.slice(0, -1);
    } else this.strokes = this.steps.pop();
    this.#settle();
    return true;
  }

  /** Paint everything at the next frame. */
  repaint() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      const side = Math.round(this.canvas.clientWidth * devicePixelRatio);
      if (this.canvas.width !== side) this.canvas.width = this.canvas.height = side;
      const context = this.canvas.getContext("2d");
      context.clearRect(0, 0, side, side);
      paint(context, this.strokes, side, getComputedStyle(this.canvas).color);
    });
  }

  #begin(event) {
    if (event.button !== 0 || this.current !== null) return;
    this.began();
    this.#remember();
    this.current = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.strokes = [...this.strokes, { width: this.width(), real: event.pointerType === "pen", points: [] }];
    this.#add(event);
  }

  #draw(event) {
    if (event.pointerId !== this.current) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length > 0 ? events : [event]) this.#add(each);
  }

  #end(event) {
    if (event.pointerId !== this.current) return;
    this.current = null;
    this.#change({ ended: true });
    this.#settle();
  }

  #add(event) {
    const box = this.canvas.getBoundingClientRect();
    const point = [
      (event.clientX - box.left) / box.width,
      (event.clientY - box.top) / box.height,
      event.pressure || 0.5,
    ];
    this.#change({ points: [...this.strokes.at(-1).points, point] });
    this.repaint();
    this.changed();
  }

  /** Change the last stroke. Its drawing becomes another one: what was asked about before stays as it was. */
  #change(parts) {
    this.strokes = [...this.strokes.slice(0, -1), { ...this.strokes.at(-1), ...parts }];
  }

  #remember() {
    this.steps = [...this.steps, this.strokes].slice(-MOST_STEPS);
  }

  #settle() {
    const rounded = (name, value) => (typeof value === "number" ? Number(value.toFixed(PLACES)) : value);
    keep("drawing", this.strokes.length > 0 ? JSON.stringify(this.strokes, rounded) : null);
    this.repaint();
    this.changed();
  }
}

function restored() {
  try {
    return JSON.parse(recall("drawing") ?? "[]");
  } catch {
    return [];
  }
}

function extent(points) {
  const along = (axis) => points.map((point) => point[axis]);
  return Math.max(...[0, 1].map((axis) => Math.max(...along(axis)) - Math.min(...along(axis))));
}
