// One retraining: its state, a live chart while it runs, and the gate's verdict in words at the end.

import { make } from "../shared/dom.js";
import { problemBlock, told } from "../shared/notices.js";
import { json, request } from "../shared/service.js";
import { duration, when } from "../shared/words.js";
import { Chart } from "./chart.js";
import { confirmed } from "./confirm.js";
import { follow } from "./events.js";

const ACTIVE = ["queued", "running", "evaluating"];
const WORDS = {
  queued: "Waiting to begin",
  running: "Training",
  evaluating: "Being evaluated",
  promoted: "Promoted: it is in use now",
  kept: "Kept back by the gate",
  failed: "Failed",
  cancelled: "Cancelled",
  interrupted: "Interrupted",
};
const TAGS = { promoted: "accent", kept: "doubt", failed: "bad", interrupted: "bad" };

/** Whether the job still runs. */
export const isActive = ({ state }) => ACTIVE.includes(state);

/** A panel that follows the job. ended: called once it has. Returns {element, stop}. */
export function jobPanel(job, ended) {
  const abort = new AbortController();
  const chart = new Chart();
  const parts = {
    state: make("h2", { attributes: { role: "status" } }),
    eta: make("p", { className: "muted" }),
    bar: make("progress", { max: 1, value: 0, aria: { label: "Progress" } }),
    lost: make("div"),
    end: make("div", { className: "stack" }),
    cancel: make("button", { type: "button", className: "danger", onclick: () => cancel(job, parts.lost) }, "Cancel"),
  };
  const element = make(
    "section",
    { className: "panel stack job", aria: { label: "Retraining" } },
    make("div", { className: "row spread" }, parts.state, parts.cancel),
    parts.bar,
    parts.eta,
    parts.lost,
    chart.element,
    parts.end,
  );
  showState(parts, job);
  run(job, chart, parts, abort.signal).then(() => !abort.signal.aborted && ended());
  return { element, stop: () => abort.abort() };
}

async function run(job, chart, parts, signal) {
  try {
    for await (const { kind, data } of follow(`admin/jobs/${job.id}/events`, signal)) {
      parts.lost.replaceChildren(
        ...(kind === "lost"
          ? [make("p", { className: "problem" }, `${told(data)} The training goes on by itself.`)]
          : []),
      );
      if (kind === "progress") showProgress(parts, chart, data);
      if (kind === "state") showState(parts, { ...job, ...data });
      if (kind === "state" && !isActive(data)) break;
    }
  } catch (problem) {
    parts.lost.replaceChildren(problemBlock(problem));
  }
}

function showState(parts, { state, reasons, error, version, created_at: created }) {
  parts.state.textContent = WORDS[state];
  parts.cancel.hidden = parts.bar.hidden = !ACTIVE.includes(state);
  if (ACTIVE.includes(state)) parts.eta.textContent = `Begun ${when(created)}`;
  else {
    parts.eta.textContent = version ? `It made version ${version}.` : "";
    parts.end.replaceChildren(...verdict({ reasons, error }));
  }
}

/** What the gate said, or why there is no verdict. */
export const verdict = ({ reasons = [], error }) =>
  [...reasons, ...(error ? [error] : [])].map((text) => make("p", {}, text));

function showProgress(parts, chart, data) {
  chart.add(data);
  parts.bar.value = data.steps ? data.step / data.steps : 1;
  const done = data.stage === "training" ? `Epoch ${data.epoch} of ${data.epochs}` : `Now ${data.stage}`;
  const left =
    data.stage === "training" && Number.isFinite(data.eta_seconds) ? `, ${duration(data.eta_seconds)} left` : "";
  parts.eta.textContent = `${done}${left}`;
}

async function cancel(job, place) {
  if (
    !(await confirmed(
      "Cancel this retraining?",
      "What it has learned so far is lost. The version in use stays.",
      "Cancel it",
      "Go on",
    ))
  )
    return;
  try {
    await request(`admin/jobs/${job.id}/cancel`, { method: "POST" });
  } catch (problem) {
    place.replaceChildren(problemBlock(problem));
  }
}

/** The last jobs that have ended, as a list of what became of them. */
export function jobList(jobs) {
  if (jobs.length === 0) return make("p", { className: "muted" }, "There was none yet.");
  return make(
    "ul",
    { className: "lines" },
    jobs.map((job) => {
      const details = make(
        "details",
        {},
        make(
          "summary",
          {},
          make("span", { className: `tag ${TAGS[job.state] ?? ""}` }, job.state),
          ` ${when(job.created_at)}${job.version ? `, version ${job.version}` : ""}`,
        ),
        make(
          "div",
          { className: "stack" },
          verdict(job),
          job.log && make("pre", { tabIndex: 0, aria: { label: "Log" } }, job.log),
        ),
      );
      return make("li", {}, details);
    }),
  );
}

/** The last jobs, newest first. Raises Problem. */
export const lastJobs = async () => (await json("admin/jobs?limit=6")).items;
