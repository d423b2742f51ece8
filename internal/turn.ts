/**
 * Giving way to the rest of the process.
 * @module
 */

import { type Clock, systemClock } from "./clock.ts";

/** The platform looks at its sockets once in 61 turns (Tokio's default), so this many have a look among them. */
const TURNS = 64;
/** Milliseconds that these turns may take, since others may do much in each: as long as the work before them. */
const LONGEST = 4;

/**
 * Runs `then` after the event loop has looked at its sockets and timers.
 *
 * `setImmediate()` alone does not bring that about: while something waits for the next turn, the
 * platform looks at its sockets once in a while only. This passes that while with empty turns: about 50
 * microseconds in all, where a timer of 0 ms takes 2 milliseconds.
 *
 * Several that wait at one time go on in the order of their calls. Where others do something in each turn, this
 * waits four milliseconds and not for all turns: those that pass later count as well for the platform.
 */
export function afterSockets(
  then: () => void,
  clock: Clock = systemClock,
): void {
  let left = TURNS;
  const end = clock.now() + LONGEST;
  const turn = (): void => {
    if (--left > 0 && clock.now() < end) setImmediate(turn);
    else then();
  };
  setImmediate(turn);
}

/** Milliseconds that a stream may keep the process from its sockets, about. */
const STREAK_TIME = 2;
/** Bytes that a stream must have moved meanwhile: one that moves less has waited for its own socket. */
const STREAK_BYTES = 256 * 1024;
/** Fewer bytes at once are no stream. */
const SCANT_BYTES = 16 * 1024;

/**
 * Says when a loop that moves bytes has to give way to other sockets. Reads and writes that need not wait end in the
 * same turn, so that under load a loop of them goes on for megabytes before the platform looks at any other socket.
 */
export class Streak {
  readonly #clock: Clock;
  #since = 0;
  #bytes = 0;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /**
   * Counts `bytes` that were read until `now`; what it returns, if anything, is to be awaited before more are. Few
   * bytes have emptied the socket, so that the platform looks at all of them before this one has more.
   */
  read(bytes: number, now: number): Promise<void> | undefined {
    if (bytes >= SCANT_BYTES) return this.#moved(bytes, now);
    this.#bytes = 0;
    this.#since = now;
    return undefined;
  }

  /** Counts `bytes` that were written until `now`; few do not count. The same is returned. */
  wrote(bytes: number, now: number): Promise<void> | undefined {
    return bytes < SCANT_BYTES ? undefined : this.#moved(bytes, now);
  }

  #moved(bytes: number, now: number): Promise<void> | undefined {
    this.#bytes += bytes;
    if (this.#bytes < STREAK_BYTES || now - this.#since < STREAK_TIME) {
      return undefined;
    }
    return new Promise((resolve) =>
      afterSockets(() => {
        this.#bytes = 0;
        this.#since = this.#clock.now();
        resolve();
      }, this.#clock)
    );
  }
}
