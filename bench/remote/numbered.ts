/**
 * Bodies of raw bytes that begin with a number.
 * @module
 */

/** Writes `sequence` into the first four bytes from `offset` on. */
export function writeSequence(
  bytes: Uint8Array,
  offset: number,
  sequence: number,
): void {
  bytes[offset] = sequence >>> 24;
  bytes[offset + 1] = sequence >>> 16;
  bytes[offset + 2] = sequence >>> 8;
  bytes[offset + 3] = sequence;
}

/** The number in the first four bytes from `offset` on. */
export function readSequence(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) |
    (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0;
}
