// Samples as a ZIP: in by choosing or dropping one, out as a download.

import { make } from "../shared/dom.js";
import { complain, notify } from "../shared/notices.js";
import { BASE, key, keyHeader, problemOf, request, unreachable } from "../shared/service.js";
import { count } from "../shared/words.js";

const OUTCOMES = ["created", "corrected", "unchanged", "refused"];

/** The buttons, and the bar of progress. imported: called after an import. Returns {bar, take}, `take` for a file. */
export function archive(imported) {
  const input = make("input", {
    type: "file",
    accept: ".zip,application/zip",
    hidden: true,
    aria: { label: "ZIP of samples" },
  });
  const meter = make("progress", { max: 1, value: 0, aria: { label: "Progress" } });
  const status = make("div", { className: "row transfer", hidden: true }, meter, make("span", { className: "small" }));
  // share: from 0 to 1, null while it is unknown. text: null when nothing goes on any more.
  const progress = (share, text) => {
    status.hidden = text === null;
    if (share === null) meter.removeAttribute("value");
    else meter.value = share;
    status.lastChild.textContent = text;
  };
  const take = (file) => bring(file, progress).then((report) => report && imported(report));
  input.addEventListener("change", () => {
    if (input.files.length > 0) take(input.files[0]);
    input.value = "";
  });
  const bar = make(
    "div",
    { className: "row" },
    status,
    make("button", { type: "button", onclick: () => input.click() }, "Import ZIP"),
    make("button", { type: "button", onclick: () => fetchAll(progress) }, "Export ZIP"),
    input,
  );
  return { bar, take };
}

/** Send the ZIP, and say what became of its files. */
async function bring(file, progress) {
  try {
    const report = await sent(file, progress);
    const refused = report.items.filter((item) => item.outcome === "refused");
    const there = OUTCOMES.filter((outcome) => report.counts[outcome]);
    const words = there.map((outcome) => `${report.counts[outcome].toLocaleString()} ${outcome}`).join(", ");
    const first = refused[0] ? ` ${refused[0].name}: ${refused[0].detail}` : "";
    notify(`${count(report.total, "file")}: ${words || "nothing in it"}.${first}`, {
      bad: refused.length > 0,
      seconds: 20,
    });
    return report;
  } catch (problem) {
    complain(problem);
    return null;
  } finally {
    progress(null, null);
  }
}

/** XMLHttpRequest, since fetch does not tell how much has been sent. */
function sent(file, progress) {
  const usedKey = key();
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open("POST", new URL("samples/import", BASE));
    for (const [name, value] of Object.entries({ ...keyHeader(usedKey), "Content-Type": "application/zip" }))
      call.setRequestHeader(name, value);
    call.upload.onprogress = ({ loaded, total }) =>
      progress(loaded / total, loaded < total ? "Sending…" : "Reading the pictures…");
    call.onerror = () => reject(unreachable());
    call.onload = () => {
      if (call.status === 200) resolve(JSON.parse(call.responseText));
      else problemOf(new Response(call.responseText, { status: call.status }), usedKey).then(reject);
    };
    progress(0, "Sending…");
    call.send(file);
  });
}

async function fetchAll(progress) {
  try {
    progress(null, "Fetching…");
    const response = await request("samples/export");
    const blob = await received(response, (bytes) => progress(null, `Fetching… ${(bytes / 1e6).toFixed(1)} MB`));
    const link = make("a", { href: URL.createObjectURL(blob), download: "samples.zip" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  } catch (problem) {
    complain(problem);
  } finally {
    progress(null, null);
  }
}

/** The body, whose length nobody knows before its end. counted: called with the bytes that have come. Raises Problem. */
async function received(response, counted) {
  const parts = [];
  const reader = response.body.getReader();
  for (let bytes = 0; ; ) {
    const { value, done } = await reader.read().catch(() => {
      throw unreachable();
    });
    if (done) return new Blob(parts, { type: "application/zip" });
    parts.push(value);
    counted((bytes += value.length));
  }
}
