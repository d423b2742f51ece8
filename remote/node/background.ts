/**
 * Work that goes on beside what its owner does, and ends with it.
 * @module
 */

/** Keeps what is under way, so that it can be ended and waited for. */
export class Background {
  /** Each entry removes itself. */
  readonly #tasks: Map<Promise<unknown>, () => void> = new Map();

  /** How many are under way. */
  get size(): number {
    return this.#tasks.size;
  }

  /** Keeps `task`, which handles its own errors, until it is over; `stop` makes it end soon. */
  add(task: Promise<unknown>, stop: () => void): void {
    const done = task.then(() => {}, () => {}).then(() => {
      this.#tasks.delete(done);
    });
    this.#tasks.set(done, stop);
  }

  /** Waits for everything that is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#tasks.keys());
  }

  /** Ends everything and waits for it. */
  async end(): Promise<void> {
    for (const stop of this.#tasks.values()) stop();
    await this.settled();
  }
}
