// The pair table: search, filter, sort, details, addresses that can be cited, CSV. Without this
// script the page shows the first rows as they were written. Names are only ever set as text.
"use strict";
const root = document.documentElement;
addEventListener("error", (event) => { root.dataset.error = String(event.message); });

const data = JSON.parse(document.getElementById("pairs-data").textContent);
const at = Object.fromEntries(data.columns.map((name, i) => [name, i]));
const head = (row, name) => row[at[`${data.headline}_${name}`]];
const byId = (id) => document.getElementById(id);
const FIRST = 30;
const STEP = 200;
const DASH = "\u2013";

// ---- text: the same as the report stage writes for readers without a script
function fixed(value, decimals) {
  if (value === null) return DASH;
  return value.toFixed(decimals);
}
function probability(value) {
  if (value === null) return DASH;
  return value < 0.001 ? "<0.001" : fixed(value, value < 0.1 ? 3 : 2);
}
function interval(low, high) {
  return low === null || high === null ? DASH : `${fixed(100 * low, 0)}${DASH}${fixed(100 * high, 0)}\u00a0%`;
}
function networksOf(text) {
  const whole = text === "*" ? data.every : text;
  return whole ? whole.split(" ") : [];
}
function breaks(text) {
  const broken = networksOf(text);
  if (!broken.length) return "none";
  if (broken.length === data.runs && data.runs > 1) return `all ${data.runs}`;
  if (broken.length > data.mostBreaks) return `${broken.length} of ${data.runs}`;
  return `network${broken.length > 1 ? "s" : ""} ${broken.join(", ")}`;
}
function allBreaks(text) {
  const broken = networksOf(text);
  if (!broken.length) return "none";
  return broken.length === data.runs && data.runs > 1 ? "all" : broken.join(" ");
}
function precise(value) {
  if (value === null) return DASH;
  if (value === 0 || value >= 0.001) return String(Number(value.toPrecision(3)));
  const [digits, power] = value.toExponential(1).split("e");
  return `${digits} \u00d7 10${[...String(Number(power))].map((c) => "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"["-0123456789".indexOf(c)]).join("")}`;
}
const printable = (name) => name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\ufffd");

// ---- small DOM helpers
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
const cell = (text, kind = "n") => element("td", { class: kind }, text);
function pairNodes(row) {
  return [element("bdi", {}, printable(row[at.sign_a])), ` ${DASH} `, element("bdi", {}, printable(row[at.sign_b]))];
}
// An answer that too few studies of resampled networks repeat is told as likely.
const qualified = (row, name) => {
  const answer = row[at[name]];
  const sure = answer === data.undecided || row[at[`${name}_repeats`]] >= data.sure;
  return sure ? answer : `likely ${answer}`;
};
const badge = (row) => element("span", { class: `verdict ${row[at.verdict].replaceAll(" ", "-")}` }, qualified(row, "verdict"));
// Networks, or pictures where a network counts by the share of its autoencoders.
const times = (pi, each = 1) => `${Math.round(pi * data.runs * each)}/${data.runs * each}`;
function share(pi, each = 1) {
  const bar = element("span", { class: "share" }, times(pi, each));
  bar.style.setProperty("--share", `${100 * pi}%`);
  return bar;
}

const cause = (row) => row[at.cause] ? [" ", element("span", { class: "cause" }, qualified(row, "cause"))] : [];

