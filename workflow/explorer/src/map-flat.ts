// Draws the map's lines and points on a plain canvas, for browsers that refuse WebGL: the same picture.
// Lines of one look are one stroke, so that hundreds of paths are a few strokes.
import { css } from "./colours";
import type { Cloud, Layer, Scene } from "./map-scene";
import { heads, reached, seenAll } from "./map-paths";
import type { Look } from "./map-looks";

/** What was computed for the last picture, used again while neither camera nor paths change. */
interface Kept {
  screen: Float32Array;
  lens: string;
  groups: number[][];
  of: Uint16Array;
}

export class FlatPainter {
  readonly #kept = new WeakMap<object, Kept>();
  /** Frames are laid on a canvas of their own, of each pane one. */
  readonly #clouds = new WeakMap<HTMLCanvasElement, { key: string; cloud: Cloud | null; image: HTMLCanvasElement; pen: CanvasRenderingContext2D }>();

  paint(pen: CanvasRenderingContext2D, scene: Scene): void {
    pen.save();
    pen.lineJoin = "round";
    if (scene.cloud) this.#drawCloud(pen, scene, scene.cloud);
    for (const layer of scene.layers) this.#drawLayer(pen, scene, layer);
    pen.restore();
  }

  #keptOf(scene: Scene, layer: Layer): Kept {
    const lens = JSON.stringify([scene.lens, layer.from ? scene.moved : 1]);
    const kept = this.#kept.get(layer.paths);
    const screen = kept?.lens === lens ? kept.screen : seenAll(layer.paths.points, scene.lens, layer.from, scene.moved);
    let groups = kept?.groups;
    if (!groups || kept?.of !== layer.looks.of) {
      groups = layer.looks.list.map(() => []);
      layer.looks.of.forEach((look, path) => groups![look].push(path));
    }
    const found = { screen, lens, groups, of: layer.looks.of };
    this.#kept.set(layer.paths, found);
    return found;
  }

  #drawLayer(pen: CanvasRenderingContext2D, scene: Scene, layer: Layer): void {
    const { screen, groups } = this.#keptOf(scene, layer);
    const { steps, count, spread } = layer.paths;
    const at = heads(screen, count, steps, scene.time);
    if (spread) {
      layer.looks.list.forEach((look, i) => {
        if (look.band > 0) for (const path of groups[i]) band(pen, scene, layer, screen, path, look);
      });
    }
    layer.looks.list.forEach((look, i) => {
      lines(pen, scene, layer, screen, at, groups[i], look);
    });
    layer.looks.list.forEach((look, i) => {
      dots(pen, scene, layer, at, groups[i], look);
    });
  }

  #drawCloud(pen: CanvasRenderingContext2D, scene: Scene, cloud: Cloud): void {
    const sharp = pen.getTransform().a;
    const [wide, high] = [Math.round(scene.width * sharp), Math.round(scene.height * sharp)];
    const key = JSON.stringify([scene.lens, scene.time, wide, high]);
    let kept = this.#clouds.get(pen.canvas);
    if (!kept) {
      const image = document.createElement("canvas");
      kept = { key: "", cloud: null, image, pen: image.getContext("2d", { willReadFrequently: true })! };
      this.#clouds.set(pen.canvas, kept);
    }
    if (kept.key !== key || kept.cloud !== cloud) {
      if (kept.image.width !== wide || kept.image.height !== high) [kept.image.width, kept.image.height] = [wide, high];
      kept.pen.putImageData(splashed(cloud, scene, sharp, wide, high), 0, 0);
      [kept.key, kept.cloud] = [key, cloud];
    }
    pen.drawImage(kept.image, 0, 0, scene.width, scene.height);
  }
}

/** Every frame as a few pixels: far quicker than as many thousand shapes. */
function splashed(cloud: Cloud, { lens, time }: Scene, sharp: number, wide: number, high: number): ImageData {
  const image = new ImageData(wide, high);
  const pixels = image.data;
  const size = Math.max(1, Math.round(1.5 * sharp));
  for (let i = 0; i < cloud.phase.length; i++) {
    if (cloud.phase[i] > time) continue;
    const [x, y] = [cloud.points[2 * i], cloud.points[2 * i + 1]];
    const left = Math.round((lens.across[0] * x + lens.across[1] * y + lens.x) * sharp);
    const top = Math.round((lens.down[0] * x + lens.down[1] * y + lens.y) * sharp);
    if (left < 0 || top < 0 || left + size > wide || top + size > high) continue;
    for (let v = 0; v < size; v++) {
      for (let u = 0; u < size; u++) lay(pixels, 4 * ((top + v) * wide + left + u), cloud.colours, 4 * i);
    }
  }
  return image;
}

