/**
 * How often an actor was restarted lately.
 * @module
 */

import { Deque } from "../../internal/deque.ts";
import type { Supervisor } from "./supervisor.ts";

/** The restarts of one actor that still count. */
export class RestartWindow {
  #times: Deque<number> = new Deque<number>();

  /** How many restarts still count; without a limit none is counted but the last. */
  get size(): number {
    return this.#times.size;
  }

  /** Counts a restart at `now`; false when the budget of `supervisor` does not allow it. */
  admit(now: number, { maxRestarts, within, backoff }: Supervisor): boolean {
    if (maxRestarts === Infinity && backoff === undefined) return true; // nothing to count
    for (
      let first = this.#times.peek();
      first !== undefined && first <= now - within;
      first = this.#times.peek()
    ) {
      this.#times.shift();
    }
    if (this.#times.size >= Math.min(maxRestarts, MOST_COUNTED)) {
      if (maxRestarts !== Infinity) return false;
      this.#times.shift();
    }
    this.#times.push(now);
    return true;
  }
}

/** Without a limit, restarts are counted for the backoff only, which does not grow for ever. */
const MOST_COUNTED = 1_024;
