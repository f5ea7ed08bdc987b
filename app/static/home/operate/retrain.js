// The form that starts a retraining.

import { make } from "../shared/dom.js";
import { problemBlock } from "../shared/notices.js";
import { post } from "../shared/service.js";

const NUMBERS = [
  { name: "epochs", text: "Epochs", hint: "as the recipe", step: "1", min: "1", max: "1000" },
  { name: "learning_rate", text: "Learning rate", hint: "as the recipe", step: "any", min: "0", max: "1" },
  { name: "patience", text: "Stop after epochs without gain", hint: "as the recipe", step: "1", min: "0", max: "1000" },
  { name: "seed", text: "Seed", hint: "as the recipe", step: "1", min: "0" },
];
const CHOICES = [
  { name: "from", text: "Begin with", options: { current: "the version in use", scratch: "nothing" } },
  { name: "promote", text: "If it is better", options: { auto: "put it in use", manual: "let a person decide" } },
];

/** The form. started: called with the job, also with one that runs already. */
export function retrainForm(started) {
  const place = make("div");
  const button = make("button", { className: "primary" }, "Retrain");
  const form = make(
    "form",
    {
      className: "stack",
      onsubmit: async (event) => {
        event.preventDefault();
        button.disabled = true;
        place.replaceChildren();
        try {
          started(await post("admin/retrain", optionsOf(new FormData(form))));
        } catch (problem) {
          place.replaceChildren(problemBlock(problem));
          if (problem.slug === "job-running") started(null);
        } finally {
          button.disabled = false;
        }
      },
    },
    make(
      "p",
      { className: "muted" },
      "A new version learns from MNIST and from every sample. Predictions go on meanwhile. The gate compares it with the version in use before it takes its place.",
    ),
    make(
      "div",
      { className: "options" },
      CHOICES.map(({ name, text, options }) =>
        make(
          "label",
          {},
          text,
          make(
            "select",
            { name },
            Object.entries(options).map(([value, words]) => make("option", { value }, words)),
          ),
        ),
      ),
      NUMBERS.map(({ name, text, hint, ...bounds }) =>
        make("label", {}, text, make("input", { name, type: "number", placeholder: hint, ...bounds })),
      ),
    ),
    place,
    make("div", { className: "row" }, button),
  );
  return make("section", { className: "panel stack", aria: { label: "Retrain" } }, make("h2", {}, "Retrain"), form);
}

function optionsOf(data) {
  const given = [...data].filter(([, value]) => value !== "");
  return Object.fromEntries(
    given.map(([name, value]) => [name, NUMBERS.some((each) => each.name === name) ? Number(value) : value]),
  );
}
