/**
 * Outcomes of the recent past.
 * @module
 */

/** Counts of a window. */
export interface OutcomeCounts {
  /** How many succeeded. */
  readonly successes: number;
  /** How many failed. */
  readonly failures: number;
}

/**
 * Counts successes and failures over a window of time that moves on by one bucket at a time: what is
 * in it is at most the window old, and at least the window without one bucket is in it.
 */
export class OutcomeWindow {
  #width: number;
  /** The number of the stretch of time that each bucket holds. */
  #stretches: number[];
  #successes: number[];
  #failures: number[];

  /** Divides `window` milliseconds into `buckets` parts. */
  constructor(window: number, buckets: number) {
    this.#width = window / buckets;
    this.#stretches = new Array<number>(buckets).fill(-Infinity);
    this.#successes = new Array<number>(buckets).fill(0);
    this.#failures = new Array<number>(buckets).fill(0);
  }

  /** Counts one outcome at `now`, which must not go backwards. */
  add(now: number, isSuccess: boolean): void {
    const stretch = Math.floor(now / this.#width);
    const buckets = this.#stretches.length;
    const index = ((stretch % buckets) + buckets) % buckets;
    if (this.#stretches[index] !== stretch) {
      this.#stretches[index] = stretch;
      this.#successes[index] = 0;
      this.#failures[index] = 0;
    }
    const counts = isSuccess ? this.#successes : this.#failures;
    counts[index] = (counts[index] ?? 0) + 1;
  }

  /** What the window holds at `now`. */
  count(now: number): OutcomeCounts {
    const oldest = Math.floor(now / this.#width) - this.#stretches.length + 1;
    let successes = 0;
    let failures = 0;
    for (const [index, stretch] of this.#stretches.entries()) {
      if (stretch < oldest) continue;
      successes += this.#successes[index] ?? 0;
      failures += this.#failures[index] ?? 0;
    }
    return { successes, failures };
  }

  /** Forgets everything. */
  clear(): void {
    this.#stretches.fill(-Infinity);
  }
}
