// Digits written as strokes: for those who have no pen, and for the examples. Each form is a list of strokes through
// points in a box 0.6 wide and 1 high; between its points a stroke is a Catmull–Rom spline.

// prettier-ignore
const FORMS = {
  0: [[[0.3, 0], [0.1, 0.2], [0.02, 0.52], [0.12, 0.86], [0.3, 1], [0.5, 0.84], [0.58, 0.5], [0.5, 0.16], [0.3, 0]]],
  1: [[[0.1, 0.24], [0.36, 0]], [[0.36, 0], [0.35, 0.5], [0.34, 1]]],
  2: [[[0.06, 0.22], [0.16, 0.05], [0.34, 0], [0.53, 0.1], [0.54, 0.3], [0.38, 0.56], [0.18, 0.8], [0.02, 0.98]], [[0.02, 0.98], [0.6, 0.97]]],
  3: [[[0.06, 0.1], [0.26, 0], [0.5, 0.08], [0.52, 0.27], [0.38, 0.42], [0.2, 0.45]], [[0.2, 0.45], [0.46, 0.52], [0.58, 0.72], [0.48, 0.94], [0.24, 1], [0.02, 0.9]]],
  4: [[[0.4, 0], [0.22, 0.34], [0.02, 0.66]], [[0.02, 0.66], [0.3, 0.69], [0.62, 0.62]], [[0.46, 0.34], [0.46, 0.66], [0.42, 1]]],
  5: [[[0.54, 0.02], [0.14, 0.03]], [[0.14, 0.03], [0.1, 0.42]], [[0.1, 0.42], [0.3, 0.36], [0.52, 0.46], [0.57, 0.7], [0.46, 0.92], [0.24, 1], [0.02, 0.92]]],
  6: [[[0.48, 0.02], [0.24, 0.2], [0.08, 0.46], [0.04, 0.72], [0.12, 0.93], [0.32, 1], [0.52, 0.9], [0.56, 0.7], [0.44, 0.54], [0.24, 0.54], [0.06, 0.7]]],
  7: [[[0.04, 0.04], [0.58, 0.02]], [[0.58, 0.02], [0.4, 0.42], [0.24, 1]]],
  8: [[[0.3, 0.46], [0.1, 0.3], [0.12, 0.1], [0.3, 0], [0.49, 0.1], [0.5, 0.28], [0.3, 0.46], [0.06, 0.7], [0.08, 0.92], [0.3, 1], [0.52, 0.92], [0.55, 0.7], [0.3, 0.46]]],
  9: [[[0.54, 0.3], [0.4, 0.48], [0.18, 0.48], [0.04, 0.3], [0.12, 0.07], [0.34, 0], [0.52, 0.12], [0.54, 0.3], [0.5, 0.64], [0.4, 1]]],
};
const ADVANCE = 0.85; // from digit to digit, in heights
const MOST_HEIGHT = 0.62; // of the surface
const STEPS = 10; // points of a spline between two given ones

/** The text's digits in a row in the middle of the surface, as strokes. Blanks leave room. */
export function written(text, width = 7) {
  const height = Math.min(MOST_HEIGHT, 0.88 / (ADVANCE * text.length - (ADVANCE - 0.6)));
  const left = 0.5 - (height * (ADVANCE * (text.length - 1) + 0.6)) / 2;
  const thin = width * Math.min(1, (height / MOST_HEIGHT) ** 0.6);
  return [...text].flatMap((character, place) =>
    strokesOf(FORMS[character] ?? [], left + place * ADVANCE * height, 0.5 - height / 2, height, thin),
  );
}

/** The form's strokes, with its box at a place on the surface, `height` high. */
export function strokesOf(form, left, top, height, width) {
  return form.map((points) => ({
    width,
    real: false,
    written: true,
    ended: true,
    points: spline(points).map(([x, y]) => [left + x * height, top + y * height, 0.5]),
  }));
}

/** Points of the uniform Catmull–Rom spline through the given ones, whose ends are doubled. */
function spline(points) {
  const at = (index) => points[Math.max(0, Math.min(points.length - 1, index))];
  const found = [points[0]];
  for (let part = 0; part + 1 < points.length; part++) {
    const [a, b, c, d] = [at(part - 1), at(part), at(part + 1), at(part + 2)];
    for (let step = 1; step <= STEPS; step++) {
      const t = step / STEPS;
      found.push(
        [0, 1].map((axis) => {
          const slope = (c[axis] - a[axis]) / 2;
          const nextSlope = (d[axis] - b[axis]) / 2;
          const rest = c[axis] - b[axis];
          return (
            b[axis] + slope * t + (3 * rest - 2 * slope - nextSlope) * t ** 2 + (slope + nextSlope - 2 * rest) * t ** 3
          );
        }),
      );
    }
  }
  return found;
}
