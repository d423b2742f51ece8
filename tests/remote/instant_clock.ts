/**
 * Time that stands still until a test moves it.
 * @module
 */

import type { Clock, Timer } from "../../internal/clock.ts";

interface Call {
  readonly due: number;
  readonly run: () => void;
}

/**
 * A clock that {@linkcode InstantClock.advance} moves at once, unlike `ManualClock`, which lets
 * everything come to rest: for tests that choose the very microtask at which time runs out.
 */
export class InstantClock implements Clock {
  #now = 0;
  readonly #calls: Set<Call> = new Set();

  /** How many timers have neither run nor been cancelled. */
  get pending(): number {
    return this.#calls.size;
  }

  now(): number {
    return this.#now;
  }

  setTimer(delay: number, run: () => void): Timer {
    const call = { due: this.#now + delay, run };
    this.#calls.add(call);
    return { cancel: () => void this.#calls.delete(call) };
  }

  /** Moves time on, running what becomes due at the time it is due. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (
      let call = this.#first(end);
      call !== undefined;
      call = this.#first(end)
    ) {
      this.#calls.delete(call);
      this.#now = Math.max(this.#now, call.due);
      call.run();
    }
    this.#now = end;
  }

  #first(end: number): Call | undefined {
    let first: Call | undefined;
    for (const call of this.#calls) {
      if (call.due <= end && (first === undefined || call.due < first.due)) {
        first = call;
      }
    }
    return first;
  }
}