// ---- state: what is shown, kept in the address
// A set of names for each filter; the key is the name of its column and of its boxes.
const filters = { verdict: data.verdicts, cause: data.causes.length ? [...data.causes, ""] : [] };
const state = { q: "", verdict: new Set(filters.verdict), cause: new Set(filters.cause), sort: null, down: false, pair: null };
let shown = [];
let drawn = 0;

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1).replaceAll("+", "%2B"));
  state.q = given.get("q") ?? "";
  for (const [name, all] of Object.entries(filters)) {
    const known = given.get(name)?.split(",").filter((one) => all.includes(one));
    state[name] = new Set(known ?? all);
  }
  const sort = given.get("sort") ?? "";
  state.down = sort.startsWith("-");
  const key = sort.replace(/^-/, "");
  state.sort = keys.has(key) ? key : null;
  // The names are encoded one by one, so that a comma inside a name does not split it.
  const raw = location.hash.slice(1).split("&").find((part) => part.startsWith("pair="));
  const names = raw?.slice(5).split(",").map(decoded);
  state.pair = names?.length === 2 ? names : null;
}
function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}
const encoded = (name) => encodeURIComponent(name).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
const addressOf = (row) => `#pair=${encoded(row[at.sign_a])},${encoded(row[at.sign_b])}`;
function writeAddress() {
  const parts = [];
  if (state.q) parts.push(`q=${encoded(state.q)}`);
  for (const [name, all] of Object.entries(filters)) {
    if (state[name].size < all.length) parts.push(`${name}=${[...state[name]].map(encoded).join(",")}`);
  }
  if (state.sort) parts.push(`sort=${state.down ? "-" : ""}${encoded(state.sort)}`);
  history.replaceState(null, "", parts.length ? `#${parts.join("&")}` : location.pathname + location.search);
}

// ---- search, filter, sort
function matcher(query) {
  const wanted = [...query.matchAll(/"([^"]*)"|(\S+)/g)].map(([, whole, part]) =>
    whole === undefined
      ? ((text) => (name) => name.toLowerCase().includes(text))(part.toLowerCase())
      : (name) => name === whole);
  return (row) => wanted.every((found) => found(row[at.sign_a]) || found(row[at.sign_b]));
}
const place = new Map(data.verdicts.map((name, i) => [name, i]));
const keys = new Map([
  ["pair", (row) => `${row[at.sign_a]}\n${row[at.sign_b]}`.toLowerCase()],
  ["verdict", (row) => place.get(row[at.verdict]) ?? place.size],
  ["pi", (row) => head(row, "pi")],
  ["low", (row) => head(row, "pi_low")],
  ["q", (row) => head(row, "q")],
  ["breaks", (row) => networksOf(head(row, "breaks")).length],
  ["rank:raw", (row) => row[at.raw_rank]],
  ...data.spaces.map(({ name }) => [`rank:${name}`, (row) => row[at[`${name}_rank_mean`]]]),
]);
function choose() {
  if (state.pair) {
    const [a, b] = state.pair;
    shown = data.rows.filter((row) =>
      (row[at.sign_a] === a && row[at.sign_b] === b) || (row[at.sign_a] === b && row[at.sign_b] === a));
    return;
  }
  const matches = matcher(state.q);
  const wanted = Object.entries(filters).filter(([, all]) => all.length).map(([name]) => name);
  shown = data.rows.filter((row) => wanted.every((name) => state[name].has(row[at[name]])) && matches(row));
  const key = keys.get(state.sort);
  if (!key) return;
  const sign = state.down ? -1 : 1;
  const values = new Map(shown.map((row) => [row, key(row)]));
  shown.sort((one, two) => {
    const [x, y] = [values.get(one), values.get(two)];
    if (x === y) return 0;
    if (x === null) return 1;
    if (y === null) return -1;
    return x < y ? -sign : sign;
  });
}

// ---- drawing
const body = byId("rows");
const width = document.querySelectorAll("#table thead tr:last-child th").length;

