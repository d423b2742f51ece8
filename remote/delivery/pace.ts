/**
 * How fast an outbox sends to a node that takes only so much a second.
 * @module
 */

import { type Backoff, backoffDelay } from "../../actor/supervision/backoff.ts";
import type { Random } from "../../internal/random.ts";

/** After so many rounds that went well the pause between rounds is made shorter. */
const ROUNDS = 8;
/** A limit may be so low that the pauses for a node that is away are too short for it. */
const LONGER = 4;

/**
 * Sends in rounds with a pause between them once the node has refused something: fewer segments and longer pauses
 * when it refuses again, more of them and shorter pauses while all goes well, in the end none.
 */
export class Pace {
  readonly #backoff: Backoff;
  readonly #random: Random;
  /** The number of the pause; -1 while nothing was refused. */
  #level = -1;
  #burst = Infinity;
  #rounds = 0;

  /** Pauses grow as `backoff` says, up to a few times its longest. */
  constructor(backoff: Backoff, random: Random) {
    this.#backoff = { ...backoff, max: backoff.max * LONGER };
    this.#random = random;
  }

  /** Whether there are rounds. */
  get isLimited(): boolean {
    return this.#level >= 0;
  }

  /** How many segments may be sent in one round. */
  get burst(): number {
    return this.#burst;
  }

  /** The pause before the next round, in milliseconds. */
  get pause(): number {
    return backoffDelay(this.#backoff, Math.max(0, this.#level), this.#random);
  }

  /** Some of a round of `sent` segments, or the question behind it, was refused. */
  refused(sent: number): void {
    this.#burst = Math.max(1, Math.floor(Math.min(this.#burst, sent) / 2));
    const { min, max, factor = 2 } = this.#backoff;
    const isLongest = min * factor ** this.#level >= max;
    if (this.#level < 0 || !isLongest) this.#level++;
    this.#rounds = 0;
  }

  /** A round went well. */
  passed(): void {
    this.#burst++;
    if (++this.#rounds < ROUNDS) return;
    this.#rounds = 0;
    if (--this.#level < 0) this.#burst = Infinity;
  }
}
