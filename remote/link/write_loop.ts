/**
 * When the frames of a lane are written: gathered for a macrotask, then one write after the other.
 * @module
 */

import type { Clock } from "../../internal/clock.ts";
import { Streak } from "../../internal/turn.ts";
import type { Connection } from "../transport/transport.ts";

/** Frames are gathered up to this many bytes; then they are written without waiting any longer. */
export const FULL_WRITE: number = 65_536;
/** What is handed to the connection at once: a peer that takes nothing of so much in its time has stalled. */
const PIECE_BYTES = 4 * FULL_WRITE;

/** What a {@linkcode WriteLoop} needs of its lane. */
export interface WriteLoopHost {
  /** Gives what is to be written next, which is the loop's from then on; `undefined` when there is nothing. */
  takeWrite(): Uint8Array | undefined;
  /** A write is through. */
  wrote(): void;
  /** There is nothing to write any more, or the lane has ended. */
  rested(): void;
}

/** Writes what its lane has, at the end of the macrotask or as soon as the write before is through. */
export class WriteLoop {
  readonly #host: WriteLoopHost;
  readonly #clock: Clock;
  readonly #onFailure: (error: unknown) => void;
  readonly #streak: Streak;
  #connection: Connection | undefined = undefined;
  #state: "waiting" | "idle" | "scheduled" | "writing" | "closed" = "waiting";
  #taken = 0;
  #written: Promise<void> = Promise.resolve();
  #writingSince: number | undefined = undefined;

  /** `onFailure` is called when a write failed; the loop is of no more use. */
  constructor(
    host: WriteLoopHost,
    clock: Clock,
    onFailure: (error: unknown) => void,
  ) {
    this.#host = host;
    this.#clock = clock;
    this.#onFailure = onFailure;
    this.#streak = new Streak(clock);
  }

  /** Whether it was closed. */
  get isClosed(): boolean {
    return this.#state === "closed";
  }

  /** Whether there is a connection, and nothing to write. */
  get isIdle(): boolean {
    return this.#state === "idle";
  }

  /** Bytes that the connection was given so far. */
  get taken(): number {
    return this.#taken;
  }

  /** Settles with the write that is under way, if there is one. */
  get written(): Promise<void> {
    return this.#written;
  }

  /** Since when the connection has taken nothing of what it was given, on the clock; `undefined` when it has. */
  get writingSince(): number | undefined {
    return this.#writingSince;
  }

  /** Begins to write to `connection`, which stays the caller's to close. */
  attach(connection: Connection): void {
    this.#connection = connection;
    this.#state = "idle";
    this.wake();
  }

  /** There is something to write. */
  wake(): void {
    if (this.#state !== "idle") return;
    this.#state = "scheduled";
    setImmediate(this.#flush);
  }

  /** A frame was finished; `pending` bytes are to be written now. */
  framed(pending: number): void {
    if (this.#state === "idle") this.wake();
    else if (this.#state === "scheduled" && pending >= FULL_WRITE) {
      this.#flush();
    }
  }

  /** Writes nothing more but what the connection is being given. */
  close(): void {
    this.#state = "closed";
  }

  #flush = (): void => {
    if (this.#state !== "scheduled") return;
    this.#state = "writing";
    this.#written = this.#write().catch(this.#onFailure);
  };

  async #write(): Promise<void> {
    const connection = this.#connection as Connection; // attached before the first flush
    while (this.#state === "writing") {
      const bytes = this.#host.takeWrite();
      if (bytes === undefined) break;
      this.#taken += bytes.length;
      // To the end, also of a lane that has ended meanwhile: last words can follow whole frames only.
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
        this.#writingSince = this.#clock.now();
        await connection.write(
          bytes.length <= PIECE_BYTES
            ? bytes
            : bytes.subarray(at, at + PIECE_BYTES),
        );
      }
      this.#writingSince = undefined;
      const pause = this.#streak.wrote(bytes.length, this.#clock.now());
      if (pause !== undefined) await pause;
      this.#host.wrote();
    }
    if (this.#state === "writing") this.#state = "idle";
    this.#host.rested();
  }
}
