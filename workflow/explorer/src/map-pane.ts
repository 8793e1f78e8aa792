// One pane of the path map: a canvas with names, marks and the reader's hand on it. Lines and points are
// painted below it by WebGL, or into it where that is refused.
import type { Palette } from "./colours";
import { css } from "./colours";
import { FONT, pinched, type Plane, plane } from "./canvas";
import type { Shown } from "./map-data";
import type { FlatPainter } from "./map-flat";
import type { GlPainter } from "./map-gl";
import type { Colour, Looks } from "./map-looks";
import {
  between, type Box, type Camera, heads, inside, type Lens, lensOf, nearest, placeLabels, reached, seen, seenAll, start, unitOf,
} from "./map-paths";
import { type Cloud, drawnIn, type Layer, type Scene } from "./map-scene";

/** What a hand is on: a sign's mean path or an example. */
export interface Hit {
  kind: "sign" | "example";
  number: number;
  x: number;
  y: number;
}

/** What a pane asks of the map around it. */
export interface Host {
  readonly gl: GlPainter | null;
  readonly flat: FlatPainter;
  readonly time: number;
  readonly lassoing: boolean;
  readonly names: readonly string[];
  readonly example: number | null;
  paintOf(pane: Pane, colours: Palette): { means: Looks; held: Looks | null; cloud: Cloud | null; chosen: ReadonlyMap<number, Colour>; ink: Colour } | null;
  frameAt(frame: number): number;
  /** The first frame of an example among all, and the one behind its last. */
  framesOf(example: number): [number, number] | null;
  caption(pane: Pane): string;
  say(hit: Hit | null, x: number, y: number): void;
  select(hit: Hit | null): void;
  pick(signs: number[], examples: number[]): void;
  moved(pane: Pane, camera: Camera | null): void;
  resized(): void;
}

/** How long points move from one network to another, in milliseconds. */
const MOVE = 400;
const NEAR = 9;
const [LEAST, MOST] = [0.5, 60];

export class Pane {
  readonly plane: Plane;
  readonly #host: Host;
  #shown: Shown | null = null;
  #empty = "Reading \u2026";
  #camera: Camera | null = null;
  #from: { means: Float32Array; held: Float32Array | null; began: number } | null = null;
  #screens: { key: string; shown: Shown; means: Float32Array; held: Float32Array | null } | null = null;
  #named = new Set<number>();
  #lasso: [number, number][] | null = null;
  #size: [number, number] = [1, 1];

