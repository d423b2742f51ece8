/**
 * What actors of other nodes watch here.
 * @module
 */

import type { Cell } from "../../actor/cell/cell.ts";
import type { Terminated, Watcher } from "../../actor/reference/ref.ts";
import { OverloadedError } from "../errors.ts";
import type { Link } from "../link/link.ts";
import { terminationFrame } from "./termination.ts";

/** Watches that one peer may have over one link, at most. */
export const MOST_WATCHES = 65_536;

/** What the watches of peers need of their node. */
export interface ServedWatchesHost {
  /**
   * Resolves when the node at the other end of `link` has taken the messages that were sent to it before now;
   * `undefined` when it has already.
   */
  settled(link: Link): Promise<void> | undefined;
}

/** The watches of one peer over one link, by number. */
export class ServedWatches {
  readonly #host: ServedWatchesHost;
  readonly #link: Link;
  /** An entry goes with the end of the actor, of the watch, or of the link. */
  readonly #watches: Map<number, ServedWatch> = new Map();

  constructor(host: ServedWatchesHost, link: Link) {
    this.#host = host;
    this.#link = link;
    link.whenClosed(() => {
      for (const watch of [...this.#watches.values()]) watch.end();
    });
  }

  /** How many there are. */
  get size(): number {
    return this.#watches.size;
  }

  /**
   * Begins a watch.
   *
   * @throws {OverloadedError} When there are too many.
   */
  begin(number: number, cell: Cell): void {
    if (this.#watches.size >= MOST_WATCHES) {
      throw new OverloadedError(this.#link.node, `watch "${cell.pid}"`);
    }
    this.#watches.get(number)?.end(); // no honest peer has two of one number
    const watch = new ServedWatch(cell, (terminated) => {
      this.#watches.delete(number);
      if (terminated !== undefined) this.#tell(number, terminated);
    });
    this.#watches.set(number, watch);
    cell.addWatcher(watch);
  }

  /** Ends a watch, if there is one of the number. */
  end(number: number): void {
    this.#watches.get(number)?.end();
  }

  /** The news follow what the actor has sent to the node before. */
  #tell(number: number, terminated: Terminated): void {
    const link = this.#link;
    const send = () =>
      link.outbound.frame(terminationFrame(number, terminated));
    const settled = this.#host.settled(link);
    if (settled === undefined) send();
    else settled.then(send);
  }
}

/** Watches one actor for a peer. */
class ServedWatch implements Watcher {
  readonly #cell: Cell;
  readonly #over: (terminated: Terminated | undefined) => void;

  constructor(
    cell: Cell,
    over: (terminated: Terminated | undefined) => void,
  ) {
    this.#cell = cell;
    this.#over = over;
  }

  terminated(terminated: Terminated): void {
    this.#over(terminated);
  }

  end(): void {
    this.#cell.removeWatcher(this);
    this.#over(undefined);
  }
}
