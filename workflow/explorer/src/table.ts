// The table of all pairs: search, filters, order, keys, CSV. Only the rows in sight are in the page.
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import { badge, barcode, cause, pairNodes, shareBar, times } from "./answers";
import { button, byId, chooser, element, explain } from "./dom";
import { NONE_SELECTED, type State, type Store } from "./state";
import type { Pairs } from "./study";
import { count, counted, DASH, fixed, inFile, probability } from "./text";

const ROW = 44;
/** The head of the table stays above the rows. */
const HEAD = 34;
const PAGE = 10;

type Measure = (row: number) => string | number | null;

/** What rows can be put in order by. */
export function measures(pairs: Pairs): Map<string, Measure> {
  const place = new Map(pairs.data.verdicts.map((name, i) => [name, i]));
  const spaces = [...pairs.data.spaces.map(({ name }) => name), ...pairs.data.rawSpaces];
  return new Map<string, Measure>([
    ["pair", (row) => pairs.signs(row).join("\n").toLowerCase()],
    ["verdict", (row) => place.get(pairs.text(row, "verdict")) ?? place.size],
    ["pi", (row) => pairs.head(row, "pi")],
    ["low", (row) => pairs.head(row, "pi_low")],
    ["q", (row) => pairs.head(row, "q")],
    ["breaks", (row) => pairs.breaks(row).length],
    ...spaces.map((name): [string, Measure] => [`rank:${name}`, (row) => rankIn(pairs, row, name)]),
  ]);
}

const rankIn = (pairs: Pairs, row: number, space: string): number | null =>
  pairs.number(row, `${space}_rank_mean`) ?? pairs.number(row, `${space}_rank`);

/** Parts of names find pairs, two parts a pair, with a dash or a comma between them or not; quotes find a whole name. */
export function matcher(pairs: Pairs, query: string): (row: number) => boolean {
  const parts = [...query.replaceAll(` ${DASH} `, " ").matchAll(/"([^"]*)"|(\S+)/g)].map(([, whole, part]) => [whole, part?.replace(/(?<=.),$/, "")] as const);
  const wanted = parts.map(([whole, part]) =>
    whole === undefined
      ? ((text: string) => (name: string): boolean => name.toLowerCase().includes(text))(part.toLowerCase())
      : (name: string): boolean => name === whole,
  );
  return (row) => wanted.every((found) => pairs.signs(row).some(found));
}

/** The rows that a state shows, in its order. */
export function chosen(pairs: Pairs, state: State, keys = measures(pairs)): number[] {
  const matches = matcher(pairs, state.q);
  const wanted = pairs.data.causes.length ? (["verdict", "cause"] as const) : (["verdict"] as const);
  const shown: number[] = [];
  for (let row = 0; row < pairs.count; row++) {
    if (wanted.every((name) => state[name].has(pairs.text(row, name))) && matches(row)) shown.push(row);
  }
  const key = state.sort === null ? undefined : keys.get(state.sort);
  if (!key) return shown;
  const sign = state.down ? -1 : 1;
  const values = new Map(shown.map((row) => [row, key(row)]));
  return shown.sort((one, two) => {
    const [x, y] = [values.get(one)!, values.get(two)!];
    if (x === y) return 0;
    if (x === null) return 1;
    if (y === null) return -1;
    return x < y ? -sign : sign;
  });
}

/** The rows as `pairs.csv` has them. */
export function csv(pairs: Pairs, rows: readonly number[]): string {
  const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const broken = new Map(pairs.data.spaces.map(({ name }) => [`${name}_breaks`, name]));
  const cell = (row: number, name: string): string => {
    const space = broken.get(name);
    return space === undefined ? inFile(pairs.value(row, name)) : pairs.breaks(row, space).join(" ");
  };
  const lines = rows.map((row) => pairs.data.columns.map((name) => quoted(cell(row, name))).join(","));
  return `${[pairs.data.columns.map(quoted).join(","), ...lines].join("\n")}\n`;
}

/** How many pairs are shown; where the page has not all of them, of how many. */
export function told({ count: held, data: { of } }: Pairs, shown: number): string {
  if (of === undefined) return shown === held ? `All ${count(held)} pairs.` : `${count(shown)} of ${counted(held, "pair")}.`;
  return shown === held ? `The ${count(held)} closest of ${counted(of, "pair")}.` : `${count(shown)} of the ${count(held)} closest pairs; the study has ${count(of)}.`;
}

