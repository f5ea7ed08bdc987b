// Pictures from files: opened, dropped, pasted or photographed.

import { byId, make } from "../shared/dom.js";
import { Problem } from "../shared/service.js";

const MOST_BYTES = 20_000_000; // that the service takes, unless it is set up otherwise
const LARGE_BYTES = 4_000_000; // from here on a photo is made smaller before it is sent
const LARGE_PIXELS = 12_000_000;
const SIDE = 2400; // pixels of the longer side, then

/**
 * The file as a picture: {blob, width, height, name, url, note}. A photo that is large is made smaller. `url` is null
 * and the size 0 for a format that only the service may know. Raises Problem.
 */
export async function opened(file) {
  const name = file.name || "picture";
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (bitmap === null) return unshown(file, name);
  try {
    const { width, height } = bitmap;
    if (file.size <= LARGE_BYTES && width * height <= LARGE_PIXELS) {
      return { blob: file, width, height, name, url: URL.createObjectURL(file), note: "" };
    }
    return await smaller(bitmap, name);
  } finally {
    bitmap.close();
  }
}

function unshown(file, name) {
  if (file.size > MOST_BYTES) {
    throw new Problem({
      title: "The file is too large",
      detail: `${name} has ${Math.round(file.size / 1e6)} MB, and is no picture that this browser knows.`,
      remedy: "Send a picture of at most 20 MB.",
    });
  }
  return { blob: file, width: 0, height: 0, name, url: null, note: "" };
}

async function smaller(bitmap, name) {
  const scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
  if (!blob)
    throw new Problem({
      title: "The picture is too large for this browser",
      remedy: "Make it smaller, or send it with curl.",
    });
  const megapixels = Math.round((bitmap.width * bitmap.height) / 1e6);
  const note = `The photo has ${megapixels} megapixels. It was made smaller before it was sent: ${canvas.width} × ${canvas.height}.`;
  return { blob, width: canvas.width, height: canvas.height, name, url: URL.createObjectURL(blob), note };
}

/** Show the picture on the surface, over the drawing; null shows the drawing again. */
export function showPicture(picture) {
  const surface = byId("surface");
  for (const old of surface.querySelectorAll("img, .unshown")) old.remove();
  if (picture === null) return;
  if (picture.url) surface.append(make("img", { src: picture.url, alt: `The picture ${picture.name}` }));
  else
    surface.append(
      make(
        "div",
        { className: "unshown" },
        make("strong", {}, picture.name),
        make("span", { className: "muted" }, "This browser can't show the format. The service reads it."),
      ),
    );
}

/** Call `take` with each file that is chosen, or pasted while the view is shown. */
export function startFiles(take) {
  const input = byId("file");
  byId("open").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    if (input.files.length > 0) take(input.files[0]);
    input.value = "";
  });
  addEventListener("paste", (event) => {
    const [file] = event.clipboardData?.files ?? [];
    if (file && !byId("view-draw").hidden) take(file);
  });
}

/** Let files be dropped on the element; `take` is called with the first one. */
export function startDrop(element, take) {
  const mark = (isOver) => element.classList.toggle("over", isOver);
  element.addEventListener("dragover", (event) => {
    event.preventDefault();
    mark(true);
  });
  element.addEventListener("dragleave", () => mark(false));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(false);
    const [file] = event.dataTransfer.files;
    if (file) take(file);
  });
}
