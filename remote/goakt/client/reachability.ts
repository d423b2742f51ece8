/**
 * What is told of whether a GoAkt peer can be reached.
 * @module
 */

/** Tells of nodes that cannot be reached, each failure once, and of those that are reached again. */
export interface ReachLog {
  /** An attempt to reach `node` has failed for the reason given, which `text` introduces. */
  failed(node: string, text: string, reason: unknown): void;
  /** `node` has answered. */
  reached(node: string): void;
}

/** Tells of the connections to one peer. */
export class Reachability {
  readonly #node: string;
  readonly #log: ReachLog | undefined;
  #isInDoubt = false;

  /** Takes the peer as `host:port`; without a log nothing is told. */
  constructor(node: string, log: ReachLog | undefined) {
    this.#node = node;
    this.#log = log;
  }

  /** Whether a connection has failed since the last answer, so that the next one is news on any connection. */
  get isInDoubt(): boolean {
    return this.#isInDoubt;
  }

  /**
   * A connection could not be made, or ended while something was expected of it. One that nothing was ever answered
   * on counts as not made: a peer of another compression takes connections, and understands nothing on them.
   */
  failed(connection: "unanswered" | "answered", reason: unknown): void {
    this.#isInDoubt = true;
    const text = connection === "unanswered"
      ? `no link to "${this.#node}" could be opened`
      : `the link to "${this.#node}" ended`;
    this.#log?.failed(this.#node, text, reason);
  }

  /** The peer has answered, for the first time on a connection or since it was in doubt. */
  answered(): void {
    this.#isInDoubt = false;
    this.#log?.reached(this.#node);
  }
}
