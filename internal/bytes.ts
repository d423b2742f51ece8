/**
 * Big-endian numbers in byte arrays, joining and comparing.
 * @module
 */

/** Writes `value`, from 0 to 2^32 - 1, as four bytes, highest first. */
export function writeUint32(
  bytes: Uint8Array,
  offset: number,
  value: number,
): void {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
}

/** Reads four bytes, highest first. All four must exist. */
export function readUint32(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) |
    (bytes[offset + 2]! << 8) |
    bytes[offset + 3]!) >>> 0;
}

/** Writes `value`, from 0 to 65,535, as two bytes, highest first. */
export function writeUint16(
  bytes: Uint8Array,
  offset: number,
  value: number,
): void {
  bytes[offset] = value >>> 8;
  bytes[offset + 1] = value;
}

/** Reads two bytes, highest first. Both must exist. */
export function readUint16(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! << 8) | bytes[offset + 1]!;
}

/** Writes `value`, from -2^63 to 2^63 - 1, as eight bytes, highest first. */
export function writeInt64(
  bytes: Uint8Array,
  offset: number,
  value: bigint,
): void {
  const unsigned = BigInt.asUintN(64, value);
  writeUint32(bytes, offset, Number(unsigned >> 32n));
  writeUint32(bytes, offset + 4, Number(unsigned & 0xffffffffn));
}

/** Reads eight bytes, highest first, as a signed number. All eight must exist. */
export function readInt64(bytes: Uint8Array, offset: number): bigint {
  const high = BigInt(readUint32(bytes, offset));
  return BigInt.asIntN(
    64,
    (high << 32n) | BigInt(readUint32(bytes, offset + 4)),
  );
}

/** Returns a new array with the content of all `parts`, one after the other. */
export function concatBytes(
  parts: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Whether both arrays have the same content. Not for secrets: the time it takes tells where they differ. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) {
    if (a[index] !== b[index]) return false;
  }
  return true;
}
