/**
 * When a node may be dialled again, and which connection that one replaces.
 * @module
 */

import { type Backoff, backoffDelay } from "../../actor/supervision/backoff.ts";
import type { Clock } from "../../internal/clock.ts";
import type { Random } from "../../internal/random.ts";
import { Recent } from "../../internal/recent.ts";

/** Ways to nodes that are remembered, at most; of more the ones that were used longest ago are forgotten. */
const MOST_WAYS = 4_096;

/** How long to wait before a node is dialled again. */
export interface RedialDelay {
  /**
   * The shortest wait, after the first failure, in milliseconds.
   * @default 50
   */
  min?: number;
  /**
   * The longest wait, in milliseconds.
   * @default 2000
   */
  max?: number;
}

/** How a connection, or the attempt to make one, has ended: in peace, after something came, or before that. */
export type Ending = "peace" | "heard" | "unheard";

/** What the next attempt must know. */
export interface Redial {
  /** How long to wait first, in milliseconds. */
  readonly delay: number;
  /** What the peer gave the connection before; empty when there was none. */
  readonly replaces: Uint8Array;
}

interface Way {
  failures: number;
  /** No attempt begins before this time. */
  notBefore: number;
  token: Uint8Array;
}

const NO_TOKEN: Uint8Array = new Uint8Array();

/**
 * The wait after a number of failures: longer each time, and never twice the same.
 *
 * @param failures At least 1.
 * @returns From `min` to `max`, in milliseconds.
 */
export function redialDelay(
  { min, max }: Required<RedialDelay>,
  failures: number,
  random: Random,
): number {
  // Up to the next step from the half of it: waits of many nodes spread, and none is shorter than `min`.
  const backoff: Backoff = { min: 2 * min, max, jitter: 0 };
  const longest = backoffDelay(backoff, failures - 1, random);
  return Math.max(min, longest * (0.5 + random.next() / 2));
}

/** Remembers, for each lane to each node, how the last connections ended. */
export class Redials {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #delay: Required<RedialDelay>;
  /** By lane and node. */
  readonly #ways: Recent<Way> = new Recent(MOST_WAYS);

  constructor(clock: Clock, random: Random, delay: Required<RedialDelay>) {
    this.#clock = clock;
    this.#random = random;
    this.#delay = delay;
  }

  /** How many ways are remembered. */
  get size(): number {
    return this.#ways.size;
  }

  /** Begins an attempt. */
  begin(key: string): Redial {
    const way = this.#ways.peek(key);
    if (way === undefined) return { delay: 0, replaces: NO_TOKEN };
    const delay = Math.max(0, way.notBefore - this.#clock.now());
    return { delay, replaces: way.token };
  }

  /** A connection was made; `token` is what the peer calls it. */
  opened(key: string, token: Uint8Array): void {
    this.#use(key).token = token;
  }

  /** A connection, or the attempt to make one, has ended. */
  ended(key: string, ending: Ending): void {
    if (ending === "peace") return void this.#ways.delete(key);
    const way = this.#use(key);
    // A peer that has said something is there: the next attempt need not wait.
    way.failures = ending === "heard" ? 0 : way.failures + 1;
    way.notBefore = way.failures === 0 ? 0 : this.#clock.now() +
      redialDelay(this.#delay, way.failures, this.#random);
  }

  #use(key: string): Way {
    return this.#ways.use(key) ??
      this.#ways.add(key, { failures: 0, notBefore: 0, token: NO_TOKEN });
  }
}
