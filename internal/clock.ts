/**
 * Time as a value that is handed in, so that tests own it.
 * @module
 */

/** A pending call of a {@linkcode Clock}. */
export interface Timer {
  /** Drops the call. Does nothing when it has run or was cancelled before. */
  cancel(): void;
  /** Lets the process end although the call is pending. Clocks that keep no process alive have no use for it. */
  unref?(): void;
}

/** The source of time for everything that waits or measures. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes backwards, has fractions. */
  now(): number;
  /**
   * Runs `run` once, no earlier than `delay` milliseconds from now.
   * The pending call keeps the process alive until it ran or was cancelled.
   */
  setTimer(delay: number, run: () => void): Timer;
}

/** What `setTimeout` takes at most, in milliseconds; longer delays fire at once. */
const LONGEST_DELAY = 0x7fffffff;

class SystemTimer implements Timer {
  #id: ReturnType<typeof setTimeout>;
  #isNeeded = true;

  constructor(delay: number, run: () => void) {
    this.#id = this.#arm(delay, run);
  }

  #arm(delay: number, run: () => void): ReturnType<typeof setTimeout> {
    if (delay <= LONGEST_DELAY) return setTimeout(run, delay);
    return setTimeout(() => {
      this.#id = this.#arm(delay - LONGEST_DELAY, run);
      if (!this.#isNeeded) this.unref();
    }, LONGEST_DELAY);
  }

  unref(): void {
    this.#isNeeded = false;
    Deno.unrefTimer(this.#id);
  }

  cancel(): void {
    clearTimeout(this.#id);
  }
}

/** The clock of the platform: `performance.now()` and `setTimeout()`. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimer: (delay, run) => new SystemTimer(delay, run),
};
