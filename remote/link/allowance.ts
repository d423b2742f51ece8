/**
 * How often something may happen.
 * @module
 */

const SECOND = 1_000;

/** So much a second for long, and so much at once. */
export interface Pace {
  /** What comes back each second. */
  readonly perSecond: number;
  /** What there is after a rest. */
  readonly burst: number;
}

/** What is left of a pace at the moment. */
export class Allowance {
  readonly #pace: Pace;
  #left: number;
  #at: number;

  /** Begins rested, at the time `now` in milliseconds. */
  constructor(pace: Pace, now: number) {
    this.#pace = pace;
    this.#left = pace.burst;
    this.#at = now;
  }

  /**
   * Takes `cost`; false, and nothing is taken, when too little is left. What costs more than there ever is takes
   * all of it, and what comes after that waits until the rest is paid as well.
   */
  take(now: number, cost = 1): boolean {
    const { perSecond, burst } = this.#pace;
    if (now > this.#at) {
      const gained = (now - this.#at) * perSecond / SECOND;
      this.#left = Math.min(burst, this.#left + gained);
      this.#at = now;
    }
    if (this.#left < Math.min(cost, burst)) return false;
    this.#left -= cost;
    return true;
  }
}
