// Strokes and how they are painted. A stroke is {width, real, points}: the pen's width in hundredths of the surface's
// side, whether the pressure was measured, and [x, y, pressure] with x and y from 0 to 1.

import { getStroke } from "../../vendor/perfect-freehand.js";
import { onTheme } from "../shared/theme.js";

const SENT_SIDE = 224; // pixels of the picture that is sent: enough for eight digits, and read in half the time of 320
const outlines = new WeakMap(); // of strokes that have ended, by side

/** Paint the strokes in a colour onto a square of `side` pixels. */
export function paint(context, strokes, side, colour) {
  context.fillStyle = colour;
  for (const stroke of strokes) context.fill(outlineOf(stroke, side));
}

/** The stroke's outline as a path; remembered once the stroke has ended. */
function outlineOf(stroke, side) {
  const known = outlines.get(stroke);
  if (known?.side === side) return known.path;
  const points = stroke.points.map(([x, y, pressure]) => [x * side, y * side, pressure]);
  const outline = getStroke(points, {
    size: (stroke.width * side) / 100,
    thinning: stroke.real ? 0.5 : 0.15,
    smoothing: 0.5,
    streamline: stroke.written ? 0 : 0.35,
    simulatePressure: !stroke.real && !stroke.written,
    last: Boolean(stroke.ended),
  });
  const path = new Path2D();
  outline.forEach(([x, y], index) => {
    const [nextX, nextY] = outline[(index + 1) % outline.length];
    if (index === 0) path.moveTo((x + nextX) / 2, (y + nextY) / 2);
    else path.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
  });
  path.closePath();
  if (stroke.ended) outlines.set(stroke, { side, path });
  return path;
}

/** The drawing as the picture that is sent, a PNG of black ink on white paper: {blob, width, height, name, …}. */
export async function pictureOf(strokes, isUnfinished = false) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SENT_SIDE;
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, SENT_SIDE, SENT_SIDE);
  paint(context, strokes, SENT_SIDE, "#000");
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  return { blob, width: SENT_SIDE, height: SENT_SIDE, name: "drawing.png", strokes, isUnfinished };
}

/** Whether two pictures are the same one, perhaps asked about twice. */
export const isSame = (one, other) => one === other || Boolean(one?.strokes && one.strokes === other?.strokes);

/** A small picture of the strokes, in the colour of the text around it. */
export function thumbnail(strokes, side = 136) {
  const canvas = Object.assign(document.createElement("canvas"), {
    width: side,
    height: side,
    className: "thumbnail",
    strokes,
  });
  requestAnimationFrame(() => paintThumbnail(canvas));
  return canvas;
}

function paintThumbnail(canvas) {
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  paint(context, canvas.strokes, canvas.width, getComputedStyle(canvas).color);
}

onTheme(() => document.querySelectorAll("canvas.thumbnail").forEach(paintThumbnail));
