/**
 * How much memory the compression of connections to GoAkt peers may take, of all of them together.
 * @module
 */

import { OverloadedError } from "../../errors.ts";
import { placeOf } from "../../transport/places.ts";

/**
 * Bytes that the connections of one direction may take, unless told otherwise: 2 GiB. A GoAkt node opens a
 * connection for each ask in flight; a thousand of one node take 1.6 GiB, by zstd as well as by Brotli.
 */
export const CODEC_BYTES: number = 2 * 1024 * 1024 * 1024;
/** Of all room, one part is kept for places that hold little yet. */
const KEPT_PART = 1 / 8;
/** What "little" is: a part of all. */
const LITTLE_PART = 1 / 16;

/** Counts for many connections. Who wants more than there is gets nothing, and those that are there stay. */
export class CodecBudget {
  readonly #limit: number;
  #used = 0;
  /** By place; an entry goes with its last byte. */
  readonly #held: Map<string, number> = new Map();

  /** Takes the bytes that all connections may hold. */
  constructor(limit: number = CODEC_BYTES) {
    this.#limit = limit;
  }

  /** How many bytes are held. */
  get used(): number {
    return this.#used;
  }

  /** Room for a connection with `remote`, of which nothing is taken yet. */
  room(remote: string): CodecRoom {
    return new BudgetRoom(this, remote);
  }

  /**
   * Takes bytes for a place.
   *
   * @returns Why they are not there, if so.
   */
  take(place: string, bytes: number): string | undefined {
    const limit = this.#limit;
    const used = this.#used + bytes;
    const before = this.#held.get(place) ?? 0;
    const held = before + bytes;
    const isShort = used > limit ||
      used > limit * (1 - KEPT_PART) && held > limit * LITTLE_PART;
    if (isShort) {
      return `${bytes} bytes are needed, and ${this.#used} of ${limit} are taken, ${before} of them from there`;
    }
    this.#used = used;
    this.#held.set(place, held);
    return undefined;
  }

  /** Gives bytes of a place back. */
  giveBack(place: string, bytes: number): void {
    this.#used -= bytes;
    const left = (this.#held.get(place) ?? bytes) - bytes;
    if (left === 0) this.#held.delete(place);
    else this.#held.set(place, left);
  }
}

/** The room of one connection. */
export interface CodecRoom {
  /**
   * Takes more.
   *
   * @throws {CodecRoomError} When there is not so much, or the room was given back.
   */
  take(bytes: number): void;
  /** Gives back all that was taken. */
  close(): void;
}

/** No bound. */
export const ENDLESS_ROOM: CodecRoom = { take() {}, close() {} };

class BudgetRoom implements CodecRoom {
  readonly #budget: CodecBudget;
  readonly #remote: string;
  readonly #place: string;
  #held = 0;
  #state: "open" | "closed" = "open";

  constructor(budget: CodecBudget, remote: string) {
    this.#budget = budget;
    this.#remote = remote;
    this.#place = placeOf(remote);
  }

  take(bytes: number): void {
    const lack = this.#state === "closed"
      ? "it has ended"
      : this.#budget.take(this.#place, bytes);
    if (lack !== undefined) throw new CodecRoomError(this.#remote, lack);
    this.#held += bytes;
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    if (this.#held > 0) this.#budget.giveBack(this.#place, this.#held);
    this.#held = 0;
  }
}

/** There is no room for what a connection needs to be compressed: what callers know as too much under way. */
export class CodecRoomError extends OverloadedError {
  /** What there is too little of. */
  readonly found: string;

  /** Names the peer, and what was found. */
  constructor(remote: string, found: string) {
    super(remote, "compress a connection", found, "room was expected");
    this.found = found;
  }
}

/** The error for a connection without room that `error` stands for, if any. */
export function codecRoomError(error: unknown): CodecRoomError | undefined {
  if (error instanceof CodecRoomError) return error;
  return error instanceof Error && error.cause instanceof CodecRoomError
    ? error.cause
    : undefined;
}
