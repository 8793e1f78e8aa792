// What one pane of the map shows at one moment: the same for both painters.
import type { Lens, Paths } from "./map-paths";
import { segmentsAt } from "./map-paths";
import type { Looks } from "./map-looks";

export interface Layer {
  paths: Paths;
  /** Where the points come from while they move to another network's, else null. */
  from: Float32Array | null;
  looks: Looks;
}

/** All frames of all examples as points of a plane. */
export interface Cloud {
  points: Float32Array;
  /** Of each point, where on its example's way it lies. */
  phase: Float32Array;
  /** Red, green, blue and opacity of each. */
  colours: Uint8Array;
}

export interface Scene {
  lens: Lens;
  width: number;
  height: number;
  time: number;
  /** How far the points have moved, 0 to 1. */
  moved: number;
  cloud: Cloud | null;
  /** From the lowest to the topmost. */
  layers: Layer[];
}

/** How many segments and frames a picture has, so that a test can tell an empty one. */
export function drawnIn({ layers, cloud, time }: Scene): number {
  let drawn = 0;
  for (const { paths } of layers) drawn += segmentsAt(paths.count, paths.steps, time);
  if (cloud) for (const phase of cloud.phase) if (phase <= time) drawn++;
  return drawn;
}
