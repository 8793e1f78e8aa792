// The views in the order of their tabs: a new one is a module and a line here.
import { instability } from "./instability";
import { map } from "./map";
import { matrix } from "./matrix";
import { picture } from "./picture";
import type { View } from "./views";

export const VIEWS: readonly View[] = [map, matrix, picture, instability];
