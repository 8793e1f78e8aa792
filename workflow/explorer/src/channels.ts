// The raw signals of the two signs, channel by channel: the mean over examples, and a standard deviation
// to each side. What lies on each other here is alike before any network has seen it.
import { FONT, plane } from "./canvas";
import type { Palette } from "./colours";
import { chosenSigns, type Context } from "./context";
import { element } from "./dom";
import type { Tensor } from "./pack";

const SIDE = 130;
const HIGH = 58;
const TITLE = 15;
const GAP = 8;

interface Bands {
  mean: Tensor;
  low: Tensor;
  high: Tensor;
}

export function channels(place: HTMLElement, context: Context): () => void {
  const { runs, store } = context;
  const names = runs.index.channels;
  let bands: Bands | null = null;
  let ranges: [number, number][] = [];
  const columnsIn = (width: number): number => Math.max(2, Math.floor((width + GAP) / (SIDE + GAP)));
  const canvas = plane("Raw signals", "channels", draw, { high: (width) => Math.ceil(names.length / columnsIn(width)) * (HIGH + TITLE + GAP) });
  place.classList.add("wide");
  place.append(element("h4", {}, "Raw signals"),
    element("p", { class: "said" }, "Mean of each channel over the examples of a sign, with one standard deviation to each side; every panel as high as the channel's range over all signs."),
    canvas.canvas);

  async function load(): Promise<void> {
    if (!bands) {
      const [mean, low, high] = await Promise.all(["raw/mean", "raw/low", "raw/high"].map((name) => runs.held(name)));
      if (!mean || !low || !high) return;
      bands = { mean, low, high };
      ranges = names.map((_, channel) => rangeOf(bands!, channel));
    }
    const signs = chosenSigns(context);
    if (signs) canvas.canvas.setAttribute("aria-label", `Raw signals of ${signs.map((sign) => runs.index.signs[sign]).join(" and ")} in ${names.length} channels.`);
    canvas.redraw();
  }

  function draw(pen: CanvasRenderingContext2D, width: number, _height: number, colours: Palette): void {
    const signs = chosenSigns(context);
    if (!bands || !signs) return;
    const across = columnsIn(width);
    const side = (width - (across - 1) * GAP) / across;
    const phases = bands.mean.shape[1];
    for (const [channel, name] of names.entries()) {
      const [low, high] = ranges[channel];
      const x = (phase: number): number => (phase / (phases - 1)) * side;
      const y = (value: number): number => HIGH - ((value - low) / (high - low || 1)) * HIGH;
      pen.save();
      pen.translate((channel % across) * (side + GAP), Math.floor(channel / across) * (HIGH + TITLE + GAP));
      pen.font = `11px ${FONT}`;
      pen.fillStyle = colours.soft;
      pen.fillText(name.replaceAll("_", " "), 1, 11, side);
      pen.translate(0, TITLE);
      pen.strokeStyle = colours.rule;
      pen.strokeRect(0.5, 0.5, side - 1, HIGH - 1);
      for (const [s, colour] of [colours.a, colours.b].entries()) {
        const at = (tensor: Tensor, phase: number): number => tensor.values[(signs[s] * phases + phase) * names.length + channel];
        pen.fillStyle = pen.strokeStyle = colour;
        pen.globalAlpha = 0.16;
        pen.beginPath();
        for (let phase = 0; phase < phases; phase++) pen.lineTo(x(phase), y(at(bands.high, phase)));
        for (let phase = phases - 1; phase >= 0; phase--) pen.lineTo(x(phase), y(at(bands.low, phase)));
        pen.fill();
        pen.globalAlpha = 1;
        pen.lineWidth = 1.5;
        pen.setLineDash(s ? [5, 2] : []);
        pen.beginPath();
        for (let phase = 0; phase < phases; phase++) pen.lineTo(x(phase), y(at(bands.mean, phase)));
        pen.stroke();
        pen.setLineDash([]);
      }
      pen.strokeStyle = colours.soft;
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(store.now.time * side, 0);
      pen.lineTo(store.now.time * side, HIGH);
      pen.stroke();
      pen.restore();
    }
    canvas.canvas.dataset.drawn = String(2 * names.length);
  }

  const seek = (event: PointerEvent): void => {
    const side = (canvas.canvas.clientWidth - (columnsIn(canvas.canvas.clientWidth) - 1) * GAP) / columnsIn(canvas.canvas.clientWidth);
    const share = (event.offsetX % (side + GAP)) / side;
    if (share <= 1) store.set({ time: share });
  };
  canvas.canvas.addEventListener("pointermove", (event) => {
    if (event.pointerType === "mouse" || event.buttons) seek(event);
  });
  return () => void load();
}

function rangeOf({ low, high }: Bands, channel: number): [number, number] {
  const channels = low.shape[2];
  let [least, most] = [Infinity, -Infinity];
  for (let i = channel; i < low.values.length; i += channels) {
    least = Math.min(least, low.values[i]);
    most = Math.max(most, high.values[i]);
  }
  return [least, most];
}
