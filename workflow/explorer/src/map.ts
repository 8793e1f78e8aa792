// The path map: the mean path of each sign over all networks with the spread between them, or the paths of
// one network, in any space of which the page holds paths. Takes the state, gives a picture and its words.
import { css, type Palette, palette, rgb } from "./colours";
import { choosePair, chosenSigns, type Context } from "./context";
import { button, chooser, element, hideTip, showTip } from "./dom";
import { type Choice, choiceOf, keyOf, MapData, seedsOf, type Shown, spacesOf, twinOf } from "./map-data";
import { FlatPainter } from "./map-flat";
import { GlPainter } from "./map-gl";
import {
  type Colour, type Colouring, type ColouringName, COLOURINGS, colouringOf, heldLooks, isColouring, type Legend, type Looks, meanLooks, shade,
} from "./map-looks";
import type { Camera } from "./map-paths";
import { type Hit, type Host, Pane } from "./map-pane";
import type { Cloud } from "./map-scene";
import { NONE_SELECTED } from "./state";
import type { SpaceFacts } from "./study";
import { count, counted, printable, wholePercent } from "./text";
import type { View } from "./views";

export const map: View = {
  name: "map",
  title: "Path map",
  build: (place, context) => {
    const view = new PathMap(place, context);
    return () => view.draw();
  },
};

/** What both painters need of colours, kept while nothing that they hang on changes. */
interface Paint {
  key: string;
  means: Looks;
  held: Looks | null;
  cloud: Cloud | null;
  chosen: ReadonlyMap<number, Colour>;
  ink: Colour;
  legend: Legend;
}

const spaceWords = ({ kind, dims }: SpaceFacts): string => `${kind}, ${dims}-D`;
const heard = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

