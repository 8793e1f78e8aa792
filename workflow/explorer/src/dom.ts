// Makes elements whose words are only ever text, and explains words on hover and focus.
type Child = Node | string;

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K, attributes: Record<string, string> = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

export function shape(tag: string, attributes: Record<string, string | number>, ...children: Child[]): SVGElement {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}.`);
  return found;
}

export function button(words: string, does: () => void, attributes: Record<string, string> = {}): HTMLButtonElement {
  const made = element("button", { type: "button", ...attributes }, words);
  made.addEventListener("click", does);
  return made;
}

/** A labelled list to choose from; options are [value, words]. */
export function chooser(
  label: string, options: readonly (readonly [string, string])[], chosen: string, does: (value: string) => void,
): { label: HTMLLabelElement; select: HTMLSelectElement } {
  const select = element("select", {}, ...options.map(([value, words]) => element("option", { value }, words)));
  select.value = chosen;
  select.addEventListener("change", () => does(select.value));
  return { label: element("label", {}, `${label} `, select), select };
}

export function showTip(x: number, y: number, text: string, above = y): void {
  const tip = byId("tip");
  tip.textContent = text;
  tip.hidden = false;
  const left = Math.min(Math.max(8, x), innerWidth - tip.offsetWidth - 8);
  const below = y + 8 + tip.offsetHeight < innerHeight;
  tip.style.left = `${left}px`;
  tip.style.top = `${below ? y + 8 : above - tip.offsetHeight - 8}px`;
}

export function hideTip(): void {
  byId("tip").hidden = true;
}

export function explain(target: Element, text: string): void {
  const show = (): void => {
    const box = target.getBoundingClientRect();
    showTip(box.left, box.bottom, text, box.top);
  };
  target.addEventListener("pointerenter", show);
  target.addEventListener("focus", show, true);
  for (const end of ["pointerleave", "blur"]) target.addEventListener(end, hideTip, true);
}
