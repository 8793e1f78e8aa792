// A canvas as sharp as the screen, drawn again when its size or the colours of the page change.
import { element } from "./dom";
import { type Palette, palette } from "./colours";

export interface Plane {
  canvas: HTMLCanvasElement;
  /** Draw at the next frame. */
  redraw(): void;
}

export type Draw = (pen: CanvasRenderingContext2D, width: number, height: number, colours: Palette) => void;

/** Give a canvas with a name for screen readers; its box comes from the style sheet. */
export function plane(label: string, kind: string, draw: Draw, settings: CanvasRenderingContext2DSettings = {}): Plane {
  const canvas = element("canvas", { class: kind, role: "img", "aria-label": label });
  const pen = canvas.getContext("2d", settings)!;
  let waiting = 0;
  const drawNow = (): void => {
    waiting = 0;
    const [width, height, sharp] = [canvas.clientWidth, canvas.clientHeight, Math.min(devicePixelRatio || 1, 2)];
    if (!width || !height) return;
    const [wide, high] = [Math.round(width * sharp), Math.round(height * sharp)];
    if (canvas.width !== wide) canvas.width = wide;
    if (canvas.height !== high) canvas.height = high;
    pen.setTransform(sharp, 0, 0, sharp, 0, 0);
    pen.clearRect(0, 0, width, height);
    draw(pen, width, height, palette());
  };
  const redraw = (): void => {
    waiting ||= requestAnimationFrame(drawNow);
  };
  new ResizeObserver(redraw).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  return { canvas, redraw };
}

export const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", "DejaVu Sans", sans-serif';

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
