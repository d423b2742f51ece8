/**
 * Randomness as a value that is handed in, so that tests can repeat it.
 * @module
 */

/** The source of randomness. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
}

/** The random numbers of the platform; not for secrets. */
export const systemRandom: Random = { next: () => Math.random() };

/**
 * A generator that gives the same numbers for the same seed (mulberry32).
 *
 * @param seed Any number; its lower 32 bits count.
 * @returns A generator of its own.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next(): number {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000;
    },
  };
}

/**
 * Names one run of a node: the time in milliseconds and 40 random bits, so that two runs of a node
 * never share it in practice and a later run sorts after an earlier one.
 *
 * @returns 16 or more lower-case letters and digits.
 */
export function randomIncarnation(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(5));
  let bits = 0;
  for (const byte of bytes) bits = bits * 256 + byte;
  return Date.now().toString(36) + bits.toString(36).padStart(8, "0");
}