function rowOf(row) {
  const button = element("button", { type: "button", "aria-expanded": "false" }, ...pairNodes(row));
  const line = element("tr", {}, element("th", { scope: "row" }, button), element("td", {}, badge(row), ...cause(row)));
  line.append(element("td", { class: "n" }, share(head(row, "pi"))));
  line.append(cell(interval(head(row, "pi_low"), head(row, "pi_high"))), cell(probability(head(row, "q"))));
  const ranks = [...data.spaces.map(({ name }) => row[at[`${name}_rank_mean`]]), row[at.raw_rank]];
  for (const rank of ranks) line.append(cell(fixed(rank, 1), rank !== null && Number(fixed(rank, 1)) <= data.k ? "n close" : "n"));
  line.append(cell(breaks(head(row, "breaks")), "n breaks"));
  button.addEventListener("click", () => toggle(line, button, row));
  return line;
}
function toggle(line, button, row) {
  const open = button.getAttribute("aria-expanded") === "true";
  button.setAttribute("aria-expanded", String(!open));
  line.classList.toggle("open", !open);
  if (open) line.nextSibling.remove();
  else line.after(detailOf(row));
}
// How a statistic is written, by the way that its column is shown; the unit stands once behind an interval.
const formats = {
  bar: { text: share },
  breaks: { text: allBreaks },
  count: { text: times },
  percent: { text: wholePercent, unit: "\u00a0%" },
  "fine percent": { text: (value) => fixed(100 * value, 1), unit: "\u00a0%" },
  rank: { text: (value) => fixed(value, 1) },
  number: { text: (value) => fixed(value, 2) },
  p: { text: precise },
  probability: { text: probability },
  words: { text: (value) => value === true ? "yes" : value === false ? "no" : String(value) },
};
// What is neither none nor all is never rounded to either.
function wholePercent(value) {
  if (value > 0 && value < 0.005) return "<1";
  return value < 1 && value >= 0.995 ? ">99" : fixed(100 * value, 0);
}
function written(column, value, each = 1) {
  const ends = (column.to ? [column.name, column.to] : [column.name]).map(value);
  if (ends.some((end) => end === null || end === undefined || end === "")) return DASH;
  const { text, unit = "" } = formats[column.shown];
  if (ends.length === 1 && !unit) {
    const repeats = value(`${column.name}_repeats`);
    return typeof repeats === "number" && repeats < data.sure ? `likely ${ends[0]}` : text(ends[0], each);
  }
  return `${ends.map(text).join(DASH)}${unit}`;
}
// With one network or one autoencoder nothing is known of what another would change.
function knowable(column, space) {
  if (column.needs === "networks") return data.runs > 1;
  if (column.needs === "autoencoders") return space.runs > 1;
  return true;
}
function explainedHead(column) {
  const header = element("th", { scope: "col", class: kindOf(column) }, column.heading);
  explain(header, column.words);
  return header;
}
const kindOf = (column) => column.shown === "breaks" ? "networks" : "n";
function spacesTable(row, { title, columns }) {
  const lines = data.spaces.map((space) => {
    const value = (name) => row[at[`${space.name}_${name}`]];
    return element("tr", {}, element("th", { scope: "row" }, element("code", {}, space.name)),
      ...columns.map((column) => element("td", { class: kindOf(column) }, knowable(column, space) ? written(column, value, space.runs) : DASH)));
  });
  return element("table", {}, element("caption", {}, title),
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Space"), ...columns.map(explainedHead))),
    element("tbody", {}, ...lines));
}
function pairSentences(row) {
  const value = (name) => row[at[name]] ?? null;
  const texts = [];
  for (const [name, word] of [["verdict", "Verdict"], ["cause", "Cause"]]) {
    const again = value(`${name}_repeats`);
    if (value(name) && again !== null) texts.push(`${word}: ${qualified(row, name)}; ${written({ name: `${name}_repeats`, shown: "percent" }, value)} of ${data.studies} studies of resampled networks say the same.`);
  }
  const others = data.rawSpaces.filter((name) => value(`${name}_rank`) !== null);
  const more = others.map((name) => `${fixed(value(`${name}_rank`), 1)} in ${name}`).join(", ");
  texts.push(`In the raw signals the mutual rank is ${fixed(value("raw_rank"), 1)}${more ? ` (${more})` : ""}.`);
  if (value("learned") !== null) {
    const gained = Math.round(value("learned") * data.runs);
    const than = gained < 0 ? "fewer" : "more";
    texts.push(gained || value("learned_p") < 1
      ? `After training the pair is close in ${Math.abs(gained)} network${Math.abs(gained) === 1 ? "" : "s"} ${than} than before (p ${precise(value("learned_p"))}, q ${precise(value("learned_q"))}).`
      : "After training the pair is close in as many networks as before.");
  }
  if (value("beyond_input") !== null) {
    const beyond = value("beyond_input");
    texts.push(`In the hidden states it is ${fixed(Math.abs(beyond), 2)} standard deviations ${beyond < 0 ? "farther apart" : "nearer"} than the raw signals and untrained networks let one expect.`);
  }
  for (const column of data.alone.filter((one) => value(one.name) !== null)) texts.push(`${column.heading}: ${written(column, value)}.`);
  return texts;
}
// In how many networks the pair is close if another mutual rank were the limit.
const curveOf = new Map(data.rows.map((row, i) => [row, data.curves[i]]));
const SVG = "http://www.w3.org/2000/svg";
function shape(tag, attributes, text = "") {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}
function curve(row) {
  const counts = curveOf.get(row)?.split(" ").map(Number);
  if (!counts) return [];
  const [wide, high] = [300, 90];
  const x = (limit) => ((limit - 1) / (data.limits.length - 1)) * wide;
  const y = (count) => high - (count / data.runs) * high;
  const picture = shape("svg", { viewBox: `-40 -10 ${wide + 60} ${high + 52}`, width: wide + 60, role: "img", "aria-label": "How often close, by limit" });
  picture.append(
    shape("path", { d: `M0 0V${high}H${wide}`, class: "axis" }),
    shape("path", { d: `M${x(data.k)} 0V${high}`, class: "limit" }),
    shape("polyline", { points: counts.map((count, i) => `${x(data.limits[i])},${y(count)}`).join(" ") }),
    shape("text", { x: -6, y: 4, "text-anchor": "end" }, String(data.runs)),
    shape("text", { x: -6, y: high + 4, "text-anchor": "end" }, "0"),
    ...[...new Set([1, data.k, data.limits.at(-1)])].map((limit) => shape("text", { x: x(limit), y: high + 16, "text-anchor": "middle" }, limit === data.k ? `k = ${limit}` : String(limit))),
    shape("text", { x: wide / 2, y: high + 34, "text-anchor": "middle" }, "largest mutual rank that counts as close"));
  return [element("figure", { class: "curve" }, picture, element("figcaption", {}, "In how many networks the pair is close in the hidden states, if another mutual rank were the limit. Where the curve is steep, the count hangs on the limit."))];
}
function detailOf(row) {
  const tables = element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Details of the pair" },
    ...data.details.filter(({ columns }) => columns.length).map((table) => spacesTable(row, table)));
  const words = element("p", {}, `${pairSentences(row).join(" ")} `);
  const explained = element("a", { href: "#details" }, "What these numbers mean");
  explained.addEventListener("click", () => { byId("details").open = true; });
  words.append(explained, " \u00b7 ", element("a", { href: addressOf(row) }, "Address of this pair"));
  return element("tr", { class: "detail" }, element("td", { colspan: width }, tables, ...curve(row), words));
}
function drawMore(count) {
  const part = document.createDocumentFragment();
  for (const row of shown.slice(drawn, drawn + count)) part.append(rowOf(row));
  body.append(part);
  drawn = Math.min(shown.length, drawn + count);
  const left = shown.length - drawn;
  byId("more").hidden = left === 0;
  byId("next").textContent = `Show ${Math.min(STEP, left)} more`;
  byId("every").textContent = `Show all ${shown.length.toLocaleString("en")}`;
  byId("every").hidden = left <= STEP;
  tell();
}
function tell() {
  const all = data.rows.length.toLocaleString("en");
  const some = shown.length.toLocaleString("en");
  let text = shown.length === data.rows.length ? `All ${all} pairs` : `${some} of ${all} pairs`;
  if (drawn < shown.length) text += `, the first ${drawn.toLocaleString("en")} shown`;
  byId("status").textContent = `${text}.`;
}
function draw() {
  choose();
  body.replaceChildren();
  drawn = 0;
  drawMore(FIRST);
  if (!shown.length) {
    body.append(element("tr", {}, element("td", { colspan: width },
      state.pair ? "This study has no such pair." : "No pair matches. Fewer letters or more boxes find more.")));
  }
  byId("cited").hidden = !state.pair;
  for (const header of document.querySelectorAll("#table [data-key]")) {
    if (header.dataset.key === state.sort) header.setAttribute("aria-sort", state.down ? "descending" : "ascending");
    else header.removeAttribute("aria-sort");
  }
  byId("q").value = state.q;
  for (const name of Object.keys(filters)) {
    for (const box of document.getElementsByName(name)) box.checked = state[name].has(box.value);
  }
  if (state.pair && shown.length) {
    body.querySelector("button").click();
    byId("pairs").scrollIntoView();
  }
}
function change() {
  state.pair = null;
  writeAddress();
  draw();
}

