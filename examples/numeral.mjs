// Numeral from JavaScript, with nothing but what Node has (18 or newer): a small client, and what it reads.
//
//     node examples/numeral.mjs 7.png photo.jpg …     (NUMERAL_URL names the service)
//
// The class works in browsers, too: send a File or a Blob. NUMERAL_CORS_ORIGINS of the service must name the page.

import { readFile } from "node:fs/promises";

export class Numeral {
  constructor(url = "http://127.0.0.1:8000", key = "") {
    this.url = url.replace(/\/$/, "");
    this.headers = key ? { Authorization: `Bearer ${key}` } : {};
  }

  // The answer's JSON. A busy service (503) is asked again; any other problem is thrown with its members.
  async ask(path, body, tries = 4) {
    const answer = await fetch(this.url + path, { method: "POST", headers: this.headers, body });
    if (answer.ok) return answer.json();
    if (answer.status === 503 && tries > 1) {
      const seconds = Number(answer.headers.get("Retry-After") ?? 1);
      await new Promise((resolve) => setTimeout(resolve, 1000 * Math.min(seconds, 30)));
      return this.ask(path, body, tries - 1);
    }
    const problem = await answer.json().catch(() => ({}));
    throw Object.assign(new Error(problem.detail ?? `status ${answer.status}`), problem);
  }

  predict(image) {
    return this.ask("/predict", image);
  }

  read(image) {
    return this.ask("/read", image);
  }

  // An answer or a problem for each image: a problem has a `status`.
  async predictBatch(images) {
    const form = new FormData();
    for (const image of images) form.append("file", new Blob([image]), "image");
    return (await this.ask("/predict/batch", form)).items;
  }
}

const numeral = new Numeral(process.env.NUMERAL_URL, process.env.NUMERAL_KEY);
for (const path of process.argv.slice(2)) {
  try {
    const { digit, confidence, accepted, reason } = await numeral.predict(await readFile(path));
    const doubt = accepted ? "" : `  look at it yourself: ${reason}`;
    console.log(`${path}: ${digit}  ${(100 * confidence).toFixed(1)}%${doubt}`);
  } catch (error) {
    console.error(`${path}: ${error.message}`);
    process.exitCode = 1;
  }
}
