// The pair's mutual rank in every space and every run, as dots: a row for each space.
import { FONT, plane } from "./canvas";
import type { Palette } from "./colours";
import { chosenSigns, type Context } from "./context";
import { element, hideTip, showTip } from "./dom";
import { fixed } from "./text";

const ROW = 22;
const LEFT = 92;
const RIGHT = 54;
const BOTTOM = 34;

interface Row {
  space: string;
  /** Of each run: its network, its autoencoder, its rank. */
  ranks: { network: number; seed: number; rank: number }[];
}

export function strip(place: HTMLElement, context: Context): () => void {
  const { pairs, runs, store } = context;
  let rows: Row[] = [];
  let asked: number | null = null;
  const canvas = plane("Rank in every space and run", "strip", draw, { high: () => rows.length * ROW + BOTTOM });
  const told = element("p", { class: "said" });
  place.append(element("h4", {}, "Rank in every space and run"), told, canvas.canvas);
  const spaces = [...runs.pack.names()].filter((name) => name.startsWith("ranks/")).map((name) => name.slice(6));
  // Two signs alone have but one rank.
  const most = Math.max(runs.index.signs.length - 1, 2);

  async function load(): Promise<void> {
    const [row, signs] = [store.now.pair, chosenSigns(context)];
    if (row === null || !signs) return;
    if (row === asked) return canvas.redraw();
    asked = row;
    const at = runs.placeOf(...signs);
    const found: Row[] = [];
    for (const space of spaces) {
      const block = await runs.ranks(space);
      if (!block) continue;
      const [networks, seeds, all] = block.shape;
      // Blocks are right to within a few percent; of what has a single run the table has the number itself.
      const exact = networks * seeds === 1 ? (pairs.number(row, `${space}_rank_mean`) ?? pairs.number(row, `${space}_rank`)) : null;
      const ranks = Array.from({ length: networks * seeds }, (_, run) => ({
        network: Math.floor(run / seeds), seed: run % seeds, rank: exact ?? block.values[run * all + at],
      })).filter(({ rank }) => Number.isFinite(rank));
      found.push({ space, ranks });
    }
    if (row !== asked) return;
    rows = found;
    const within = (one: Row): number => one.ranks.filter(({ rank }) => rank <= runs.index.k).length;
    told.textContent = `A dot for each run; left of the line (mutual rank at most ${runs.index.k}) the pair is close. Runs that agree lie on each other.`;
    canvas.canvas.setAttribute("aria-label", `Close in: ${rows.map((one) => `${one.space} ${within(one)} of ${one.ranks.length}`).join(", ")}.`);
    canvas.redraw();
  }

  const x = (rank: number, width: number): number => LEFT + (Math.log(rank) / Math.log(most)) * (width - LEFT - RIGHT);

  function draw(pen: CanvasRenderingContext2D, width: number, height: number, colours: Palette): void {
    pen.font = `12px ${FONT}`;
    pen.fillStyle = colours.faint;
    pen.fillRect(LEFT - 8, 0, x(runs.index.k, width) - LEFT + 8, height - BOTTOM);
    let drawn = 0;
    for (const [i, { space, ranks }] of rows.entries()) {
      const y = ROW * (i + 0.5);
      pen.fillStyle = space === store.now.space ? colours.ink : colours.soft;
      pen.textAlign = "right";
      pen.fillText(space, LEFT - 14, y + 4, LEFT - 16);
      pen.strokeStyle = colours.rule;
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(LEFT - 8, y);
      pen.lineTo(width - RIGHT + 8, y);
      pen.stroke();
      for (const { network, rank } of ranks) {
        const picked = network === store.now.network && ranks.length > 1;
        pen.globalAlpha = picked ? 1 : 0.45;
        pen.fillStyle = picked ? colours.mark : rank <= runs.index.k ? colours.a : colours.b;
        pen.beginPath();
        pen.arc(x(rank, width), y, picked ? 5 : 3.5, 0, 2 * Math.PI);
        pen.fill();
        drawn += 1;
      }
      pen.globalAlpha = 1;
      pen.textAlign = "left";
      pen.fillStyle = colours.soft;
      const close = ranks.filter(({ rank }) => rank <= runs.index.k).length;
      pen.fillText(ranks.length > 1 ? `${Math.round((100 * close) / ranks.length)}\u00a0%` : fixed(ranks[0]?.rank, 1), width - RIGHT + 12, y + 4);
    }
    const bottom = height - BOTTOM;
    pen.strokeStyle = colours.ink;
    pen.setLineDash([4, 3]);
    pen.beginPath();
    pen.moveTo(x(runs.index.k, width), 0);
    pen.lineTo(x(runs.index.k, width), bottom);
    pen.stroke();
    pen.setLineDash([]);
    pen.fillStyle = colours.soft;
    pen.textAlign = "center";
    for (const rank of [1, 2, runs.index.k, 10, 20, 50].filter((one) => one <= most)) pen.fillText(String(rank), x(rank, width), bottom + 14);
    pen.fillText("mutual rank (1 is nearest)", (LEFT + width - RIGHT) / 2, height - 4);
    canvas.canvas.dataset.drawn = String(drawn);
  }

  function under(event: MouseEvent): { space: string; network: number; seed: number; rank: number } | null {
    const row = rows[Math.floor(event.offsetY / ROW)];
    if (!row) return null;
    const width = canvas.canvas.clientWidth;
    const near = row.ranks.map((one) => ({ ...one, space: row.space, off: Math.abs(x(one.rank, width) - event.offsetX) })).sort((a, b) => a.off - b.off)[0];
    return near && near.off < 8 ? near : null;
  }
  canvas.canvas.addEventListener("pointermove", (event) => {
    const one = under(event);
    if (!one) return hideTip();
    const seeds = runs.space(one.space)?.seeds ?? 1;
    const of = rows.find(({ space }) => space === one.space)!.ranks.length > 1 ? `network ${runs.index.networks[one.network]}${seeds > 1 ? `, autoencoder ${one.seed}` : ""}, ` : "";
    showTip(event.clientX + 12, event.clientY, `${of}${one.space}: mutual rank ${of ? "about " : ""}${fixed(one.rank, 1)}`);
  });
  canvas.canvas.addEventListener("pointerleave", hideTip);
  canvas.canvas.addEventListener("click", (event) => {
    const one = under(event);
    if (one) store.set({ network: one.network });
  });
  return () => void load();
}
