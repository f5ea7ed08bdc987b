// A version in the shadow judges a share of the live pictures besides the one in use: begin, see how far they agree, end.

import { make } from "../shared/dom.js";
import { complain, notify, problemBlock } from "../shared/notices.js";
import { json, request } from "../shared/service.js";
import { count, when } from "../shared/words.js";

const SHARES = [0.01, 0.05, 0.25, 1]; // of the pictures
const USUAL_SHARE = 0.05;

/** The panel, for the versions that are not in use. Returns {element, refresh}, `refresh` for the newest counts. */
export function shadowPanel(versions) {
  const numbers = versions.filter((version) => !version.current && version.intact).map((version) => version.version);
  const records = make("div", { className: "stack", attributes: { role: "group" }, aria: { label: "Records" } });
  let active = null; // {version, show} of the one in the shadow now

  const load = async () => {
    try {
      const found = await Promise.all(numbers.map(recordOf));
      const rows = found.filter(Boolean).map((record) => recordRow(record, load));
      active = rows.find((row) => row.isActive) ?? null;
      records.replaceChildren(...rows.map((row) => row.element));
    } catch (problem) {
      records.replaceChildren(problemBlock(problem));
    }
  };
  const refresh = async () => {
    if (active === null) return;
    const record = await json(`admin/versions/${active.version}/shadow`);
    if (record.active) active.show(record);
    else await load();
  };
  const element = make(
    "section",
    { className: "panel stack shadow", aria: { label: "Shadow" } },
    make("h2", {}, "Shadow"),
    make(
      "p",
      { className: "muted" },
      "A version in the shadow reads live pictures besides the one in use, to show how far they agree. Answers do not change.",
    ),
    beginForm(numbers, load),
    records,
  );
  load();
  return { element, refresh };
}

/** The version's record; null if it was never in the shadow, or was removed meanwhile. Raises Problem. */
async function recordOf(number) {
  try {
    return (await json(`admin/versions/${number}`)).shadow;
  } catch (problem) {
    if (problem.slug === "version-not-found") return null;
    throw problem;
  }
}

function beginForm(numbers, begun) {
  const versions = numbers.map((number) => make("option", { value: number }, `version ${number}`));
  const shares = SHARES.map((share) =>
    make("option", { value: share, selected: share === USUAL_SHARE }, `${100 * share} % of the pictures`),
  );
  const version = make("select", {}, versions);
  const share = make("select", {}, shares);
  const begin = async (event) => {
    event.preventDefault();
    try {
      await request(`admin/versions/${version.value}/shadow?share=${share.value}`, { method: "POST" });
      notify(`Version ${version.value} is in the shadow.`);
    } catch (problem) {
      complain(problem);
    }
    begun();
  };
  return make(
    "form",
    { className: "row ends", onsubmit: begin },
    make("label", {}, "Version in the shadow", version),
    make("label", {}, "It judges", share),
    make("button", {}, "Begin"),
  );
}

/** A version's record. changed: called after it was ended. Returns {element, version, isActive, show}. */
function recordRow(record, changed) {
  const text = make("p");
  const show = (newest) => {
    text.textContent = told(newest);
  };
  const end = async () => {
    try {
      await request(`admin/versions/${record.version}/shadow`, { method: "DELETE" });
      notify(`Version ${record.version} is no longer in the shadow.`);
    } catch (problem) {
      complain(problem);
    }
    changed();
  };
  show(record);
  const label = `End the shadow of version ${record.version}`;
  const element = make(
    "div",
    { className: "record stack" },
    make(
      "div",
      { className: "row spread" },
      make("h3", {}, `Version ${record.version} `, record.active && make("span", { className: "tag accent" }, "judges")),
      make(
        "div",
        { className: "row" },
        make("a", { href: "#samples" }, "Review what it read differently"),
        record.active && make("button", { type: "button", onclick: end, aria: { label } }, "End"),
      ),
    ),
    text,
    make("p", { className: "muted small" }, lasted(record)),
  );
  return { element, version: record.version, isActive: record.active, show };
}

function told({ judged, agreement, accepted, accepted_live: acceptedLive, failed }) {
  const failures = failed > 0 ? ` It failed in ${failed.toLocaleString()}.` : "";
  if (judged === 0) return `It has judged no picture yet.${failures}`;
  const same = `It agrees in ${Math.round(1000 * agreement) / 10} % of ${count(judged, "picture")}`;
  return `${same}. It accepts ${accepted.toLocaleString()} of them, the version in use ${acceptedLive.toLocaleString()}.${failures}`;
}

function lasted({ share, actor, started_at: started, ended_at: ended, ended_why: why }) {
  const begun = `${100 * share} % of the pictures, begun by ${actor} on ${when(started)}`;
  return ended ? `${begun}, ended on ${when(ended)}: ${why}` : `${begun}.`;
}