/** Draw the table into `place`, and keep it as the store says. */
export function pairTable(place: HTMLElement, pairs: Pairs, store: Store): void {
  const keys = measures(pairs);
  let shown: number[] = [];
  const search = byId("q") as HTMLInputElement;
  const status = element("p", { role: "status", "aria-live": "polite", class: "status" });
  const grid = element("div", {
    class: "grid", role: "grid", tabindex: "0", id: "grid", "aria-label": "Pairs of signs; arrow keys choose one", "aria-colcount": "6",
  });
  const body = element("div", { class: "grid-body", role: "rowgroup" });
  const head = header(pairs, store);
  grid.append(head.line, body);
  const spaces = [...pairs.data.rawSpaces, ...pairs.data.spaces.map(({ name }) => name)];
  const ranks = chooser("Rank in", spaces.map((name) => [name, name]), store.now.ranks, (name) => {
    const sorted = store.now.sort?.startsWith("rank:");
    store.set(sorted ? { ranks: name, sort: `rank:${name}` } : { ranks: name });
  });
  ranks.label.classList.add("rank-choice");
  const save = button("Save as CSV", () => saved(csv(pairs, shown)), { id: "save" });
  place.append(byId("tools"), element("div", { class: "beside" }, status, ranks.label, save), grid);

  const virtual = new Virtualizer<HTMLElement, HTMLElement>({
    count: 0,
    getScrollElement: () => grid,
    estimateSize: () => ROW,
    overscan: 8,
    scrollMargin: HEAD,
    scrollPaddingStart: HEAD,
    scrollPaddingEnd: 2,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => drawRows(),
  });
  virtual._didMount();

  function drawRows(): void {
    virtual._willUpdate();
    body.style.height = `${virtual.getTotalSize()}px`;
    const lines = virtual.getVirtualItems().map(({ index, start }) => {
      const line = lineOf(shown[index], index);
      line.style.transform = `translateY(${start - HEAD}px)`;
      return line;
    });
    if (!shown.length) lines.push(element("p", { class: "nothing" }, `No pair ${pairs.data.of === undefined ? "" : "in this table "}matches. Fewer letters or more boxes find more.`));
    body.replaceChildren(...lines);
    const at = store.now.pair === null ? null : document.getElementById(`pair-${store.now.pair}`);
    if (at) grid.setAttribute("aria-activedescendant", at.id);
    else grid.removeAttribute("aria-activedescendant");
  }

  function lineOf(row: number, index: number): HTMLElement {
    const pi = pairs.head(row, "pi");
    const cell = (kind: string, ...children: (Node | string)[]): HTMLElement => element("div", { role: "gridcell", class: kind }, ...children);
    const rank = rankIn(pairs, row, store.now.ranks);
    const near = rank !== null && Number(fixed(rank, 1)) <= pairs.data.k;
    const line = element("div", {
      role: "row", class: "line", id: `pair-${row}`, "aria-rowindex": String(index + 2), "aria-selected": String(row === store.now.pair),
    },
    element("div", { role: "rowheader", class: "names" }, ...pairNodes(pairs, row)),
    cell("answers", badge(pairs, row), ...cause(pairs, row)),
    cell("often", element("span", {}, pi === null ? "" : times(pairs, pi)), shareBar(pairs, row)),
    cell("q n", probability(pairs.head(row, "q"))),
    cell(near ? "rank n close" : "rank n", fixed(rank, 1)),
    cell("code", barcode(pairs, row)));
    line.addEventListener("click", () => store.set({ pair: row }));
    return line;
  }

  function refill(): void {
    shown = chosen(pairs, store.now, keys);
    virtual.setOptions({ ...virtual.options, count: shown.length });
    grid.setAttribute("aria-rowcount", String(shown.length + 1));
    status.textContent = told(pairs, shown.length);
    for (const name of ["verdict", "cause"] as const) {
      for (const box of document.getElementsByName(name) as NodeListOf<HTMLInputElement>) box.checked = store.now[name].has(box.value);
    }
    head.mark();
    drawRows();
  }

  function intoSight(): void {
    const index = store.now.pair === null ? -1 : shown.indexOf(store.now.pair);
    if (index >= 0) virtual.scrollToIndex(index, { align: "auto" });
    drawRows();
  }

  function move(to: number): void {
    if (!shown.length) return;
    store.set({ pair: shown[Math.min(Math.max(to, 0), shown.length - 1)] });
  }

  grid.addEventListener("keydown", (event) => {
    const index = store.now.pair === null ? -1 : shown.indexOf(store.now.pair);
    const steps: Record<string, number> = {
      ArrowDown: index + 1, ArrowUp: index - 1, PageDown: index + PAGE, PageUp: index - PAGE, Home: 0, End: shown.length - 1,
    };
    if (event.key in steps && !event.altKey && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      move(steps[event.key]);
    } else if (event.key === "Enter" && index >= 0) {
      byId("card").scrollIntoView({ block: "start" });
      byId("card").focus({ preventScroll: true });
    }
  });
  addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLElement && event.target.matches("input:not([type=checkbox]):not([type=range]), select, textarea");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "Escape") {
      if (event.target === search && search.value) store.set({ q: "" });
      else if (event.target === search) grid.focus();
      else store.set({ pair: null, example: null, sign: null, block: null, ...NONE_SELECTED });
    }
  });
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = window.setTimeout(() => store.set({ q: search.value.trim() }), 80);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "ArrowDown") return;
    event.preventDefault();
    store.set({ q: search.value.trim() });
    grid.focus();
    move(0);
  });
  for (const name of ["verdict", "cause"] as const) {
    for (const box of document.getElementsByName(name) as NodeListOf<HTMLInputElement>) {
      box.addEventListener("change", () => {
        const wanted = new Set(store.now[name]);
        if (box.checked) wanted.add(box.value);
        else wanted.delete(box.value);
        store.set({ [name]: wanted });
      });
    }
  }
  store.on(["q", "verdict", "cause", "sort", "down", "ranks"], () => {
    ranks.select.value = store.now.ranks;
    refill();
    intoSight();
  });
  store.on(["pair"], intoSight);
  // Only when it has changed elsewhere: what is being typed has not reached the store yet.
  const tellSearch = (): void => {
    if (search.value.trim() !== store.now.q) search.value = store.now.q;
  };
  store.on(["q"], tellSearch);
  tellSearch();
  refill();
  intoSight();
}

