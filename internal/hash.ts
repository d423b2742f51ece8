/**
 * XXH64, and the choice of a node for a key by rendezvous hashing. Pure functions whose results never
 * change: places that were chosen with them stay where they are.
 *
 * See https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
 * @module
 */

/** A number of 64 bits in two unsigned halves; half the cost of a `bigint`. */
export interface Hash {
  /** The upper 32 bits. */
  readonly high: number;
  /** The lower 32 bits. */
  readonly low: number;
}

const PRIME_1: Hash = { high: 0x9e3779b1, low: 0x85ebca87 };
const PRIME_2: Hash = { high: 0xc2b2ae3d, low: 0x27d4eb4f };
const PRIME_3: Hash = { high: 0x165667b1, low: 0x9e3779f9 };
const PRIME_4: Hash = { high: 0x85ebca77, low: 0xc2b2ae63 };
const PRIME_5: Hash = { high: 0x27d4eb2f, low: 0x165667c5 };
const ZERO: Hash = { high: 0, low: 0 };

const STRIPE = 32;
const encoder = new TextEncoder();

/** A 64-bit number that is changed in place; every operation drops what overflows. */
class Word implements Hash {
  high: number;
  low: number;

  constructor({ high, low }: Hash) {
    this.high = high;
    this.low = low;
  }

  add({ high, low }: Hash): this {
    const sum = this.low + low;
    this.low = sum >>> 0;
    this.high = (this.high + high + (sum > 0xffffffff ? 1 : 0)) >>> 0;
    return this;
  }

  subtract({ high, low }: Hash): this {
    const borrow = this.low < low ? 1 : 0;
    this.low = (this.low - low) >>> 0;
    this.high = (this.high - high - borrow) >>> 0;
    return this;
  }

  xor({ high, low }: Hash): this {
    this.high = (this.high ^ high) >>> 0;
    this.low = (this.low ^ low) >>> 0;
    return this;
  }

  multiply({ high, low }: Hash): this {
    const a0 = this.low & 0xffff;
    const a1 = this.low >>> 16;
    const b0 = low & 0xffff;
    const b1 = low >>> 16;
    const lowest = a0 * b0;
    const left = a1 * b0;
    const right = a0 * b1;
    const middle = (lowest >>> 16) + (left & 0xffff) + (right & 0xffff);
    const above = a1 * b1 + (left >>> 16) + (right >>> 16) + (middle >>> 16);
    this.high = (above + Math.imul(this.high, low) +
      Math.imul(this.low, high)) >>> 0;
    this.low = ((middle << 16) | (lowest & 0xffff)) >>> 0;
    return this;
  }

  /** Rotates by 1 to 31 bits. */
  rotate(bits: number): this {
    const { high, low } = this;
    this.high = ((high << bits) | (low >>> (32 - bits))) >>> 0;
    this.low = ((low << bits) | (high >>> (32 - bits))) >>> 0;
    return this;
  }

  /** Mixes in its own upper bits, moved down by 1 to 32. */
  fold(bits: number): this {
    const { high, low } = this;
    const down = bits === 32 ? 0 : high >>> bits;
    const across = bits === 32
      ? high
      : ((high << (32 - bits)) | (low >>> bits)) >>> 0;
    this.high = (high ^ down) >>> 0;
    this.low = (low ^ across) >>> 0;
    return this;
  }

  /** Takes eight bytes into an accumulator. */
  round(lane: Hash): this {
    return this.add(new Word(lane).multiply(PRIME_2)).rotate(31)
      .multiply(PRIME_1);
  }

  /** Takes eight bytes of the rest into the result. */
  takeEight(lane: Hash): this {
    return this.xor(new Word(ZERO).round(lane)).rotate(27).multiply(PRIME_1)
      .add(PRIME_4);
  }

  /** Spreads every bit over all others. */
  finish(): this {
    this.xor({ high: 0, low: this.high >>> 1 }).multiply(PRIME_2); // 33 bits down
    this.fold(29).multiply(PRIME_3);
    return this.fold(32);
  }
}

/** What XXH64 adds to the seed when there are eight bytes. */
const SCORE_START: Hash = { high: PRIME_5.high, low: PRIME_5.low + 8 };

/**
 * XXH64 of `bytes`.
 *
 * @param bytes What to hash.
 * @param seed Another seed gives another hash; 0 unless given.
 */
export function xxh64(bytes: Uint8Array, seed: Hash = ZERO): Hash {
  let at = 0;
  let hash: Word;
  if (bytes.length >= STRIPE) {
    const lanes = [
      new Word(seed).add(PRIME_1).add(PRIME_2),
      new Word(seed).add(PRIME_2),
      new Word(seed),
      new Word(seed).subtract(PRIME_1),
    ] as const;
    for (; at + STRIPE <= bytes.length; at += STRIPE) {
      lanes.forEach((lane, index) => lane.round(eight(bytes, at + index * 8)));
    }
    const [a, b, c, d] = lanes;
    hash = new Word(a).rotate(1).add(new Word(b).rotate(7))
      .add(new Word(c).rotate(12)).add(new Word(d).rotate(18));
    for (const lane of lanes) {
      hash.xor(new Word(ZERO).round(lane)).multiply(PRIME_1).add(PRIME_4);
    }
  } else {
    hash = new Word(seed).add(PRIME_5);
  }
  hash.add({ high: 0, low: bytes.length }); // an array never has 2^32 bytes
  for (; at + 8 <= bytes.length; at += 8) hash.takeEight(eight(bytes, at));
  if (at + 4 <= bytes.length) {
    hash.xor(new Word({ high: 0, low: four(bytes, at) }).multiply(PRIME_1));
    hash.rotate(23).multiply(PRIME_2).add(PRIME_3);
    at += 4;
  }
  for (; at < bytes.length; at++) {
    const byte = bytes[at] as number; // at is below the length
    hash.xor(new Word({ high: 0, low: byte }).multiply(PRIME_5));
    hash.rotate(11).multiply(PRIME_1);
  }
  return hash.finish();
}

/** XXH64 of the UTF-8 form of `text`. */
export function hashOf(text: string): Hash {
  return xxh64(encoder.encode(text));
}

/** `hash` as 16 hexadecimal digits. */
export function formatHash({ high, low }: Hash): string {
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}

/**
 * How much `node` is wanted for `key`: the upper 53 bits of XXH64 of the eight bytes of the node's hash,
 * lowest first, with the key's hash as the seed. A key belongs to the node with the highest score, so a node
 * that comes or goes moves only the keys that it gets or had.
 */
export function rendezvousScore(key: Hash, node: Hash): number {
  const { high, low } = new Word(key).add(SCORE_START).takeEight(node)
    .finish();
  return high * 0x200000 + (low >>> 11);
}

/**
 * The node that `key` belongs to.
 *
 * @param key Any text.
 * @param nodes The names of the nodes; their order matters only when two score the same.
 * @returns The name of one of them, or `undefined` when there is none.
 */
export function rendezvous(
  key: string,
  nodes: Iterable<string>,
): string | undefined {
  const hash = hashOf(key);
  let best: string | undefined;
  let highest = -1;
  for (const node of nodes) {
    const score = rendezvousScore(hash, hashOf(node));
    if (score > highest) {
      highest = score;
      best = node;
    }
  }
  return best;
}

/** Four bytes, lowest first. All must exist. */
function four(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) |
    (bytes[at + 3]! << 24)) >>> 0;
}

function eight(bytes: Uint8Array, at: number): Hash {
  return { high: four(bytes, at + 4), low: four(bytes, at) };
}
