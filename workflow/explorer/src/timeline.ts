// Where on the way from the first frame to the last one looks: a slider that plays, for all views at once.
import type { Context } from "./context";
import { button, element } from "./dom";

/** How long a whole way takes when it is played, in milliseconds. */
const WHOLE = 5000;

export function timeline(place: HTMLElement, { store }: Context): void {
  const slider = element("input", { type: "range", min: "0", max: "1", step: "0.005", id: "time", "aria-label": "Where on the way, first frame to last" });
  const told = element("output", { for: "time" });
  let playing = 0;
  const stop = (): void => {
    cancelAnimationFrame(playing);
    playing = 0;
    play.textContent = "Play";
  };
  const play = button("Play", () => {
    if (playing) return stop();
    const from = store.now.time >= 1 ? 0 : store.now.time;
    let began: number | null = null;
    const step = (now: number): void => {
      began ??= now;
      const time = Math.min(1, from + (now - began) / WHOLE);
      store.set({ time });
      if (time < 1 && playing) playing = requestAnimationFrame(step);
      else stop();
    };
    play.textContent = "Pause";
    playing = requestAnimationFrame(step);
  }, { class: "play" });
  slider.addEventListener("input", () => {
    stop();
    store.set({ time: Number(slider.value) });
  });
  const show = (): void => {
    slider.value = String(store.now.time);
    told.textContent = `${Math.round(100 * store.now.time)}\u00a0% of the way`;
  };
  place.append(element("div", { class: "timeline" }, play, slider, told));
  store.on(["time"], show);
  show();
}
