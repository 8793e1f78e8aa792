// The views in the order of their tabs: a new one is a module and a line here.
import { instability } from "./instability";
import { map } from "./map";
import { matrix } from "./matrix";
import { picture } from "./picture";
import { studies } from "./studies";
import type { View } from "./views";

export const VIEWS: readonly View[] = [map, matrix, picture, instability, studies];

/** Shown where the report has other studies beside this one. */
export const besides = studies;
