// A canvas as sharp as the screen, drawn again when its size or the colours of the page change.
import { element } from "./dom";
import { type Palette, palette } from "./colours";

export interface Plane {
  canvas: HTMLCanvasElement;
  /** Draw at the next frame. */
  redraw(): void;
}

export type Draw = (pen: CanvasRenderingContext2D, width: number, height: number, colours: Palette) => void;

interface Wanted {
  settings?: CanvasRenderingContext2DSettings;
  /** How high it is, in pixels, at a width; if not given, the style sheet says. */
  high?: (width: number) => number;
}

/** Give a canvas with a name for screen readers; its box comes from the style sheet. */
export function plane(label: string, kind: string, draw: Draw, { settings = {}, high }: Wanted = {}): Plane {
  const canvas = element("canvas", { class: kind, role: "img", "aria-label": label });
  const pen = canvas.getContext("2d", settings)!;
  let waiting = 0;
  const drawNow = (): void => {
    waiting = 0;
    if (high) canvas.style.height = `${high(canvas.clientWidth)}px`;
    const [width, height, sharp] = [canvas.clientWidth, canvas.clientHeight, Math.min(devicePixelRatio || 1, 2)];
    if (!width || !height) return;
    const [across, down] = [width, height].map((length) => Math.round(length * sharp));
    if (canvas.width !== across) canvas.width = across;
    if (canvas.height !== down) canvas.height = down;
    pen.setTransform(sharp, 0, 0, sharp, 0, 0);
    pen.clearRect(0, 0, width, height);
    draw(pen, width, height, palette());
  };
  const redraw = (): void => {
    waiting ||= requestAnimationFrame(drawNow);
  };
  new ResizeObserver(redraw).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  // Paper has its own width and colours, and does not wait for a frame.
  matchMedia("print").addEventListener("change", drawNow);
  return { canvas, redraw };
}

export const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", "DejaVu Sans", sans-serif';

type Place = readonly [number, number];

/** What two fingers do when one of them moves: by how much they spread, and the place between them. */
export function pinched(before: Place, after: Place, other: Place): { by: number; x: number; y: number } {
  const [was, is] = [before, after].map(([x, y]) => Math.hypot(x - other[0], y - other[1]));
  return { by: was > 0 ? is / was : 1, x: (after[0] + other[0]) / 2, y: (after[1] + other[1]) / 2 };
}

/** Least and most of what is known. */
export function extent(values: Iterable<number>): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 1];
}

/** Map points into a box with equal scales on both axes, y upwards. */
export function fitted(
  xs: readonly [number, number], ys: readonly [number, number], width: number, height: number, margin: number,
): { x: (value: number) => number; y: (value: number) => number; scale: number } {
  const scale = Math.min((width - 2 * margin) / (xs[1] - xs[0] || 1), (height - 2 * margin) / (ys[1] - ys[0] || 1));
  const [middleX, middleY] = [(xs[0] + xs[1]) / 2, (ys[0] + ys[1]) / 2];
  return {
    x: (value) => width / 2 + (value - middleX) * scale,
    y: (value) => height / 2 - (value - middleY) * scale,
    scale,
  };
}
