/**
 * How much of what is scarce each peer may hold.
 * @module
 */

/** Of this many, one part is kept for who has little yet. */
const KEPT_PART = 1 / 4;
/** What "little" is: a part of all, and never less than that many. */
const LITTLE_PART = 1 / 16;
const LITTLE = 64;

/** Counts places that are held for long. The last quarter of them is for who holds few. */
export class Shares {
  readonly #limit: number;
  readonly #little: number;
  #taken = 0;
  /** How many each holder has; an entry goes with the last. */
  readonly #held: Map<string, number> = new Map();

  /** Takes how many places there are. */
  constructor(limit: number) {
    this.#limit = limit;
    this.#little = Math.max(LITTLE, Math.floor(limit * LITTLE_PART));
  }

  /** Why there is no place for one more of `holder`, if so. */
  fullFor(holder: string): string | undefined {
    const limit = this.#limit;
    if (this.#taken >= limit) return `${limit} connections are open`;
    if (this.#taken < limit * (1 - KEPT_PART)) return undefined;
    const held = this.#held.get(holder) ?? 0;
    if (held < this.#little) return undefined;
    return `${this.#taken} of ${limit} connections are open, ${held} of them from there`;
  }

  /** Takes note of one more. */
  take(holder: string): void {
    this.#taken++;
    this.#held.set(holder, (this.#held.get(holder) ?? 0) + 1);
  }

  /** Takes note of one less. */
  giveBack(holder: string): void {
    this.#taken--;
    const left = (this.#held.get(holder) ?? 1) - 1;
    if (left === 0) this.#held.delete(holder);
    else this.#held.set(holder, left);
  }
}
