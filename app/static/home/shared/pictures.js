// Pictures that only a key may see: an <img> can't send one, so they are fetched and shown from memory.

import { make } from "./dom.js";
import { Problem, request, unreachable } from "./service.js";

const AHEAD = "200px"; // of the visible part, within which a picture is fetched
let watcher = null;

/** An <img> of the picture at this path, fetched when it comes into view. If it does not come, a text says why in its place. */
export function keyedImage(path, alt, properties = {}) {
  const image = make("img", { alt, data: { path }, ...properties });
  watcher ??= new IntersectionObserver(onSeen, { rootMargin: AHEAD });
  watcher.observe(image);
  return image;
}

function onSeen(entries) {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    watcher.unobserve(target);
    load(target);
  }
}

async function load(image) {
  try {
    const response = await request(image.dataset.path);
    const url = URL.createObjectURL(await response.blob());
    image.addEventListener("load", () => URL.revokeObjectURL(url), { once: true });
    image.src = url;
  } catch (error) {
    const { title } = error instanceof Problem ? error : unreachable();
    const text = `${image.alt || "The picture"}: ${title}.`;
    image.replaceWith(make("span", { className: "missing" }, text));
  }
}
