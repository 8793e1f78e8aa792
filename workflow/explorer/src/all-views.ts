// The views in the order of their tabs: a new one is a module and a line here.
import type { Known } from "./address";
import { instability, MEASURED } from "./instability";
import { map } from "./map";
import { COLOURINGS } from "./map-looks";
import { kinds, matrix } from "./matrix";
import { picture, picturesOf } from "./picture";
import { studies } from "./studies";
import type { Pairs, Runs, Studies } from "./study";
import type { View } from "./views";

const VIEWS: readonly View[] = [map, matrix, picture, instability, studies];

/** The views of a page; other studies are one where the report has them. */
export const viewsOf = (others: Studies | null): readonly View[] => VIEWS.filter((view) => others !== null || view !== studies);

/** What the views offer a choice of by name, the first of each as a page starts. */
export function choicesOf(pairs: Pairs, runs: Runs | null, others: Studies | null): Known["choices"] {
  const view = new Set(viewsOf(others).map(({ name }) => name));
  const measured = new Set(Object.keys(MEASURED));
  const other = new Set(others?.others.map((_, place) => String(place)));
  const [matrix, picture] = runs ? [kinds({ pairs, runs, studies: others }, () => null).map(({ key }) => key), picturesOf(pairs, runs)] : [[], []];
  return { view, colour: new Set(Object.keys(COLOURINGS)), matrix: new Set(matrix), picture: new Set(picture), measured, other };
}
