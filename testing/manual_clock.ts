/**
 * Time that stands still until a test moves it.
 * @module
 */

import type { Clock, Timer } from "../internal/clock.ts";
import { nextTurn } from "./turn.ts";

interface Call extends Timer {
  readonly due: number;
  readonly number: number;
  readonly run: () => void;
}

/** Turns of the event loop without rest after which something is taken to run for ever. */
const LONGEST_UNREST = 100_000;

/**
 * A clock that only {@linkcode ManualClock.advance} moves. It has one owner: the test that made it.
 *
 * @example
 * ```ts
 * import { ManualClock } from "@troupe/troupe/testing";
 *
 * const clock = new ManualClock();
 * let rang = false;
 * clock.setTimer(60_000, () => rang = true);
 * await clock.advance(59_999);
 * console.assert(!rang && clock.pending === 1);
 * await clock.advance(1);
 * console.assert(rang && clock.pending === 0);
 * ```
 */
export class ManualClock implements Clock {
  /** The timers, the next one last, so that taking it is cheap. */
  #calls: Call[] = [];
  #state: "standing" | "moving" = "standing";
  #now: number;
  #count = 0;
  #uses = 0;

  /**
   * Makes a clock that stands still.
   *
   * @param now What it shows first, in milliseconds.
   */
  constructor(now = 0) {
    this.#now = now;
  }

  /** How many timers have neither run nor been cancelled. */
  get pending(): number {
    return this.#calls.length;
  }

  /** Milliseconds since the start; changed by {@linkcode ManualClock.advance} only. */
  now(): number {
    this.#uses++;
    return this.#now;
  }

  /** Runs `run` once time has been moved on by `delay` milliseconds. */
  setTimer(delay: number, run: () => void): Timer {
    this.#uses++;
    const call: Call = {
      due: this.#now + Math.max(0, delay),
      number: ++this.#count,
      run,
      cancel: () => this.#remove(call),
    };
    this.#calls.splice(this.#position(call), 0, call);
    return call;
  }

  /**
   * Moves time on. What becomes due runs in order, each at its own time and after everything that led
   * up to it has come to rest.
   *
   * @param milliseconds How far.
   * @returns Resolves once all that became due has run and come to rest.
   * @throws {RangeError} When the distance is not a number of at least 0.
   * @throws {TypeError} When the clock is being moved already.
   */
  async advance(milliseconds: number): Promise<void> {
    if (!(milliseconds >= 0)) {
      throw new RangeError(
        `Cannot advance the clock by ${milliseconds}: a number of milliseconds >= 0 was expected`,
      );
    }
    if (this.#state === "moving") {
      throw new TypeError(
        "Cannot advance the clock: it is being advanced, one owner at a time was expected",
      );
    }
    this.#state = "moving";
    try {
      const end = this.#now + milliseconds;
      await this.settle();
      for (
        let call = this.#calls.at(-1);
        call !== undefined && call.due <= end;
        call = this.#calls.at(-1)
      ) {
        this.#calls.pop();
        this.#now = call.due;
        call.run();
        await this.settle();
      }
      this.#now = end;
    } finally {
      this.#state = "standing";
    }
  }

  /**
   * Lets the event loop turn until nobody has looked at the clock for two turns, which actors do
   * whenever they begin to work. Time does not move.
   *
   * @throws {Error} When there is no rest, as with two actors that send to one another for ever.
   */
  async settle(): Promise<void> {
    let quiet = 0;
    for (let turn = 0; quiet < 2; turn++) {
      if (turn === LONGEST_UNREST) {
        throw new Error(
          `Cannot settle: something still ran after ${LONGEST_UNREST} turns of the event loop, rest was expected`,
        );
      }
      const uses = this.#uses;
      await nextTurn(quiet);
      quiet = uses === this.#uses ? quiet + 1 : 0;
    }
  }

  #remove(call: Call): void {
    const index = this.#position(call);
    if (this.#calls[index] === call) this.#calls.splice(index, 1);
  }

  /** Where `call` is, or belongs. */
  #position({ due, number }: Call): number {
    let low = 0;
    let high = this.#calls.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#calls[middle] as Call; // the middle is inside
      const later = other.due > due ||
        (other.due === due && other.number > number);
      if (later) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
