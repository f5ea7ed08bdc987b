// Numbers, times and answers in words.

/** 0.98765 → "98.8 %". At most "99.9 %", since no reading is certain. */
export function percent(share, digits = 1) {
  return `${Math.min(100 * share, 100 - 10 ** -digits).toFixed(digits)} %`;
}

/** Seconds as "5 s", "3 min", "1 h 20 min". */
export function duration(seconds) {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** An RFC 3339 time as a short local one. */
export function when(time) {
  if (!time) return "–";
  return new Date(time).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/** 1 → "1 picture", 2 → "2 pictures". */
export const count = (number, noun) => `${number.toLocaleString()} ${noun}${number === 1 ? "" : "s"}`;
