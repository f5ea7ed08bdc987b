// Pictures to click for those who have nothing at hand. All but the photo are strokes.

import { byId, make } from "../shared/dom.js";
import { complain } from "../shared/notices.js";
import { request } from "../shared/service.js";
import { strokesOf, written } from "./written.js";
import { thumbnail } from "./strokes.js";

const MIDDLE = [0.31, 0.19, 0.62]; // left, top and height of one form
const OPEN_NINE = [
  [
    [0.36, 0.14],
    [0.22, 0.21],
    [0.1, 0.36],
    [0.2, 0.5],
    [0.54, 0.46],
  ],
  [
    [0.54, 0],
    [0.5, 0.5],
    [0.44, 1],
  ],
];
const LETTER = [
  [
    [0.3, 0],
    [0.02, 1],
  ],
  [
    [0.3, 0],
    [0.6, 1],
  ],
  [
    [0.13, 0.62],
    [0.49, 0.62],
  ],
];
const BARRED = [
  [
    [0.02, 0.06],
    [0.3, 0.03],
    [0.58, 0],
  ],
  [
    [0.58, 0],
    [0.36, 0.46],
    [0.22, 1],
  ],
  [
    [0.16, 0.5],
    [0.56, 0.46],
  ],
];

const EXAMPLES = [
  { name: "A three", strokes: () => written("3") },
  { name: "Barred 7", strokes: () => strokesOf(BARRED, ...MIDDLE, 7) },
  { name: "4 or 9?", strokes: () => strokesOf(OPEN_NINE, ...MIDDLE, 7) },
  { name: "A letter", strokes: () => strokesOf(LETTER, ...MIDDLE, 7) },
  { name: "Number", strokes: () => written("2048") },
  { name: "Photo", file: "static/home/number.jpg" },
];

/** Make the buttons. drawn: called with strokes; opened: with a file. */
export function startExamples({ drawn, opened }) {
  byId("examples").append(
    ...EXAMPLES.map((example) => {
      const image = example.file
        ? make("img", { src: example.file, alt: "", loading: "lazy" })
        : thumbnail(example.strokes());
      const chosen = () => (example.file ? fetchFile(example.file).then(opened, complain) : drawn(example.strokes()));
      return make("button", { type: "button", onclick: chosen }, image, make("span", {}, example.name));
    }),
  );
  byId("type").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = byId("typed").value.trim();
    if (/^[0-9 ]{1,8}$/.test(text)) drawn(written(text));
  });
}

/** The picture at this address. Raises Problem. */
async function fetchFile(address) {
  const response = await request(address, { withKey: null });
  return new File([await response.blob()], address.split("/").at(-1), { type: "image/jpeg" });
}
