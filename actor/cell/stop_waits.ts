/**
 * Who waits, inside a handler, for whose end.
 * @module
 */

import type { Cell } from "./cell.ts";

/** One handler that waits for the end of other actors. */
interface Wait {
  readonly caller: Cell;
  /** The actors whose ends it waits for, as far as they live. */
  readonly targets: () => Iterable<Cell>;
}

/**
 * Keeps handlers from waiting in a circle: an actor ends only after its handler has returned, so two
 * handlers that wait for each other's actor would wait for ever. The one that would close a circle
 * does not wait.
 */
export class StopWaits {
  #waits: Set<Wait> = new Set<Wait>();

  /** Notes that a handler of `caller` waits until `until` resolves. */
  begin(
    caller: Cell,
    targets: () => Iterable<Cell>,
    until: Promise<void>,
  ): Promise<void> {
    const wait: Wait = { caller, targets };
    this.#waits.add(wait);
    return until.finally(() => this.#waits.delete(wait));
  }

  /** Whether `target` cannot end before the handler of `caller` has returned. */
  holds(caller: Cell, target: Cell): boolean {
    return this.#reaches(caller, target, new Set());
  }

  #reaches(caller: Cell, target: Cell, seen: Set<Wait>): boolean {
    if (caller.isWithin(target)) return true;
    for (const wait of this.#waits) {
      if (seen.has(wait) || !wait.caller.isWithin(target)) continue;
      seen.add(wait);
      for (const next of wait.targets()) {
        if (this.#reaches(caller, next, seen)) return true;
      }
    }
    return false;
  }
}
