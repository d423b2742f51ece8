/**
 * Connections for which there is no room yet. Peers come in bursts, and most say at once who they are.
 * @module
 */

import type { Clock, Timer } from "../../internal/clock.ts";
import { Deque } from "../../internal/deque.ts";
import type { Connection } from "../transport/transport.ts";

/** Connections that wait, at most. */
export const MOST_WAITING: number = 1_024;

interface Waiting {
  readonly connection: Connection;
  readonly since: number;
}

/** Keeps connections, in the order in which they came, until there is room or they have waited long enough. */
export class WaitingRoom {
  readonly #clock: Clock;
  readonly #patience: number;
  readonly #refuse: (connection: Connection) => void;
  readonly #waiting: Deque<Waiting> = new Deque();
  #timer: Timer | undefined = undefined;

  /**
   * `refuse` takes over connections that have waited in vain, for `patience` milliseconds, or that there is no
   * chair for.
   */
  constructor(
    clock: Clock,
    patience: number,
    refuse: (connection: Connection) => void,
  ) {
    this.#clock = clock;
    this.#patience = patience;
    this.#refuse = refuse;
  }

  /** Takes a connection, which nothing was read from. */
  enter(connection: Connection): void {
    if (this.#waiting.size >= MOST_WAITING) return this.#refuse(connection);
    this.#waiting.push({ connection, since: this.#clock.now() });
    this.#timer ??= this.#clock.setTimer(this.#patience, this.#look);
  }

  /** Gives back the connection that has waited longest. */
  leave(): Connection | undefined {
    const { connection } = this.#waiting.shift() ?? {};
    if (this.#waiting.size === 0) this.#rest();
    return connection;
  }

  /** Closes what waits. */
  close(): void {
    for (let it = this.leave(); it !== undefined; it = this.leave()) it.close();
  }

  #rest(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look = (): void => {
    this.#timer = undefined;
    const latest = this.#clock.now() - this.#patience;
    for (
      let oldest = this.#waiting.peek();
      oldest !== undefined;
      oldest = this.#waiting.peek()
    ) {
      if (oldest.since > latest) {
        const delay = oldest.since - latest;
        this.#timer = this.#clock.setTimer(delay, this.#look);
        return;
      }
      this.#waiting.shift();
      this.#refuse(oldest.connection);
    }
  };
}
