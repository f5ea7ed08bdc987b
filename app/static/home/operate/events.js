// The events of a job, read by fetch: an EventSource can't send a key.

import { Problem, request, unreachable } from "../shared/service.js";

const PAUSES = [1, 2, 4, 8]; // seconds between tries to connect again

/**
 * Yields {kind, data} for each event of the job, from the first on, until it ends. When the connection breaks off, it
 * yields {kind: "lost", data: problem} and goes on after the last event. Raises Problem when the service refuses.
 */
export async function* follow(path, signal) {
  let last = "";
  let tries = 0;
  while (!signal.aborted) {
    try {
      const response = await request(path, { signal, headers: last ? { "Last-Event-ID": last } : {} });
      if (response.status === 204) return;
      for await (const event of eventsOf(response.body)) {
        last = event.id;
        tries = 0;
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      const problem = error instanceof Problem ? error : unreachable();
      if (!problem.passes) throw problem;
      yield { kind: "lost", data: problem };
    }
    await pause(PAUSES[Math.min(tries++, PAUSES.length - 1)], signal);
  }
}

/** The events of a stream (HTML standard, 9.2.6), as the service writes them: one line of data each. */
async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (true) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const blocks = text.split(/\r?\n\r?\n/);
    text = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(
        block
          .split(/\r?\n/)
          .filter((line) => !line.startsWith(":"))
          .map(field),
      );
      if (fields.data) yield { id: fields.id, kind: fields.event, data: JSON.parse(fields.data) };
    }
  }
}

const field = (line) => {
  const colon = line.indexOf(":");
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
};

const pause = (seconds, signal) =>
  new Promise((resolve) => {
    setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", resolve, { once: true });
  });
