// The strip of recent pictures, with what was read in them or what they were taught as. Drawings outlast a reload.

import { byId, make } from "../shared/dom.js";
import { keep, recall } from "../shared/storage.js";
import { isSame, thumbnail } from "./strokes.js";

const MOST = 24;
let items = []; // newest first: {picture, read, label}

/** Show the strip. chosen: called with a picture to be brought back. */
export function startRecent(chosen) {
  items = restored();
  byId("recents").addEventListener("changed", () => show(chosen));
  show(chosen);
}

/** Add a picture, or change what is known about it. read: the digits in the answer. label: what it was taught as. */
export function remember(picture, read, label) {
  const all = [{ picture, read, label }, ...items.filter((item) => !isSame(item.picture, picture))];
  items = all.slice(0, MOST);
  for (const { picture: dropped } of all.slice(MOST)) if (dropped.url) URL.revokeObjectURL(dropped.url);
  const drawings = items
    .filter((item) => item.picture.strokes)
    .map((item) => ({ ...item, picture: { strokes: item.picture.strokes } }));
  if (!keep("recent", JSON.stringify(drawings))) keep("recent", null);
  byId("recents").dispatchEvent(new Event("changed"));
}

function restored() {
  try {
    return JSON.parse(recall("recent") ?? "[]");
  } catch {
    return [];
  }
}

function show(chosen) {
  byId("recent").hidden = items.length === 0;
  byId("recents").replaceChildren(
    ...items.map((item) => {
      const { picture, read, label } = item;
      const image = picture.strokes ? thumbnail(picture.strokes) : small(picture);
      const said = label === null ? `read ${read || "?"}` : `taught ${label}`;
      return make(
        "button",
        { type: "button", className: label === null ? "" : "taught", onclick: () => chosen(picture) },
        image,
        make("span", {}, said),
      );
    }),
  );
}

const small = ({ url, name }) =>
  url ? make("img", { src: url, alt: "" }) : make("em", { className: "muted" }, name.split(".").at(-1));
