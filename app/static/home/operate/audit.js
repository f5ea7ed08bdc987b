// Who did what, and when.

import { make } from "../shared/dom.js";
import { problemBlock } from "../shared/notices.js";
import { json } from "../shared/service.js";
import { when } from "../shared/words.js";

const LIMIT = 20;
const SHORT = 10; // characters of a digest

/** The newest records, as a panel that can be opened. */
export function audit() {
  const rows = make("tbody");
  const more = make("button", { type: "button", hidden: true }, "Show more");
  const place = make("div");
  const load = async (cursor) => {
    let page;
    try {
      page = await json(`admin/audit?limit=${LIMIT}${cursor ? `&cursor=${cursor}` : ""}`);
    } catch (problem) {
      place.replaceChildren(problemBlock(problem));
      return;
    }
    place.replaceChildren();
    if (cursor === null) rows.replaceChildren();
    rows.append(
      ...page.items.map(({ created_at: at, actor, action, subject }) =>
        make(
          "tr",
          {},
          ["When", "Who", "What", "Which"].map((name, place) =>
            make("td", { data: { name } }, [when(at), actor, action, shortened(subject)][place]),
          ),
        ),
      ),
    );
    more.hidden = page.next === null;
    more.onclick = () => load(page.next);
  };
  const head = ["When", "Who", "What", "Which"].map((text) => make("th", { scope: "col" }, text));
  const details = make(
    "details",
    {
      className: "panel audit",
      ontoggle: () => details.open && load(null),
    },
    make("summary", {}, "Audit"),
    make("table", {}, make("thead", {}, make("tr", {}, head)), rows),
    place,
    make("div", { className: "row" }, more),
  );
  return details;
}

const shortened = (text) => (text.length > 2 * SHORT ? `${text.slice(0, SHORT)}…` : text);
