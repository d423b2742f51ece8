/**
 * Waiting longer each time.
 * @module
 */

import type { Random } from "../../internal/random.ts";

/** How long to wait before the next try. */
export interface Backoff {
  /** The first wait, in milliseconds. */
  readonly min: number;
  /** The longest wait, in milliseconds, jitter aside. */
  readonly max: number;
  /**
   * How much longer each wait is than the one before.
   * @default 2
   */
  readonly factor?: number;
  /**
   * How far a wait may be off by chance, as a part of it: 0.2 is up to 20 % shorter or longer.
   * @default 0.2
   */
  readonly jitter?: number;
}

/**
 * Refuses what makes no sense.
 *
 * @throws {RangeError} With what was found and what is wanted.
 */
export function checkBackoff(
  { min, max, factor = 2, jitter = 0.2 }: Backoff,
): void {
  if (!(min >= 0 && max >= min && factor >= 1 && jitter >= 0 && jitter <= 1)) {
    throw new RangeError(
      `Cannot use the backoff min ${min}, max ${max}, factor ${factor}, jitter ${jitter}: 0 <= min <= max, factor >= 1 and 0 <= jitter <= 1 were expected`,
    );
  }
}

/**
 * The wait before try number `attempt`, in milliseconds.
 *
 * @param backoff How it grows.
 * @param attempt 0 for the first wait.
 * @param random The source of the jitter.
 */
export function backoffDelay(
  { min, max, factor = 2, jitter = 0.2 }: Backoff,
  attempt: number,
  random: Random,
): number {
  const delay = Math.min(max, min * factor ** attempt);
  return delay * (1 + jitter * (2 * random.next() - 1));
}
