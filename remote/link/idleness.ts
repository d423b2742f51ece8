/**
 * How long nothing has gone on.
 * @module
 */

/** Looks now and then at something that is to end when nothing goes on. Costs nothing while it works. */
export class Idleness {
  readonly #timeout: number;
  #activity = -1;
  #since = 0;

  /** Takes after how many milliseconds it is idle. */
  constructor(timeout: number) {
    this.#timeout = timeout;
  }

  /**
   * Looks at it.
   *
   * @param isBusy Whether something is under way.
   * @param activity How much there was so far: another number than the last time when something has gone on.
   * @param now The time.
   * @returns Whether nothing has gone on for so long.
   */
  look(isBusy: boolean, activity: number, now: number): boolean {
    if (isBusy || activity !== this.#activity) {
      this.#activity = activity;
      this.#since = now;
    }
    return now - this.#since >= this.#timeout;
  }
}
