/**
 * All suites.
 * @module
 */

import type { Figure } from "./figure.ts";
import { localFigures } from "./local/figures.ts";
import { peerFigures } from "./peers/figures.ts";
import { remoteFigures } from "./remote/figures.ts";

/** The figures of each suite by its name. */
export const suites: ReadonlyMap<string, readonly Figure[]> = new Map([
  ["local", localFigures],
  ["remote", remoteFigures],
  ["peers", peerFigures],
]);

/** The figure of that name. */
export function findFigure(name: string): Figure | undefined {
  return suites.get(name.split(".")[0] ?? "")?.find((it) => it.name === name);
}