/** A colour of the style sheet, or one that stands in where the sheet has none. */
const solid = (value: string, otherwise: string): Colour => rgb(/^#[0-9a-f]{6}$/i.test(value) ? value : otherwise);

class PathMap implements Host {
  readonly gl: GlPainter | null;
  readonly flat = new FlatPainter();
  readonly names: readonly string[];
  lassoing = false;

  readonly #context: Context;
  readonly #data: MapData;
  readonly #main: Pane;
  readonly #twin: Pane;
  readonly #painted = new Map<Pane, Paint>();
  readonly #stage = element("div", { class: "stage" });
  readonly #legend = element("div", { class: "map-legend", role: "group", "aria-label": "What colours mean" });
  readonly #said = element("p", { class: "hint said-of-space" });
  readonly #told = element("p", { class: "told" });
  readonly #picked = element("div", { class: "picked", role: "status" });
  readonly #controls: ReturnType<typeof controls>;
  #frameEnds: number[] | null = null;
  /** The selection that is listed, for comparison, and a button for each of its signs. */
  #listed = "";
  #chips: (readonly [number, HTMLButtonElement])[] = [];
  #controlled = "";
  #legendary = "";
  #glLost = false;

  constructor(place: HTMLElement, context: Context) {
    this.#context = context;
    this.names = context.runs.index.signs.map(printable);
    this.#data = new MapData(context, () => this.draw());
    const below = element("canvas", { class: "below", "aria-hidden": "true" });
    // `report.html?webgl` takes WebGL even without a graphics card, as tests need.
    this.gl = GlPainter.on(below, location.search === "?webgl");
    if (this.gl) this.#stage.append(below);
    below.addEventListener("webglcontextlost", () => this.#loseGl(below));
    this.#main = new Pane(this, "Path map", "map");
    this.#twin = new Pane(this, "Path map by principal components", "twin");
    this.#stage.append(this.#main.plane.canvas);
    this.#controls = controls(this, context);
    place.append(this.#controls.choice, this.#controls.tools, this.#stage, this.#legend, this.#told, this.#said, this.#picked);
  }

  get time(): number {
    return this.#context.store.now.time;
  }

  get example(): number | null {
    return this.#context.store.now.example;
  }

  #loseGl(below: HTMLCanvasElement): void {
    if (this.#glLost) return;
    this.#glLost = true;
    below.remove();
    (this as { gl: GlPainter | null }).gl = null;
    this.resized();
  }

  get #choice(): Choice | null {
    return choiceOf(this.#context.runs, this.#context.store.now);
  }

  draw(): void {
    const { store, runs } = this.#context;
    const choice = this.#choice;
    this.#main.camera = store.now.camera;
    this.#twin.camera = store.now.twinCamera;
    this.#show(this.#main, choice);
    const beside = store.now.twin && choice ? twinOf(runs, choice) : null;
    const twin = this.#twin.plane.canvas;
    if (store.now.twin !== twin.isConnected) {
      if (twin.isConnected) twin.remove();
      else this.#stage.append(twin);
      this.gl?.wipe(twin.isConnected ? null : this.#twin);
      this.#stage.classList.toggle("two-panes", twin.isConnected);
      this.#main.plane.redraw();
    }
    if (twin.isConnected) this.#show(this.#twin, beside);
    if (choice) this.#control(choice);
    this.#tell(choice);
    this.#listPicked(choice);
  }

  #show(pane: Pane, choice: Choice | null): void {
    const found = choice && this.#data.shown(choice);
    // What is seen stays until the next is there, so that it can move.
    if (found === undefined) return pane.plane.redraw();
    pane.show(found, choice ? `This page does not hold the paths of ${this.#runWords(choice)} here.` : "This page holds no paths.");
    if (!choice) return;
    const words = `Path map: ${this.#runWords(choice)}, ${spaceWords(choice.space)}. Arrow keys ${choice.space.dims === 3 ? "turn" : "move"} it, + and \u2212 zoom, 0 resets.`;
    if (pane.plane.canvas.getAttribute("aria-label") !== words) pane.plane.canvas.setAttribute("aria-label", words);
  }

  #runWords({ network }: Choice): string {
    return network === null ? "the mean over all networks" : `network ${printable(this.#context.runs.index.networks[network])}`;
  }

  redraw(): void {
    this.#main.plane.redraw();
    if (this.#twin.plane.canvas.isConnected) this.#twin.plane.redraw();
  }

  resized(): void {
    this.redraw();
  }

  /** What a pane is of, where two are seen. */
  caption(pane: Pane): string {
    return this.#context.store.now.twin && pane.shown ? spaceWords(pane.shown.choice.space) : "";
  }

  paintOf(pane: Pane, colours: Palette): Paint | null {
    const { shown } = pane;
    if (!shown) return null;
    const { store } = this.#context;
    const name: ColouringName = isColouring(store.now.colour) ? store.now.colour : "sign";
    const facts = this.#data.facts(shown.choice, name);
    if (!facts) return null;
    const frames = store.now.frames ? this.#data.frames(shown.choice) : null;
    const chosen = this.#chosen(colours);
    const key = JSON.stringify([
      keyOf(shown.choice), name, colours.paper, [...chosen], this.example, store.now.signs, store.now.examples,
      frames !== null && frames !== undefined, facts.predicted !== null,
    ]);
    const known = this.#painted.get(pane);
    if (known?.key === key) return known;
    const dark = rgb(/^#/.test(colours.paper) ? colours.paper : "#ffffff")[0] < 128;
    const unknown = solid(colours.soft, "#808080");
    const colouring = colouringOf(name, facts, unknown, dark);
    const ramp: Looks["ramp"] = (step, steps) => shade(steps > 1 ? step / (steps - 1) : 0, dark);
    const isAny = chosen.size > 0 || this.example !== null;
    const marks = { any: isAny, colours: chosen };
    const made: Paint = {
      key, chosen, ink: solid(colours.ink, "#000000"), legend: colouring.legend,
      means: meanLooks(shown.means.count, colouring, marks, this.#pickedSigns(facts.sign), shown.choice.network === null, ramp),
      held: shown.held && heldLooks(shown.examples, facts.sign, colouring, marks, new Set(store.now.examples), name === "sign", ramp),
      cloud: frames ? { ...frames, colours: this.#frameColours(colouring, facts.sign, frames.phase, chosen, isAny, ramp) } : null,
    };
    this.#painted.set(pane, made);
    pane.cloud = made.cloud;
    if (pane === this.#main) this.#showLegend(made.legend, dark, shown);
    return made;
  }

  #chosen(colours: Palette): Map<number, Colour> {
    const pair = chosenSigns(this.#context);
    const found = new Map<number, Colour>();
    const [a, b] = [solid(colours.a, "#0072b2"), solid(colours.b, "#d55e00")];
    if (pair) found.set(pair[0], a).set(pair[1], b);
    const { sign } = this.#context.store.now;
    if (sign !== null && !found.has(sign)) found.set(sign, pair ? solid(colours.ink, "#808080") : a);
    return found;
  }

  #frameColours(
    colouring: Colouring, signOf: readonly number[], phase: Float32Array, chosen: ReadonlyMap<number, Colour>, any: boolean, ramp: Looks["ramp"],
  ): Uint8Array {
    const found = new Uint8Array(4 * phase.length);
    const ends = this.#ends();
    const steps = Array.from({ length: 33 }, (_, step) => ramp(step, 33));
    for (let example = 0, frame = 0; example < ends.length; example++) {
      const sign = chosen.get(signOf[example]);
      const own = sign && !colouring.along ? sign : colouring.example(example);
      const opacity = sign ? 140 : any ? 14 : 40;
      for (; frame < ends[example]; frame++) {
        found.set(colouring.along ? steps[Math.round(32 * phase[frame])] : own, 4 * frame);
        found[4 * frame + 3] = opacity;
      }
    }
    return found;
  }

  #pickedSigns(signOf: readonly number[]): ReadonlySet<number> {
    const { signs, examples } = this.#context.store.now;
    return new Set(examples.length ? examples.map((example) => signOf[example]) : signs);
  }

  /** After how many frames each example ends. */
  #ends(): number[] {
    let sum = 0;
    this.#frameEnds ??= (this.#data.examples()?.length ?? []).map((length) => (sum += length));
    return this.#frameEnds;
  }

  framesOf(example: number): [number, number] | null {
    const ends = this.#ends();
    return example < ends.length ? [ends[example - 1] ?? 0, ends[example]] : null;
  }

  frameAt(frame: number): number {
    return this.#ends().findIndex((end) => frame < end);
  }

  say(hit: Hit | null, x: number, y: number): void {
    this.#main.plane.canvas.classList.toggle("on-path", hit !== null);
    if (!hit) return hideTip();
    showTip(x + 12, y + 4, hit.kind === "sign" ? this.#signWords(hit.number) : this.#exampleWords(hit.number), y - 4);
  }

  #signWords(sign: number): string {
    const choice = this.#choice!;
    const shown = this.#main.shown;
    return `${this.names[sign]}: mean path ${choice.network === null ? `over ${counted(shown?.networks ?? 0, "network")}` : `in ${this.#runWords(choice)}`}`;
  }

  #exampleWords(example: number): string {
    const examples = this.#data.examples();
    const { network } = this.#choice!;
    if (!examples) return "";
    const answer = network === null ? null : this.#data.predicted(network)?.[example];
    const part = this.#data.partOf(example, network) === "train" ? "a training example" : "held out";
    const said = answer === undefined || answer === null ? "" : `. ${heard(this.#runWords(this.#choice!))} answers ${this.names[answer]}: ${answer === examples.sign[example] ? "right" : "wrong"}`;
    return `${this.names[examples.sign[example]]}, session ${printable(examples.session[example])}, take ${examples.take[example]}, ${part}${said}`;
  }

  select(hit: Hit | null): void {
    const { store } = this.#context;
    const examples = this.#data.examples();
    if (!hit) {
      store.set({ sign: null, example: null, ...NONE_SELECTED });
    } else if (hit.kind === "sign") {
      store.set({ sign: store.now.sign === hit.number && store.now.example === null ? null : hit.number, example: null });
    } else {
      store.set({ example: hit.number, sign: examples?.sign[hit.number] ?? null });
    }
  }

  pick(signs: number[], examples: number[]): void {
    // Examples tell their signs.
    this.#context.store.set({ signs: examples.length ? [] : signs, examples });
    if (!signs.length && !examples.length) this.#picked.replaceChildren(element("p", {}, "No dot lies within."));
  }

  /** Begin or end a selection by hand. */
  setLasso(on: boolean): void {
    this.lassoing = on;
    this.#stage.classList.toggle("lassoing", on);
  }

  pickView(): void {
    this.#main.pickWithin();
  }

  zoom(by: number): void {
    this.#main.zoom(by);
    if (this.#twin.plane.canvas.isConnected) this.#twin.zoom(by);
  }

  reset(): void {
    this.#main.reset();
    this.#twin.reset();
  }

  moved(pane: Pane, camera: Camera | null): void {
    this.#context.store.set(pane === this.#main ? { camera } : { twinCamera: camera });
  }

  #listPicked(choice: Choice | null): void {
    const { store } = this.#context;
    const examples = this.#data.examples();
    const held = new Set(choice && this.#data.heldNumbers(choice.network));
    const picked = store.now.examples.filter((example) => held.has(example));
    const key = JSON.stringify([store.now.signs, picked]);
    if (key === this.#listed && this.#chips.length) {
      for (const [sign, chip] of this.#chips) chip.setAttribute("aria-pressed", String(sign === store.now.sign));
      return;
    }
    this.#listed = key;
    this.#chips = [];
    const counts = new Map<number, number>();
    if (picked.length && examples) {
      for (const example of picked) counts.set(examples.sign[example], (counts.get(examples.sign[example]) ?? 0) + 1);
    } else {
      for (const sign of store.now.signs) counts.set(sign, 0);
    }
    this.#picked.replaceChildren();
    if (!counts.size) return;
    const signs = [...counts].sort(([one, many], [other, more]) => more - many || one - other);
    this.#chips = signs.map(([sign, many]) => {
      const made = button("", () => {
        const first = store.now.sign;
        if (first === null || first === sign || !counts.has(first)) return store.set({ sign: first === sign ? null : sign, example: null });
        choosePair(this.#context, first, sign);
        store.set({ sign: null, example: null });
      }, { "aria-pressed": String(sign === store.now.sign), class: "chip" });
      made.append(element("bdi", {}, this.names[sign]));
      if (many) made.append(" ", element("span", { class: "total" }, count(many)));
      return [sign, made] as const;
    });
    const what = picked.length ? `${counted(picked.length, "held-out example")} of ${counted(signs.length, "sign")}` : counted(signs.length, "sign");
    const clear = button("Clear", () => store.set(NONE_SELECTED), { class: "clear" });
    const head = element("p", {}, `Selected: ${what}. One chooses the sign, two the pair. `, clear);
    this.#picked.append(head, element("div", { class: "chips" }, ...this.#chips.map(([, chip]) => chip)));
  }

  #control(choice: Choice): void {
    const { runs, store } = this.#context;
    const { now } = store;
    const examples = this.#data.examples();
    const held = this.#data.heldNumbers(choice.network) ?? [];
    const key = JSON.stringify([keyOf(choice), now.colour, now.sign, now.example, now.network, now.frames, now.twin, !!examples, held.length, this.#main.shown && keyOf(this.#main.shown.choice)]);
    if (key === this.#controlled) return;
    this.#controlled = key;
    const { run, space, seed, colour, sign, example, frames, hasFrames, twin } = this.#controls;
    run.select.value = choice.network === null ? "" : String(choice.network);
    space.select.value = choice.space.name;
    const seeds = seedsOf(runs, choice);
    seed.label.hidden = seeds.length < 2;
    seed.select.replaceChildren(...seeds.map((one) => element("option", { value: String(one) }, `${one}${one === choice.space.drawn ? " (as in the figures)" : ""}`)));
    seed.select.value = String(choice.seed);
    colour.select.value = isColouring(now.colour) ? now.colour : "sign";
    sign.select.value = now.sign === null ? "" : String(now.sign);
    const has = this.#data.hasFrames(choice);
    hasFrames.hidden = !has;
    frames.disabled = !has;
    frames.checked = now.frames;
    twin.checked = now.twin;
    const offered = choice.network !== null && now.sign !== null && examples ? held.filter((example) => examples.sign[example] === now.sign) : [];
    example.label.hidden = !offered.length;
    example.select.replaceChildren(
      element("option", { value: "" }, "none"),
      ...offered.map((example) => element("option", { value: String(example) }, `${printable(examples!.session[example])}, take ${examples!.take[example]}`)),
    );
    if (now.example !== null && examples && !offered.includes(now.example) && now.example < examples.sign.length) {
      const words = `${printable(examples.session[now.example])}, take ${examples.take[now.example]} (${this.#data.partOf(now.example, choice.network)})`;
      example.select.append(element("option", { value: String(now.example) }, words));
      example.label.hidden = false;
    }
    example.select.value = now.example === null ? "" : String(now.example);
    this.#saySpace(choice, has);
  }

  #saySpace(choice: Choice, hasFrames: boolean): void {
    const { runs } = this.#context;
    const { space, network } = choice;
    const words = [`${heard(space.words)}.`];
    const shown = this.#main.shown;
    if (!space.shared) words.push("Each network has a map of its own here: places cannot be compared from one network to another, and there is no mean over them.");
    if (network === null) {
      const all = runs.index.networks.length;
      words.push(
        `Lines are the signs\u2019 mean paths over ${shown && shown.networks < all ? `${shown.networks} of ${all}` : all} networks, from the open dot to the full one; bands are how far networks lie from it (root mean square).`,
      );
    } else {
      const held = shown?.held && shown.choice.network === network;
      words.push(`Thick lines are the signs\u2019 mean paths${held ? ", thin ones the held-out examples" : ""}.`);
      const missing = [...(held ? [] : ["held-out examples"]), ...(hasFrames || space.dims === 3 ? [] : ["all frames"])];
      if (missing.length) words.push(`Not held by this page: ${missing.join(", ")}.`);
    }
    this.#said.textContent = words.join(" ");
  }

  #tell(choice: Choice | null): void {
    const words = choice ? this.#timeWords(choice) : "";
    if (this.#told.textContent !== words) this.#told.textContent = words;
  }

  /** What the network that is shown answers by now. */
  #timeWords({ network }: Choice): string {
    if (network === null) return "Choose a network to see what it answers on the way.";
    const [found, examples] = [this.#data.answers(network), this.#data.examples()];
    const held = this.#data.heldNumbers(network) ?? [];
    const run = `network ${printable(this.#context.runs.index.networks[network])}`;
    if (!found || !examples) return found === null ? `This page does not hold what ${run} answers on the way.` : "";
    const step = Math.round(this.time * (found.steps - 1));
    const when = `${wholePercent(this.time)}\u00a0% of the way`;
    const { example } = this;
    const path = example === null ? -1 : held.indexOf(example);
    if (example !== null && path >= 0) {
      const at = path * found.steps + step;
      const [answer, sign] = [found.answer[at], examples.sign[example]];
      const judged = answer === sign ? "which is right" : `but it is ${this.names[sign]}`;
      return `${this.names[sign]}, session ${printable(examples.session[example])}, take ${examples.take[example]}: at ${when} ${run} answers ${this.names[answer]} (${Math.round(found.sure[at])}\u00a0% sure), ${judged}.`;
    }
    if (example !== null && example < examples.sign.length) return `${this.#exampleWords(example)}; its answers on the way are told of held-out examples only.`;
    if (!held.length) return "No example was held out, so there are no answers on the way.";
    const right = held.filter((one, i) => found.answer[i * found.steps + step] === examples.sign[one]).length;
    return `At ${when} ${run} answers ${count(right)} of ${count(held.length)} held-out examples rightly (${wholePercent(right / held.length)}\u00a0%).`;
  }

  #showLegend(legend: Legend, dark: boolean, shown: Shown): void {
    const chosen = this.#chosen(palette());
    const key = JSON.stringify([legend, dark, [...chosen], shown.choice.network]);
    if (key === this.#legendary) return;
    this.#legendary = key;
    this.#legend.replaceChildren();
    const patch = (colour: Colour, words: string, kind = ""): HTMLElement => {
      const mark = element("span", { class: `swatch ${kind}`, "aria-hidden": "true" });
      mark.style.setProperty("--own", css(colour));
      return element("span", { class: "entry" }, mark, words);
    };
    for (const [sign, colour] of chosen) this.#legend.append(patch(colour, this.names[sign], "chosen"));
    if (legend.ramp) {
      const bar = element("span", { class: "ramp", "aria-hidden": "true" });
      bar.style.background = `linear-gradient(to right, ${Array.from({ length: 9 }, (_, i) => css(shade(i / 8, dark))).join(", ")})`;
      this.#legend.append(element("span", { class: "entry" }, legend.ramp.low, bar, legend.ramp.high));
    }
    for (const { colour, words, cross } of legend.swatches) this.#legend.append(patch(colour, words, cross ? "cross" : ""));
    this.#legend.append(element("span", { class: "words" }, legend.words));
  }
}

/** Everything that is chosen above the picture. */
function controls(view: PathMap, { runs, store }: Context) {
  const { index } = runs;
  const networks = index.networks.map((name, i) => [String(i), `network ${printable(name)}`] as const);
  const spaces = spacesOf(runs);
  const shared = spaces.find(({ name, shared }) => shared && name === index.chosen) ?? spaces.find((one) => one.shared);
  const everything = shared ? [["", "all networks (consensus)"] as const] : [];
  const run = chooser("Run", [...everything, ...networks], "", (value) => {
    if (value) return store.set({ network: Number(value) });
    const own = !runs.space(store.now.space)?.shared;
    // Only a shared map has a mean over networks.
    store.set({ network: null, ...(own && shared ? { space: shared.name, seed: shared.drawn, camera: null, twinCamera: null } : {}) });
  });
  const space = chooser("Space", spaces.map((one) => [one.name, spaceWords(one)] as const), "", (value) => {
    const next = runs.space(value)!;
    const other = next.dims !== runs.space(store.now.space)?.dims;
    const network = next.shared ? store.now.network : (store.now.network ?? 0);
    store.set({ space: value, seed: next.drawn, network, ...(other ? { camera: null, twinCamera: null } : {}) });
  });
  const seed = chooser("Autoencoder", [], "", (value) => store.set({ seed: Number(value) }));
  const colour = chooser("Colour by", Object.entries(COLOURINGS), "sign", (value) => store.set({ colour: value }));
  const sign = chooser("Sign", [["", "any"], ...view.names.map((name, i) => [String(i), name] as const)], "", (value) =>
    store.set({ sign: value ? Number(value) : null, example: null }));
  const example = chooser("Example", [], "", (value) => store.set({ example: value ? Number(value) : null }));
  for (const [name, { select }] of Object.entries({ network: run, space, seed, colour, sign, example: example })) select.name = name;
  const tick = (words: string, key: "frames" | "twin") => {
    const box = element("input", { type: "checkbox" });
    box.addEventListener("change", () => store.set({ [key]: box.checked }));
    return { box, label: element("label", { class: "tick" }, box, ` ${words}`) };
  };
  const frames = tick("All frames", "frames");
  const twin = tick("PCA beside it", "twin");
  const lasso = button("Lasso", () => {
    view.setLasso(!view.lassoing);
    lasso.setAttribute("aria-pressed", String(view.lassoing));
  }, { "aria-pressed": "false" });
  lasso.title = "Draw around the dots to select them; or hold Shift and drag";
  const zooms = element("span", { class: "zooms" },
    button("+", () => view.zoom(1.4), { "aria-label": "Zoom in" }),
    button("\u2212", () => view.zoom(1 / 1.4), { "aria-label": "Zoom out" }),
    button("Reset", () => view.reset()));
  return {
    run, space, seed, colour, sign, example, frames: frames.box, hasFrames: frames.label, twin: twin.box,
    choice: element("div", { class: "map-choice" }, run.label, space.label, seed.label, colour.label, sign.label, example.label),
    tools: element("div", { class: "map-tools" }, frames.label, twin.label, lasso, button("Select what is in view", () => view.pickView()), zooms),
  };
}
