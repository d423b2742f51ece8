/**
 * Waits for what a test expects.
 * @module
 */

import type { Clock } from "../actor/mod.ts";

/** Conditions that somebody waits for, looked at whenever something has changed. */
export class Waits {
  readonly #clock: Clock;
  readonly #looks: Set<() => void> = new Set();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when `condition` holds or `timeout` milliseconds are over. */
  until(condition: () => boolean, timeout: number): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = () => condition() && end();
      const end = () => {
        timer.cancel();
        this.#looks.delete(look);
        resolve();
      };
      const timer = this.#clock.setTimer(timeout, end);
      this.#looks.add(look);
    });
  }

  /** Has all conditions looked at. */
  wake(): void {
    for (const look of [...this.#looks]) look();
  }
}
