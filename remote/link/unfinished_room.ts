/**
 * How much of messages and requests that are not whole yet may be held, by all connections together.
 * @module
 */

/** Bytes that are held at most, unless told otherwise: 256 MiB. */
export const UNFINISHED_BYTES: number = 256 * 1024 * 1024;

/** Counts for many connections. */
export class UnfinishedRoom {
  /** The bytes that may be held. */
  readonly limit: number;
  #used = 0;

  /** Takes the bytes that may be held. */
  constructor(limit: number = UNFINISHED_BYTES) {
    this.limit = limit;
  }

  /** How many bytes are held. */
  get used(): number {
    return this.#used;
  }

  /** Takes note that a connection holds `now` bytes instead of `before`; false when that is too much in all. */
  move(before: number, now: number): boolean {
    this.#used += now - before;
    return now <= before || this.#used <= this.limit;
  }
}
