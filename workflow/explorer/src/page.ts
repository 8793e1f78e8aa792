// What the script adds to the written page: words explained on hover, pictures at their own size.
import { element, explain, hideTip } from "./dom";

export function enhanceText(): void {
  for (const term of document.querySelectorAll("a.term")) {
    const told = document.querySelector(`${term.getAttribute("href")} + dd`)?.textContent;
    if (told) explain(term, told);
  }
  for (const plate of document.querySelectorAll<HTMLElement>(".plate")) {
    const image = plate.firstElementChild as HTMLImageElement;
    const button = element("button", { type: "button", "aria-pressed": "false" }, "Actual size");
    button.addEventListener("click", () => button.setAttribute("aria-pressed", String(plate.classList.toggle("actual"))));
    plate.tabIndex = 0;
    plate.setAttribute("role", "region");
    plate.setAttribute("aria-label", image.alt);
    plate.parentElement?.querySelector("figcaption")?.append(button);
  }
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") hideTip();
  });
  addEventListener("scroll", hideTip, { passive: true });
}