  constructor(host: Host, label: string, kind: string) {
    this.#host = host;
    this.plane = plane(label, `paths ${kind}`, (pen, width, height, colours) => this.#draw(pen, width, height, colours), {
      // Without a graphics card a browser draws quickest in its own memory.
      settings: { willReadFrequently: host.gl === null },
    });
    const { canvas } = this.plane;
    canvas.tabIndex = 0;
    this.#listen(canvas);
  }

  get shown(): Shown | null {
    return this.#shown;
  }

  set camera(camera: Camera | null) {
    this.#camera = camera?.length === 3 ? [Math.min(Math.max(camera[0], LEAST), MOST), camera[1], camera[2]] : null;
  }

  get camera(): Camera {
    return this.#camera ?? start(this.#dims);
  }

  get #dims(): number {
    return this.#shown?.choice.space.dims ?? 2;
  }

  /** Show other paths, or say why there are none; points that mean the same move to their new places. */
  show(shown: Shown | null, empty = ""): void {
    this.#empty = empty;
    if (shown === this.#shown) return this.plane.redraw();
    const before = this.#shown;
    const same = before && shown && shown.choice.space.shared && before.choice.space === shown.choice.space && before.choice.seed === shown.choice.seed;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (same && !still) {
      const share = this.#moved();
      const at = (points: Float32Array, from: Float32Array | null | undefined): Float32Array => (from && share < 1 ? between(from, points, share) : points);
      this.#from = {
        means: at(before.means.points, this.#from?.means),
        held: before.held && shown.held && before.examples.join() === shown.examples.join() ? at(before.held.points, this.#from?.held) : null,
        began: performance.now(),
      };
    } else {
      this.#from = null;
    }
    this.#shown = shown;
    this.#named.clear();
    this.plane.redraw();
  }

  #moved(): number {
    if (!this.#from) return 1;
    const share = Math.min(1, (performance.now() - this.#from.began) / MOVE);
    return share * share * (3 - 2 * share);
  }

  #lens(box: Box): Lens {
    return lensOf(box, this.#dims, this.camera, ...this.#size);
  }

  #draw(pen: CanvasRenderingContext2D, width: number, height: number, colours: Palette): void {
    this.#size = [width, height];
    const { canvas } = this.plane;
    const shown = this.#shown;
    const paint = shown && this.#host.paintOf(this, colours);
    const sharp = pen.getTransform().a;
    if (!shown || !paint) {
      this.#below({ lens: lensOf({ low: [0, 0, 0], high: [1, 1, 1] }, 2, start(2), width, height), width, height, time: 1, moved: 1, cloud: null, layers: [] }, pen, sharp);
      pen.fillStyle = colours.soft;
      pen.font = `14px ${FONT}`;
      pen.textAlign = "center";
      wrapped(pen, shown ? "Reading \u2026" : this.#empty, width - 40).forEach((line, i) => pen.fillText(line, width / 2, height / 2 + 20 * i));
      canvas.dataset.drawn = "0";
      return;
    }
    const moved = this.#moved();
    if (moved >= 1) this.#from = null;
    const layers: Layer[] = [];
    if (shown.held && paint.held) layers.push({ paths: shown.held, from: this.#from?.held ?? null, looks: paint.held });
    layers.push({ paths: shown.means, from: this.#from?.means ?? null, looks: paint.means });
    const scene: Scene = { lens: this.#lens(shown.box), width, height, time: this.#host.time, moved, cloud: paint.cloud, layers };
    this.#below(scene, pen, sharp);
    if (this.#dims === 3) frame(pen, scene.lens, shown.box, colours);
    this.#above(pen, scene, shown, paint, colours);
    canvas.dataset.drawn = String(drawnIn(scene));
    canvas.dataset.painter = this.#host.gl ? "webgl" : "canvas";
    canvas.style.touchAction = this.camera[0] <= 1 && this.#dims === 2 ? "pan-y" : "none";
    if (this.#from) this.plane.redraw();
  }

  #below(scene: Scene, pen: CanvasRenderingContext2D, sharp: number): void {
    const { gl, flat } = this.#host;
    if (!gl) return flat.paint(pen, scene);
    const { canvas } = this.plane;
    const stage = canvas.parentElement!;
    if (gl.fit(stage.clientWidth, stage.clientHeight, sharp)) this.#host.resized();
    gl.paint(this, scene, canvas.offsetLeft + canvas.clientLeft, canvas.offsetTop + canvas.clientTop, sharp);
  }

  /** Names, starts, the chosen example and the lasso. */
  #above(pen: CanvasRenderingContext2D, scene: Scene, shown: Shown, paint: NonNullable<ReturnType<Host["paintOf"]>>, colours: Palette): void {
    const { means } = shown;
    const screen = seenAll(means.points, scene.lens, this.#from?.means, scene.moved);
    const at = heads(screen, means.count, means.steps, scene.time);
    pen.lineWidth = 1.3;
    pen.fillStyle = colours.paper;
    const strength = (sign: number): number => paint.means.of[sign];
    // Those that stand out lie above.
    const signs = [...Array(means.count).keys()].sort((one, other) => strength(one) - strength(other));
    for (const sign of signs) {
      const look = paint.means.list[paint.means.of[sign]];
      pen.strokeStyle = css(look.along ? paint.means.ramp(0, means.steps) : look.colour, look.opacity);
      pen.beginPath();
      pen.arc(screen[2 * sign * means.steps], screen[2 * sign * means.steps + 1], look.width > 3 ? 4 : 2.4, 0, 2 * Math.PI);
      if (look.opacity > 0.5) pen.fill();
      pen.stroke();
    }
    this.#example(pen, scene, shown, paint.ink, colours);
    this.#names(pen, at, paint.chosen, (sign) => paint.means.list[paint.means.of[sign]].opacity < 0.5, colours);
    if (this.#lasso) outline(pen, this.#lasso, colours);
  }

  #example(pen: CanvasRenderingContext2D, scene: Scene, shown: Shown, ink: Colour, colours: Palette): void {
    const found = this.#examplePoints(shown);
    if (!found) return;
    const { points, from } = found;
    const steps = points.length / 3;
    const screen = seenAll(points, scene.lens, from, scene.moved);
    const [x, y] = heads(screen, 1, steps, scene.time);
    const last = reached(steps, scene.time).step;
    pen.lineJoin = "round";
    for (const [width, colour] of [[5, colours.paper], [2.2, css(ink)]] as const) {
      pen.lineWidth = width;
      pen.strokeStyle = colour;
      pen.beginPath();
      for (let step = 0; step <= last; step++) pen.lineTo(screen[2 * step], screen[2 * step + 1]);
      pen.lineTo(x, y);
      pen.stroke();
    }
    pen.beginPath();
    pen.arc(x, y, 5.5, 0, 2 * Math.PI);
    pen.fillStyle = css(ink);
    pen.fill();
    pen.lineWidth = 1.5;
    pen.strokeStyle = colours.paper;
    pen.stroke();
  }

  /** The chosen example's path: frame by frame if all frames are shown, else as the held-out ones are. */
  #examplePoints(shown: Shown): { points: Float32Array; from: Float32Array | null } | null {
    const { example } = this.#host;
    if (example === null) return null;
    const frames = this.#cloud && this.#host.framesOf(example);
    if (frames && this.#cloud) {
      const points = new Float32Array(3 * (frames[1] - frames[0]));
      for (let i = 0, frame = frames[0]; frame < frames[1]; i += 3, frame++) points.set(this.#cloud.points.subarray(2 * frame, 2 * frame + 2), i);
      return { points, from: null };
    }
    const path = shown.examples.indexOf(example);
    if (path < 0 || !shown.held) return null;
    const [first, end] = [3 * path * shown.held.steps, 3 * (path + 1) * shown.held.steps];
    return { points: shown.held.points.subarray(first, end), from: this.#from?.held?.subarray(first, end) ?? null };
  }

  #names(pen: CanvasRenderingContext2D, at: Float32Array, chosen: ReadonlyMap<number, Colour>, faint: (sign: number) => boolean, colours: Palette): void {
    const { names } = this.#host;
    const [width, height] = this.#size;
    const plain = `12px ${FONT}`;
    const strong = `600 14px ${FONT}`;
    pen.font = plain;
    const wishes = names.map((name, sign) => {
      const must = chosen.has(sign);
      pen.font = must ? strong : plain;
      return { x: at[2 * sign], y: at[2 * sign + 1], width: pen.measureText(name).width, must, off: must ? 9 : 6 };
    });
    // What had a name keeps it while there is room, so that names do not flicker while time runs.
    const rank = (sign: number): number => (chosen.has(sign) ? 0 : (faint(sign) ? 3 : 1) + Number(!this.#named.has(sign)));
    const order = names.map((_, sign) => sign).sort((one, other) => rank(one) - rank(other) || one - other);
    const caption = this.#host.caption(this);
    pen.font = plain;
    const kept: [number, number, number, number][] = caption ? [[0, 0, pen.measureText(caption).width + 16, 24]] : [];
    pen.fillStyle = colours.soft;
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    pen.fillText(caption, 8, 13);
    const labels = placeLabels(wishes, order, width, height, kept);
    this.#named = new Set(labels.map((label) => label.at));
    pen.lineJoin = "round";
    pen.lineWidth = 3.5;
    pen.strokeStyle = colours.paper;
    for (const { at: sign, x, y } of labels) {
      const own = chosen.get(sign);
      pen.font = own ? strong : plain;
      pen.globalAlpha = own || !faint(sign) ? 1 : 0.55;
      pen.strokeText(names[sign], x, y);
      pen.fillStyle = own ? css(own) : faint(sign) ? colours.soft : colours.ink;
      pen.fillText(names[sign], x, y);
    }
    pen.globalAlpha = 1;
  }

  #screen(): { means: Float32Array; held: Float32Array | null } | null {
    const shown = this.#shown;
    if (!shown) return null;
    const lens = this.#lens(shown.box);
    const key = JSON.stringify(lens);
    if (this.#screens?.key !== key || this.#screens.shown !== shown) {
      this.#screens = { key, shown, means: seenAll(shown.means.points, lens), held: shown.held && seenAll(shown.held.points, lens) };
    }
    return this.#screens;
  }

  hit(x: number, y: number): Hit | null {
    const [shown, screen] = [this.#shown, this.#screen()];
    if (!shown || !screen) return null;
    const { time } = this.#host;
    const mean = nearest(screen.means, shown.means.steps, time, x, y, NEAR);
    const held = screen.held && shown.held ? nearest(screen.held, shown.held.steps, time, x, y, NEAR - 2) : null;
    if (held && held.path >= 0 && (mean.path < 0 || held.distance + 2 < mean.distance)) {
      return { kind: "example", number: shown.examples[held.path], x, y };
    }
    if (mean.path >= 0) return { kind: "sign", number: mean.path, x, y };
    const frame = this.#frameNear(shown, x, y);
    return frame < 0 ? null : { kind: "example", number: this.#host.frameAt(frame), x, y };
  }

  #cloud: Cloud | null = null;
  /** The frames that are drawn, for the hand to find. */
  set cloud(cloud: Cloud | null) {
    this.#cloud = cloud;
  }

  #frameNear(shown: Shown, x: number, y: number): number {
    if (!this.#cloud) return -1;
    const { points, phase } = this.#cloud;
    const lens = this.#lens(shown.box);
    let [found, best] = [-1, 16];
    for (let i = 0; i < phase.length; i++) {
      if (phase[i] > this.#host.time) continue;
      const [dx, dy] = [lens.across[0] * points[2 * i] + lens.x - x, lens.down[1] * points[2 * i + 1] + lens.y - y];
      const distance = dx * dx + dy * dy;
      if (distance < best) [found, best] = [i, distance];
    }
    return found;
  }

  /** Pick what lies within an outline at this time, or what is in view. */
  pickWithin(within: ((x: number, y: number) => boolean) | null = null): void {
    const [shown, screen] = [this.#shown, this.#screen()];
    if (!shown || !screen) return;
    const [width, height] = this.#size;
    const counts = within ?? ((x, y) => x >= 0 && y >= 0 && x <= width && y <= height);
    const found = (points: Float32Array, count: number, steps: number): number[] => {
      const at = heads(points, count, steps, this.#host.time);
      return [...Array(count).keys()].filter((path) => counts(at[2 * path], at[2 * path + 1]));
    };
    const signs = found(screen.means, shown.means.count, shown.means.steps);
    const paths = shown.held && screen.held ? found(screen.held, shown.held.count, shown.held.steps) : [];
    this.#host.pick(signs, paths.map((path) => shown.examples[path]));
  }

  zoom(by: number, x = this.#size[0] / 2, y = this.#size[1] / 2): boolean {
    const shown = this.#shown;
    const [zoom, first, second] = this.camera;
    const next = Math.min(Math.max(zoom * by, LEAST), MOST);
    if (!shown || next === zoom) return false;
    if (this.#dims === 3) {
      this.#move([next, first, second]);
      return true;
    }
    // The place below the hand stays there.
    const { scale } = this.#lens(shown.box);
    const unit = unitOf(shown.box);
    const shift = (offset: number): number => (offset / scale - offset / (scale * (next / zoom))) / unit;
    this.#move([next, first + shift(x - this.#size[0] / 2), second - shift(y - this.#size[1] / 2)]);
    return true;
  }

  /** Pan a plane, or turn a space, by pixels. */
  drag(dx: number, dy: number): void {
    const shown = this.#shown;
    if (!shown) return;
    const [zoom, first, second] = this.camera;
    if (this.#dims === 3) {
      const tilt = Math.min(Math.max(second + dy / 160, -Math.PI / 2), Math.PI / 2);
      return this.#move([zoom, (first - dx / 160) % (2 * Math.PI), tilt]);
    }
    const unit = unitOf(shown.box) * this.#lens(shown.box).scale;
    this.#move([zoom, first - dx / unit, second + dy / unit]);
  }

  reset(): void {
    this.#move(null);
  }

  #move(camera: Camera | null): void {
    this.#camera = camera;
    this.#host.moved(this, camera);
    this.plane.redraw();
  }

  #listen(canvas: HTMLCanvasElement): void {
    const place = (event: PointerEvent | WheelEvent): [number, number] => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const down = new Map<number, [number, number]>();
    let dragged = false;
    let before: Camera | null = null;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      if (!down.size) before = this.#camera;
      canvas.setPointerCapture(event.pointerId);
      down.set(event.pointerId, place(event));
      dragged = down.size > 1;
      this.#lasso = down.size === 1 && (event.shiftKey || this.#host.lassoing) ? [place(event)] : null;
      this.#host.say(null, 0, 0);
    });
    canvas.addEventListener("pointermove", (event) => {
      const [x, y] = place(event);
      const from = down.get(event.pointerId);
      if (!from) return this.#host.say(this.hit(x, y), event.clientX, event.clientY);
      if (this.#lasso) {
        this.#lasso.push([x, y]);
        return this.plane.redraw();
      }
      const [dx, dy] = [x - from[0], y - from[1]];
      if (!dragged && Math.hypot(dx, dy) < 4) return;
      dragged = true;
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
      down.set(event.pointerId, [x, y]);
      if (!other) return this.drag(dx, dy);
      const pinch = pinched(from, [x, y], other);
      this.zoom(pinch.by, pinch.x, pinch.y);
      if (this.#dims === 2) this.drag(dx / 2, dy / 2);
    });
    const end = (event: PointerEvent): void => {
      if (!down.delete(event.pointerId)) return;
      const lasso = this.#lasso;
      this.#lasso = null;
      // The browser scrolls the page instead.
      if (event.type === "pointercancel") return this.#move(before);
      if (lasso && lasso.length > 2) this.pickWithin((x, y) => inside(lasso, x, y));
      else if (!dragged) this.#host.select(this.hit(...place(event)));
      if (lasso) this.plane.redraw();
    };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
    canvas.addEventListener("pointerleave", () => this.#host.say(null, 0, 0));
    canvas.addEventListener("wheel", (event) => {
      const by = Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.002));
      // Who scrolls on past the whole map scrolls the page.
      if (by < 1 && this.camera[0] <= 1 && !event.ctrlKey) return;
      if (this.zoom(by, ...place(event))) event.preventDefault();
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = 32;
    const does: Record<string, () => void> = {
      ArrowLeft: () => this.drag(step, 0), ArrowRight: () => this.drag(-step, 0),
      ArrowUp: () => this.drag(0, step), ArrowDown: () => this.drag(0, -step),
      "+": () => this.zoom(1.25), "=": () => this.zoom(1.25), "-": () => this.zoom(0.8), "0": () => this.reset(), Escape: () => this.#host.select(null),
    };
    if (!Object.hasOwn(does, event.key)) return;
    event.preventDefault();
    does[event.key]();
  }
}

function outline(pen: CanvasRenderingContext2D, lasso: readonly [number, number][], colours: Palette): void {
  pen.beginPath();
  for (const [x, y] of lasso) pen.lineTo(x, y);
  pen.closePath();
  pen.globalAlpha = 0.12;
  pen.fillStyle = colours.ink;
  pen.fill();
  pen.globalAlpha = 1;
  pen.setLineDash([5, 4]);
  pen.lineWidth = 1.5;
  pen.strokeStyle = colours.ink;
  pen.stroke();
  pen.setLineDash([]);
}

/** The edges of the box around all paths, so that one sees how a space is turned. */
function frame(pen: CanvasRenderingContext2D, lens: Lens, { low, high }: Box, colours: Palette): void {
  const corner = (i: number): [number, number] => seen(lens, ...([0, 1, 2].map((d) => (i & (1 << d) ? high[d] : low[d])) as [number, number, number]));
  pen.strokeStyle = colours.rule;
  pen.lineWidth = 1;
  pen.beginPath();
  for (let i = 0; i < 8; i++) {
    for (const bit of [1, 2, 4]) {
      if (i & bit) continue;
      pen.moveTo(...corner(i));
      pen.lineTo(...corner(i | bit));
    }
  }
  pen.stroke();
}

function wrapped(pen: CanvasRenderingContext2D, text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && pen.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