function header(pairs: Pairs, store: Store): { line: HTMLElement; mark: () => void } {
  const said = new Map(pairs.data.details.flatMap(({ columns }) => columns).map((column) => [column.name, column.words]));
  const columns: [string, string, string, string][] = [
    ["pair", "names", "Pair", "The two signs of the pair."],
    ["verdict", "answers", "Verdict, cause", "What the retrainings say about the pair, and what that is due to; see Method."],
    ["pi", "often", "Close in", `${said.get("pi") ?? ""} The thick line is the interval.`],
    ["q", "q n", "q", said.get("q") ?? ""],
    ["rank", "rank n", "Rank", "The mean mutual rank in the space chosen above the table. 1 is nearest."],
    ["breaks", "code", "Networks", "A stroke for each network, dark where the pair is close in it."],
  ];
  const keyOf = (key: string): string => (key === "rank" ? `rank:${store.now.ranks}` : key);
  const cells = columns.map(([key, kind, words, text]) => {
    const sorter = button(words, () => {
      // Close in is read from the top, everything else from the bottom; a third click sorts as before.
      const first = key === "pi";
      const wanted = keyOf(key);
      if (store.now.sort !== wanted) store.set({ sort: wanted, down: first });
      else if (store.now.down === first) store.set({ down: !first });
      else store.set({ sort: null, down: false });
    });
    const made = element("div", { role: "columnheader", class: kind }, sorter);
    explain(made, text);
    return { made, key };
  });
  const mark = (): void => {
    for (const { made, key } of cells) {
      if (store.now.sort === keyOf(key)) made.setAttribute("aria-sort", store.now.down ? "descending" : "ascending");
      else made.removeAttribute("aria-sort");
    }
  };
  const line = element("div", { role: "row", class: "line head", "aria-rowindex": "1" }, ...cells.map(({ made }) => made));
  return { line, mark };
}

function saved(text: string): void {
  const link = element("a", { download: "pairs-selected.csv" });
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
