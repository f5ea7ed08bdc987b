// The versions with their metrics; activate and roll back; the pictures of two evaluations side by side.

import { make } from "../shared/dom.js";
import { complain, notify } from "../shared/notices.js";
import { keyedImage } from "../shared/pictures.js";
import { json, request } from "../shared/service.js";
import { percent, when } from "../shared/words.js";
import { confirmed } from "./confirm.js";

const SETS = { test: "MNIST test", validation: "Validation", foreign: "Other hands" };
const PICTURES = {
  confusion: "Confusion",
  reliability: "Calibration",
  acceptance: "Acceptance",
  hardest: "Hardest digits",
};
const compared = { left: null, right: null };

/** The versions, newest first. Raises Problem. */
export const listVersions = async () => (await json("admin/versions")).items;

/** The table. changed: called after another version was activated. */
export function versionTable(versions, changed) {
  const current = versions.find((version) => version.current)?.version ?? 0;
  const head = ["Version", "Made", "From", ...Object.values(SETS), ""].map((text) =>
    make("th", { scope: "col" }, text),
  );
  const rows = versions.map((version) =>
    make(
      "tr",
      { className: version.current ? "current" : "" },
      make(
        "th",
        { scope: "row" },
        String(version.version),
        " ",
        version.current && make("span", { className: "tag accent" }, "in use"),
        !version.intact && make("span", { className: "tag bad", title: version.problem ?? "" }, "damaged"),
      ),
      cell("Made", when(version.created_at)),
      cell("From", version.parent === null ? "scratch" : `version ${version.parent}`),
      Object.entries(SETS).map(([set, name]) =>
        cell(name, version.metrics[set] ? percent(version.metrics[set].accuracy, 2) : "–"),
      ),
      make(
        "td",
        { className: "act" },
        !version.current && version.intact && activation(version.version, current, changed),
      ),
    ),
  );
  return make("table", { className: "versions" }, make("thead", {}, make("tr", {}, head)), make("tbody", {}, rows));
}

const cell = (name, text) => make("td", { data: { name } }, text);

function activation(version, current, changed) {
  const isBack = version < current;
  const text = isBack ? "Roll back" : "Activate";
  const act = async () => {
    const question = isBack ? `Roll back to version ${version}?` : `Put version ${version} in use?`;
    if (
      !(await confirmed(
        question,
        `Version ${current} answers now. All predictions will come from version ${version} within a second. You can come back at any time.`,
        text,
      ))
    )
      return;
    try {
      await request(`admin/versions/${version}/activate`, { method: "POST" });
      notify(`Version ${version} is in use.`);
    } catch (problem) {
      complain(problem);
    }
    changed();
  };
  return make("button", { type: "button", onclick: act, aria: { label: `${text} version ${version}` } }, text);
}

/** The pictures of the evaluations of two versions, side by side. */
export function evaluations(versions) {
  const numbers = versions.filter((version) => version.intact).map((version) => version.version);
  const current = versions.find((version) => version.current)?.version ?? numbers[0];
  compared.left = numbers.includes(compared.left) ? compared.left : current;
  compared.right = numbers.includes(compared.right)
    ? compared.right
    : (numbers.find((number) => number !== compared.left) ?? null);
  const sides = ["left", "right"].filter((side) => compared[side] !== null);
  const place = make("div", { className: sides.length === 1 ? "stack alone" : "stack" });
  const show = () =>
    place.replaceChildren(
      ...Object.entries(PICTURES).map(([name, title]) =>
        make(
          "section",
          { className: "stack" },
          make("h3", {}, title),
          make(
            "div",
            { className: "pair" },
            sides.map((side) =>
              keyedImage(`admin/versions/${compared[side]}/pictures/${name}`, `${title} of version ${compared[side]}`),
            ),
          ),
        ),
      ),
    );
  const chooser = (side) => {
    const select = make(
      "select",
      {
        aria: { label: `Version at the ${side}` },
        onchange: () => {
          compared[side] = Number(select.value);
          show();
        },
      },
      numbers.map((number) =>
        make("option", { value: number, selected: number === compared[side] }, `version ${number}`),
      ),
    );
    return select;
  };
  const details = make(
    "details",
    { className: "panel", ontoggle: () => details.open && show() },
    make("summary", {}, "Pictures of the evaluations"),
    make("div", { className: "stack" }, make("div", { className: "pair" }, sides.map(chooser)), place),
  );
  return details;
}
