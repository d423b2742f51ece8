/**
 * One timer for a time limit that is moved often.
 * @module
 */

import type { Clock, Timer } from "../../internal/clock.ts";

/** Calls back when a limit passes. Moving the limit costs nothing but a write. */
export class TimeLimit {
  readonly #clock: Clock;
  readonly #expire: () => void;
  #due: number = Infinity;
  #timer: Timer | undefined = undefined;
  #rings: number = Infinity;

  /** `expire` is called once for each limit that passes. */
  constructor(clock: Clock, expire: () => void) {
    this.#clock = clock;
    this.#expire = expire;
  }

  /** Moves the limit to `delay` milliseconds from now; `Infinity` takes it away. */
  expect(delay: number): void {
    if (delay === Infinity) return this.rest();
    this.until(this.#clock.now() + delay);
  }

  /** Moves the limit to a moment of the clock. */
  until(due: number): void {
    this.#due = due;
    if (this.#timer !== undefined && this.#rings <= due) return;
    this.#timer?.cancel();
    this.#arm();
  }

  /** Takes the limit away; a timer that runs may ring once more, for nobody. */
  rest(): void {
    this.#due = Infinity;
  }

  /** Ends the timer. */
  close(): void {
    this.#due = Infinity;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    const now = this.#clock.now();
    this.#rings = this.#due;
    this.#timer = this.#clock.setTimer(
      Math.max(0, this.#due - now),
      this.#ring,
    );
  }

  #ring = (): void => {
    this.#timer = undefined;
    if (this.#due === Infinity) return;
    if (this.#clock.now() < this.#due) return this.#arm();
    this.#due = Infinity;
    this.#expire();
  };
}
