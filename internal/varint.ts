/**
 * Base-128 varints as protobuf writes them: seven bits per byte, lowest first, the high bit set on
 * all bytes but the last.
 * @module
 */

/** The most bytes that a varint of 32 bits takes. */
export const MAX_VARINT32_BYTES = 5;

/** Returned by a {@linkcode VarintCursor} when the bytes end inside a varint. */
export const VARINT_TRUNCATED = -1;

/** Returned by a {@linkcode VarintCursor} when a varint is longer or larger than was asked for. */
export const VARINT_TOO_LARGE = -2;

/** Returns how many bytes `value`, a whole number from 0 to 2^32 - 1, takes. */
export function varint32Size(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}

/** Returns how many bytes `value`, a whole number from 0 to 2^53 - 1, takes. */
export function varint53Size(value: number): number {
  let size = 1;
  while (value >= 0x80) {
    value = Math.floor(value / 0x80);
    size++;
  }
  return size;
}

/** Writes `value`, from 0 to 2^32 - 1, at `offset`; returns the offset after it. There must be room. */
export function writeVarint32(
  bytes: Uint8Array,
  offset: number,
  value: number,
): number {
  while (value >= 0x80) {
    bytes[offset++] = (value & 0x7f) | 0x80;
    value >>>= 7;
  }
  bytes[offset++] = value;
  return offset;
}

/** Writes `value`, from 0 to 2^53 - 1, at `offset`; returns the offset after it. There must be room. */
export function writeVarint53(
  bytes: Uint8Array,
  offset: number,
  value: number,
): number {
  while (value > 0x7fffffff) {
    bytes[offset++] = (value % 0x80) | 0x80;
    value = Math.floor(value / 0x80);
  }
  return writeVarint32(bytes, offset, value);
}

/** Reads varints one after another from a range of bytes, without allocating. */
export class VarintCursor {
  /** The bytes that are read. */
  bytes: Uint8Array;
  /** Where the next varint begins. After a failed read it is unspecified. */
  offset: number;
  /** Where the range ends. */
  end: number;

  /** Begins at `offset`; nothing at or after `end` is read. */
  constructor(bytes: Uint8Array, offset: number, end: number) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
  }

  /** Reads an unsigned number below 2^32, or returns {@linkcode VARINT_TRUNCATED} or {@linkcode VARINT_TOO_LARGE}. */
  varint32(): number {
    const { bytes, end } = this;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (this.offset >= end) return VARINT_TRUNCATED;
      const byte = bytes[this.offset++]!;
      if (shift === 28 && byte > 0x0f) return VARINT_TOO_LARGE;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    return VARINT_TOO_LARGE;
  }

  /** Reads an unsigned number below 2^53, or returns {@linkcode VARINT_TRUNCATED} or {@linkcode VARINT_TOO_LARGE}. */
  varint53(): number {
    const { bytes, end } = this;
    let value = 0;
    let factor = 1;
    for (let count = 0; count < 8; count++) {
      if (this.offset >= end) return VARINT_TRUNCATED;
      const byte = bytes[this.offset++]!;
      if (count === 7 && byte > 0x0f) return VARINT_TOO_LARGE;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 0x80;
    }
    return VARINT_TOO_LARGE;
  }

  /** Steps over a varint of up to 64 bits; returns 0, {@linkcode VARINT_TRUNCATED} or {@linkcode VARINT_TOO_LARGE}. */
  skip(): number {
    for (let count = 0; count < 10; count++) {
      if (this.offset >= this.end) return VARINT_TRUNCATED;
      if (this.bytes[this.offset++]! < 0x80) return 0;
    }
    return VARINT_TOO_LARGE;
  }
}
