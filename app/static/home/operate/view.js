// The view Operate: retrain, versions, the shadow, evaluations, audit. It looks for jobs that were started elsewhere.

import { make } from "../shared/dom.js";
import { gate } from "../shared/gate.js";
import { problemBlock } from "../shared/notices.js";
import { json, onKey } from "../shared/service.js";
import { audit } from "./audit.js";
import { isActive, jobList, jobPanel, lastJobs } from "./job.js";
import { retrainForm } from "./retrain.js";
import { shadowPanel } from "./shadow.js";
import { evaluations, listVersions, versionTable } from "./versions.js";

const LOOK_SECONDS = 3;
let root = null;
let places = null; // of the parts of the view
let followed = null; // {id, stop} of the job whose panel is shown
let looking = 0;
let shadow = null; // the panel, {element, refresh}; null while no version could be in the shadow

/** Show the view in this section. */
export function enter(section) {
  if (root === null) onKey(() => section.hidden || show());
  root = section;
  show();
}

/** Stop what goes on in the view. */
export function leave() {
  clearInterval(looking);
  followed?.stop();
  followed = null;
  shadow = null;
}

function show() {
  leave();
  const closed = gate("Versions, retrainings and the audit are shown and changed with it.");
  if (closed) {
    root.replaceChildren(closed);
    return;
  }
  places = Object.fromEntries(
    ["state", "problem", "job", "past", "versions", "shadow", "pictures"].map((name) => [
      name,
      make("div", { className: "stack" }),
    ]),
  );
  root.replaceChildren(
    make(
      "div",
      { className: "stack operate" },
      make("div", { className: "row spread" }, make("h1", {}, "Operate"), places.state),
      places.problem,
      make(
        "div",
        { className: "halves" },
        make("div", { className: "stack" }, places.job),
        make("div", { className: "stack" }, make("h2", {}, "Earlier retrainings"), places.past),
      ),
      make("section", { className: "stack" }, make("h2", {}, "Versions"), places.versions),
      places.shadow,
      places.pictures,
      audit(),
    ),
  );
  places.job.replaceChildren(retrainForm(look));
  look();
  showVersions();
  looking = setInterval(look, LOOK_SECONDS * 1000);
}

/** Look for jobs: show the one that runs, and the ones that have ended. */
async function look() {
  try {
    const jobs = await lastJobs();
    await showHealth();
    await shadow?.refresh();
    places.problem.replaceChildren();
    const active = jobs.find(isActive);
    if (active && followed?.id !== active.id) followJob(active);
    const ended = jobs.filter((job) => !isActive(job));
    const known = ended.map((job) => job.id + job.state).join();
    if (places.past.known !== known) places.past.replaceChildren(jobList(ended));
    places.past.known = known;
  } catch (problem) {
    if (problem.title === undefined) throw problem;
    places.problem.replaceChildren(problemBlock(problem));
  }
}

async function showHealth() {
  const health = await json("readyz");
  const tag = make(
    "span",
    { className: health.warning ? "tag doubt" : "tag accent" },
    `version ${health.model_version} answers`,
  );
  places.state.replaceChildren(tag, ...(health.warning ? [make("p", { className: "small" }, health.warning)] : []));
}

function followJob(job) {
  followed?.stop();
  const panel = jobPanel(job, () => {
    look();
    showVersions();
    panel.element.append(
      make("div", { className: "row" }, make("button", { type: "button", onclick: again }, "Retrain again")),
    );
  });
  followed = { id: job.id, stop: panel.stop };
  places.job.replaceChildren(panel.element);
}

function again() {
  places.job.replaceChildren(retrainForm(look));
}

async function showVersions() {
  try {
    const versions = await listVersions();
    const isOpen = places.pictures.querySelector("details")?.open ?? false;
    places.versions.replaceChildren(
      versionTable(versions, () => {
        look();
        showVersions();
      }),
    );
    shadow = versions.some((version) => !version.current && version.intact) ? shadowPanel(versions) : null;
    places.shadow.replaceChildren(...(shadow ? [shadow.element] : []));
    places.pictures.replaceChildren(evaluations(versions));
    places.pictures.querySelector("details").open = isOpen;
  } catch (problem) {
    places.versions.replaceChildren(problemBlock(problem));
  }
}
