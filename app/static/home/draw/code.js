// The calls that ask the same about this very picture, to be copied.

import { byId, make } from "../shared/dom.js";
import { notify } from "../shared/notices.js";
import { BASE, key } from "../shared/service.js";

const MOST_BYTES = 24_000; // of a picture that is put into the code itself
const SHOWN = 64; // characters of it that are shown
const LANGUAGES = { curl, Python: python, JavaScript: javascript };
let language = "curl";
let shown = { picture: null, answer: null };

/** Wire the buttons. */
export function start() {
  for (const name of Object.keys(LANGUAGES)) {
    const choose = () => {
      language = name;
      write();
    };
    byId("languages").append(make("button", { type: "button", onclick: choose }, name));
  }
  byId("copy").addEventListener("click", copy);
}

/** Write the code for this picture and its answer. */
export function show(picture, answer) {
  shown = { picture, answer };
  write();
}

/** The code, as text. isShort: with the picture's base64 cut short, for reading. */
async function code(isShort) {
  const { picture, answer } = shown;
  const url = new URL(answer?.numbers ? "read" : "predict", BASE).href;
  let encoded = null;
  if (picture && picture.blob.size <= MOST_BYTES) {
    encoded = await base64(picture.blob);
    if (isShort) encoded = `${encoded.slice(0, SHOWN)}…`;
  }
  return LANGUAGES[language](url, encoded, picture?.name ?? "picture.png");
}

async function write() {
  for (const button of byId("languages").children) button.setAttribute("aria-pressed", button.textContent === language);
  byId("snippet").textContent = await code(true);
}

async function copy() {
  const text = await code(false);
  try {
    await navigator.clipboard.writeText(text);
    notify("Copied.");
  } catch {
    byId("snippet").textContent = text;
    getSelection().selectAllChildren(byId("snippet"));
    notify("This browser does not let the page copy. The code is selected: press Ctrl C.");
  }
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curl(url, encoded, name) {
  const authorization = key() ? ' -H "Authorization: Bearer $NUMERAL_KEY"' : "";
  if (encoded === null) return `curl --data-binary ${quoted(`@${name}`)}${authorization} ${url}`;
  return `curl --data-binary ${quoted(encoded)}${authorization} ${url}`;
}

function python(url, encoded, name) {
  const [imports, headers] = key()
    ? ["import os\n\n", ', headers={"Authorization": "Bearer " + os.environ["NUMERAL_KEY"]}']
    : ["", ""];
  const content = encoded === null ? `open(${JSON.stringify(name)}, "rb").read()` : `"${encoded}"`;
  return `${imports}import httpx\n\npicture = ${content}\nanswer = httpx.post("${url}", content=picture${headers}).json()\nprint(answer)`;
}

function javascript(url, encoded, name) {
  const headers = key() ? ", headers: { Authorization: `Bearer ${process.env.NUMERAL_KEY}` }" : "";
  const [imports, body] =
    encoded === null
      ? ['import { readFile } from "node:fs/promises";\n\n', `await readFile(${JSON.stringify(name)})`]
      : ["", `"${encoded}"`];
  return `${imports}const body = ${body};\nconst response = await fetch("${url}", { method: "POST", body${headers} });\nconsole.log(await response.json());`;
}

async function base64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