// ---- saving
// A number as `pairs.csv` has it: six significant digits at most, and a power of ten of two.
function inFile(value) {
  if (value === null) return "";
  if (value === true || value === false) return value ? "True" : "False";
  if (typeof value !== "number" || value === 0) return String(value);
  const [digits, power] = value.toExponential().split("e").map(Number);
  if (power >= -4 && power < 6) return String(value);
  return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}
function csv() {
  const quoted = (text) => /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  const broken = new Set(data.spaces.map(({ name }) => at[`${name}_breaks`]));
  const lines = shown.map((row) => row.map((value, i) => quoted(broken.has(i) ? networksOf(value).join(" ") : inFile(value))).join(","));
  return `${[data.columns.map(quoted).join(","), ...lines].join("\n")}\n`;
}
function save() {
  const link = element("a", { download: "pairs-selected.csv" });
  link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// ---- words explained on hover and focus
const tip = byId("tip");
function explain(target, text) {
  target.addEventListener("pointerenter", () => showTip(target, text));
  target.addEventListener("focus", () => showTip(target, text), true);
  for (const end of ["pointerleave", "blur"]) target.addEventListener(end, hideTip, true);
}
function showTip(target, text) {
  tip.textContent = text;
  tip.hidden = false;
  const box = target.getBoundingClientRect();
  const left = Math.min(Math.max(8, box.left), innerWidth - tip.offsetWidth - 8);
  const below = box.bottom + 8 + tip.offsetHeight < innerHeight;
  tip.style.left = `${left}px`;
  tip.style.top = `${below ? box.bottom + 8 : box.top - tip.offsetHeight - 8}px`;
}
function hideTip() { tip.hidden = true; }
addEventListener("keydown", (event) => { if (event.key === "Escape") hideTip(); });
addEventListener("scroll", hideTip, { passive: true });

// ---- start
for (const header of document.querySelectorAll("#table [data-key]")) {
  const button = element("button", { type: "button" }, ...header.childNodes);
  header.append(button);
  explain(header, header.dataset.tip);
  button.addEventListener("click", () => {
    const key = header.dataset.key;
    const same = state.sort === key;
    // Close in is read from the top, everything else from the bottom; a third click sorts as before.
    const first = key === "pi" || key === "low";
    if (!same) Object.assign(state, { sort: key, down: first });
    else if (state.down === first) state.down = !first;
    else state.sort = null;
    change();
  });
}
for (const term of document.querySelectorAll("a.term")) {
  explain(term, document.querySelector(`${term.getAttribute("href")} + dd`).textContent);
}
for (const plate of document.querySelectorAll(".plate")) {
  const image = plate.firstElementChild;
  const button = element("button", { type: "button", "aria-pressed": "false" }, "Actual size");
  button.addEventListener("click", () => {
    button.setAttribute("aria-pressed", String(plate.classList.toggle("actual")));
  });
  plate.tabIndex = 0;
  plate.setAttribute("role", "region");
  plate.setAttribute("aria-label", image.alt);
  plate.parentElement.querySelector("figcaption").append(button);
}
let waiting = 0;
byId("q").addEventListener("input", (event) => {
  clearTimeout(waiting);
  waiting = setTimeout(() => { state.q = event.target.value.trim(); change(); }, 120);
});
for (const name of Object.keys(filters)) {
  for (const box of document.getElementsByName(name)) {
    box.addEventListener("change", () => {
      state[name][box.checked ? "add" : "delete"](box.value);
      change();
    });
  }
}
byId("save").addEventListener("click", save);
byId("next").addEventListener("click", () => drawMore(STEP));
byId("every").addEventListener("click", () => drawMore(Infinity));
byId("all").addEventListener("click", () => { state.pair = null; writeAddress(); draw(); });
addEventListener("hashchange", () => {
  if (/^#(pair|q|verdict|cause|sort)=/.test(location.hash)) { readAddress(); draw(); }
});
byId("tools").hidden = byId("save").hidden = false;
readAddress();
draw();
root.dataset.ready = "yes";
