/**
 * All suites.
 * @module
 */

import type { Figure } from "./figure.ts";
import { localFigures } from "./local/figures.ts";
import type { Options } from "./options.ts";
import { peerFigures } from "./peers/figures.ts";
import { remoteFigures } from "./remote/figures.ts";

/** The figures of each suite by its name. */
export const suites: ReadonlyMap<string, readonly Figure[]> = new Map([
  ["local", localFigures],
  ["remote", remoteFigures],
  ["peers", peerFigures],
]);

/** The suites that run when none is named: those that need no packages but the project's own. */
const DEFAULT_SUITES: readonly string[] = ["local", "remote"];

/**
 * The figures that were asked for.
 *
 * @throws {TypeError} When there is no such suite, or none of its figures has such a name.
 */
export function chooseFigures(
  options: Pick<Options, "suites" | "only">,
): Figure[] {
  const names = options.suites.length > 0 ? options.suites : DEFAULT_SUITES;
  const figures: Figure[] = [];
  for (const name of names) {
    const suite = suites.get(name);
    if (suite === undefined) {
      throw new TypeError(
        `Cannot run suite "${name}": expected one of ${
          [...suites.keys()].join(", ")
        }`,
      );
    }
    figures.push(...suite.filter((it) => it.name.includes(options.only)));
  }
  if (figures.length === 0) {
    throw new TypeError(
      `Cannot run "${options.only}": no figure of ${
        names.join(", ")
      } has that name`,
    );
  }
  return figures;
}

/** The figure of that name. */
export function findFigure(name: string): Figure | undefined {
  return suites.get(name.split(".")[0] ?? "")?.find((it) => it.name === name);
}
