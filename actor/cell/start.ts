/**
 * How often a start is tried.
 * @module
 */

import type { Cell } from "./cell.ts";

/** How often the start of an actor is tried before it counts as failed. */
export interface StartOptions {
  /**
   * How often `onStart` is called, each time on a fresh instance, while it throws.
   * @default 5
   */
  tries?: number;
  /**
   * How long after the first failure another try may begin, in milliseconds.
   * @default 1000
   */
  within?: number;
}

/**
 * Refuses what makes no sense.
 *
 * @throws {RangeError} With what was found and what is wanted.
 */
export function checkStart({ tries = 5, within = 1_000 }: StartOptions): void {
  if (!(tries >= 1 && within >= 0)) {
    throw new RangeError(
      `Cannot spawn with start { tries: ${tries}, within: ${within} }: tries >= 1 and within >= 0 were expected`,
    );
  }
}

/** Counts a start that failed in `onStart`; true when it is to be tried again. */
export function retriesStart(cell: Cell): boolean {
  const { rare, runtime: { clock } } = cell;
  const { tries = 5, within = 1_000 } = rare.options?.start ?? {};
  const now = clock.now();
  const done = rare.tries ??= { since: now, count: 0 };
  if (++done.count < tries && now - done.since < within) return true;
  rare.tries = undefined;
  return false;
}
