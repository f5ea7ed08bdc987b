// Asks the service again and again while somebody draws: one request at a time, and always for the newest picture.

import { json, readJson, request } from "../shared/service.js";

const PATIENCE = 400; // milliseconds that a newer picture waits for the answer to an older one
const RETRY_SECONDS = 2;
const RETRIED = "What is on this page stays. It is asked about again by itself.";
const UNKEPT = { "Cache-Control": "no-store" }; // a service that keeps pictures must not keep half a digit, or one twice

export class Asking {
  /** shown: called with (picture, answer). failed: called with (problem, picture), null if there is none yet. */
  constructor({ shown, failed }) {
    Object.assign(this, { shown, failed });
    this.wanted = null;
    this.abort = null;
    this.retry = 0;
  }

  /** Ask about the picture that the function makes. An earlier picture that still waits is skipped. */
  ask(make) {
    this.wanted = make;
    clearTimeout(this.retry);
    const running = this.abort;
    if (running === null) this.#run();
    else setTimeout(() => this.abort === running && this.wanted && running.abort(), PATIENCE);
  }

  /** Forget what was asked: its answer is of no use any more. */
  stop() {
    this.wanted = null;
    clearTimeout(this.retry);
    this.abort?.abort();
  }

  async #run() {
    while (this.wanted !== null) {
      const make = this.wanted;
      const abort = new AbortController();
      this.wanted = null;
      this.abort = abort;
      let picture = null;
      try {
        picture = await make();
        const answer = await answerTo(picture, abort.signal);
        if (!abort.signal.aborted) this.shown(picture, answer);
      } catch (problem) {
        if (!abort.signal.aborted) this.#fail(problem, picture, make);
      }
    }
    this.abort = null;
  }

  #fail(problem, picture, make) {
    if (problem.status === 0) problem.remedy = RETRIED;
    this.failed(problem, picture);
    if (!problem.passes || this.wanted !== null) return;
    const seconds = problem.retryAfter || RETRY_SECONDS;
    this.retry = setTimeout(() => this.ask(make), seconds * 1000);
  }
}

/**
 * What the service reads in the picture: {prediction, numbers, milliseconds}. `numbers` is null, unless the picture
 * shows several digits. version: the one to ask, null for the one in use. Raises Problem.
 */
export async function answerTo(picture, signal, version = null) {
  const query = version === null ? "?seen=true" : `?seen=true&version=${encodeURIComponent(version)}`;
  const headers = picture.isUnfinished || version !== null ? UNKEPT : {};
  const options = { method: "POST", body: picture.blob, signal, headers };
  const start = performance.now();
  const prediction = await readJson(await request(`predict${query}`, options));
  const milliseconds = performance.now() - start;
  const isNumber = prediction.reason === "several-digits";
  const numbers = isNumber ? await json(`read${query}`, options) : null;
  return { prediction, numbers, milliseconds };
}