/** Lay a colour over a pixel (Porter and Duff's over). */
function lay(pixels: Uint8ClampedArray, at: number, colours: Uint8Array, from: number): void {
  const own = colours[from + 3];
  const below = (pixels[at + 3] * (255 - own)) / 255;
  const all = own + below;
  if (!all) return;
  for (let c = 0; c < 3; c++) pixels[at + c] = (colours[from + c] * own + pixels[at + c] * below) / all;
  pixels[at + 3] = all;
}

/** The band of one sign is filled once, so that it does not darken where it overlaps itself. */
function band(pen: CanvasRenderingContext2D, scene: Scene, layer: Layer, screen: Float32Array, path: number, look: Look): void {
  const { steps, spread } = layer.paths;
  const { step: last, share } = reached(steps, scene.time);
  const colour = look.along ? layer.looks.ramp(Math.floor(steps / 2), steps) : look.colour;
  pen.fillStyle = css(colour, look.band);
  pen.beginPath();
  for (let step = 0; step <= last; step++) {
    const i = path * steps + step;
    const part = step === last ? share : 1;
    const [x, y] = [screen[2 * i], screen[2 * i + 1]];
    const [toX, toY] = [x + (screen[2 * i + 2] - x) * part, y + (screen[2 * i + 3] - y) * part];
    const [wide, wideTo] = [spread![i] * scene.lens.scale, (spread![i] + (spread![i + 1] - spread![i]) * part) * scene.lens.scale];
    capsule(pen, x, y, wide, toX, toY, wideTo);
  }
  pen.fill("nonzero");
}

/** A stroke with round ends that grows from one width to another, always turning the same way. */
function capsule(pen: CanvasRenderingContext2D, x: number, y: number, wide: number, toX: number, toY: number, wideTo: number): void {
  const angle = Math.atan2(toY - y, toX - x);
  const [side, other] = [angle + Math.PI / 2, angle - Math.PI / 2];
  pen.moveTo(x + wide * Math.cos(side), y + wide * Math.sin(side));
  pen.arc(x, y, wide, side, other + 2 * Math.PI);
  pen.arc(toX, toY, wideTo, other, side);
  pen.closePath();
}

function lines(
  pen: CanvasRenderingContext2D, scene: Scene, layer: Layer, screen: Float32Array, at: Float32Array, paths: readonly number[], look: Look,
): void {
  if (!look.opacity || !look.width) return;
  const { steps } = layer.paths;
  const { step: last, share } = reached(steps, scene.time);
  pen.lineWidth = look.width;
  // Round joints cost much and are not seen on thin lines.
  pen.lineJoin = look.width > 1.5 ? "round" : "bevel";
  if (look.along) {
    for (let step = 0; step <= last; step++) {
      pen.beginPath();
      for (const path of paths) {
        const i = 2 * (path * steps + step);
        pen.moveTo(screen[i], screen[i + 1]);
        if (step === last) pen.lineTo(at[2 * path], at[2 * path + 1]);
        else pen.lineTo(screen[i + 2], screen[i + 3]);
      }
      pen.strokeStyle = css(layer.looks.ramp(step, steps), look.opacity);
      pen.stroke();
    }
    return;
  }
  pen.strokeStyle = css(look.colour, look.opacity);
  // One stroke for all would lay no line over another: crossings are seen when each is its own.
  for (const path of paths) {
    pen.beginPath();
    const first = 2 * path * steps;
    pen.moveTo(screen[first], screen[first + 1]);
    for (let step = 1; step <= last; step++) pen.lineTo(screen[first + 2 * step], screen[first + 2 * step + 1]);
    if (share > 0) pen.lineTo(at[2 * path], at[2 * path + 1]);
    pen.stroke();
  }
}

function dots(pen: CanvasRenderingContext2D, scene: Scene, layer: Layer, at: Float32Array, paths: readonly number[], look: Look): void {
  if (!look.dot || !look.dotOpacity) return;
  const { steps } = layer.paths;
  const colour = css(look.along ? layer.looks.ramp(scene.time * (steps - 1), steps) : look.colour, look.dotOpacity);
  pen.beginPath();
  for (const path of paths) {
    const [x, y] = [at[2 * path], at[2 * path + 1]];
    if (look.cross) {
      const arm = 1.2 * look.dot;
      pen.moveTo(x - arm, y - arm);
      pen.lineTo(x + arm, y + arm);
      pen.moveTo(x + arm, y - arm);
      pen.lineTo(x - arm, y + arm);
    } else {
      pen.moveTo(x + look.dot, y);
      pen.arc(x, y, look.dot, 0, 2 * Math.PI);
    }
  }
  if (look.cross) {
    pen.lineWidth = Math.max(1.2, 0.55 * look.dot);
    pen.strokeStyle = colour;
    pen.stroke();
  } else {
    pen.fillStyle = colour;
    pen.fill();
  }
}
