/**
 * What holds messages that are to leave a system before it ends.
 * @module
 */

/** Holds messages until they have arrived. */
export interface Outlet {
  /** Takes no more messages; resolves once nothing is left, at the latest after `timeout` milliseconds. */
  end(timeout: number): Promise<void>;
}

/** The outlets of one system that hold messages. */
export class Outlets {
  readonly #busy: Set<Outlet> = new Set<Outlet>();
  #state: "open" | "closed" = "open";

  /** Whether messages may be put into outlets; once the system has ended they may not. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** `outlet` has messages. */
  add(outlet: Outlet): void {
    this.#busy.add(outlet);
  }

  /** `outlet` has none any more. */
  delete(outlet: Outlet): void {
    this.#busy.delete(outlet);
  }

  /** Ends all outlets, for good; resolves once nothing is left in them, at the latest after `timeout`. */
  async end(timeout: number): Promise<void> {
    this.#state = "closed";
    await Promise.all([...this.#busy].map((outlet) => outlet.end(timeout)));
  }
}
