// What other studies say of the chosen pair, beside this one: verdict, cause, and how often it is close there.
import { badgeOf, barOf, told } from "./answers";
import type { Context } from "./context";
import { element } from "./dom";
import { limitWords } from "./studies";
import type { OtherStudy } from "./study";
import { DASH, printable, probability } from "./text";

type Said = Omit<{ [K in keyof OtherStudy]: OtherStudy[K] extends (infer T)[] ? T : OtherStudy[K] }, "study" | "again" | "k" | "tau">;

/** What a study says of a row; null if it has no such pair. */
export function saidOf(study: OtherStudy, row: number): Said | null {
  const verdict = study.verdict[row];
  if (verdict === null) return null;
  return {
    networks: study.networks, verdict, pi: study.pi[row], pi_low: study.pi_low[row], pi_high: study.pi_high[row], q: study.q[row],
    verdict_repeats: study.verdict_repeats[row], cause: study.cause[row], cause_repeats: study.cause_repeats[row],
  };
}

/** What this study says of a row. */
export function ownOf({ pairs }: Pick<Context, "pairs">, row: number): Said {
  return {
    networks: pairs.data.runs, verdict: pairs.text(row, "verdict"), cause: pairs.text(row, "cause"),
    pi: pairs.head(row, "pi"), pi_low: pairs.head(row, "pi_low"), pi_high: pairs.head(row, "pi_high"), q: pairs.head(row, "q"),
    verdict_repeats: pairs.number(row, "verdict_repeats"), cause_repeats: pairs.number(row, "cause_repeats"),
  };
}

export function elsewhere(place: HTMLElement, context: Context): () => void {
  const { pairs, store } = context;
  const studies = context.studies!;
  const rows = element("tbody");
  const said = element("p", { class: "said" });
  const heads = ["Study", "Trained again", "Verdict, cause", "Close in", "", "q"];
  place.append(element("h4", {}, "In other studies"), said,
    element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "The pair in other studies" },
      element("table", {}, element("thead", {}, element("tr", {}, ...heads.map((words) => element("th", { scope: "col" }, words)))), rows)));

  function lineOf(name: string, again: string, found: Said | null): HTMLElement {
    const head = element("th", { scope: "row" }, element("bdi", {}, name));
    const how = element("td", {}, again);
    if (!found) return element("tr", {}, head, how, element("td", { colspan: "4" }, "has no such pair"));
    const cause = found.cause ? [" ", element("span", { class: "cause" }, told(found.cause, found.cause_repeats, pairs.data))] : [];
    return element("tr", {}, head, how,
      element("td", {}, badgeOf(found.verdict ?? "", told(found.verdict ?? "", found.verdict_repeats, pairs.data)), ...cause),
      element("td", { class: "n" }, found.pi === null ? DASH : `${Math.round(found.pi * found.networks)}/${found.networks}`),
      element("td", {}, barOf(found.pi, found.pi_low, found.pi_high, found.networks)),
      element("td", { class: "n" }, probability(found.q)));
  }

  return () => {
    const { pair } = store.now;
    if (pair === null) return;
    const q = studies.inAll[pair];
    const all = studies.others.length > 1 ? `all ${studies.others.length + 1} studies` : "both studies";
    said.textContent = q === null
      ? "Not every study has this pair."
      : `In ${all} at once: ${q <= studies.fdr ? "shown to stay close" : "not shown to stay close"} (q ${probability(q)}).`;
    const others = studies.others.flatMap((one) => limitWords(one, studies.own) && [`${printable(one.study)}: ${limitWords(one, studies.own)}`]);
    said.textContent += others.map((words) => ` ${words.trim()}`).join("");
    rows.replaceChildren(lineOf(printable(studies.own.study), studies.own.again, ownOf(context, pair)),
      ...studies.others.map((one) => lineOf(printable(one.study), one.again, saidOf(one, pair))));
  };
}
