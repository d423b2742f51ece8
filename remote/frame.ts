/**
 * The frame layout of GoAkt v3.14, which also carries our handshake. All numbers are big-endian and
 * `total` counts itself:
 *
 * ```text
 * plain          u32 total | u32 nameLength | name | body
 * with metadata  u32 total | u32 nameLength | u32 metadataLength | name | metadata | body
 * ```
 *
 * Nothing flags the second form. Its ninth byte is zero, because frames stay at or below 16 MiB; in the
 * plain form that byte begins a message name, which starts with a letter or `_`.
 * @module
 */

import { readUint32, writeUint32 } from "../internal/bytes.ts";
import type { Slab } from "../internal/slab.ts";
import { FrameError } from "./errors.ts";
import { readUtf8, utf8Size, writeUtf8 } from "./wire/text.ts";

/** The largest frame in bytes, the length field included: 16 MiB. Above it the two layouts look alike. */
export const MAX_FRAME_BYTES: number = 16 * 1024 * 1024;

const PLAIN_HEADER = 8;
const METADATA_HEADER = 12;

/** A frame taken apart. The arrays are views of the bytes that were parsed. */
export interface ParsedFrame {
  /** The full name of the protobuf message in the body. */
  readonly name: string;
  /** The metadata block, which may be empty; `undefined` in the plain layout. */
  readonly metadata: Uint8Array | undefined;
  /** The protobuf bytes. */
  readonly body: Uint8Array;
}

/**
 * Returns a frame in the plain layout.
 *
 * @throws {FrameError} When the frame would be larger than `limit`, by default 16 MiB.
 * @throws {TypeError} When `name` does not begin with a letter or `_`.
 */
export function encodePlain(
  name: string,
  body: Uint8Array,
  limit: number = MAX_FRAME_BYTES,
): Uint8Array<ArrayBuffer> {
  const bodyStart = PLAIN_HEADER + nameSize(name);
  const frame = allocate(bodyStart + body.length, name, limit);
  writePlainHead(frame, name, bodyStart);
  frame.set(body, bodyStart);
  return frame;
}

/**
 * Returns an empty frame in the plain layout, whose body of `length` bytes is the caller's to write: its end.
 *
 * @param slab Where its bytes are taken from.
 * @throws {FrameError} When the frame would be larger than `limit`.
 * @throws {TypeError} When `name` does not begin with a letter or `_`.
 */
export function beginPlain(
  name: string,
  length: number,
  limit: number,
  slab: Slab,
): Uint8Array<ArrayBuffer> {
  const bodyStart = PLAIN_HEADER + nameSize(name);
  const frame = allocate(bodyStart + length, name, limit, slab);
  writePlainHead(frame, name, bodyStart);
  return frame;
}

/**
 * Returns a frame in the layout with metadata; `metadata` is a block made by `encodeMetadata`, or empty.
 *
 * @throws {FrameError} When the frame would be larger than `limit`, by default 16 MiB.
 * @throws {TypeError} When `name` does not begin with a letter or `_`.
 */
export function encodeWithMetadata(
  name: string,
  metadata: Uint8Array,
  body: Uint8Array,
  limit: number = MAX_FRAME_BYTES,
): Uint8Array<ArrayBuffer> {
  const nameLength = nameSize(name);
  const bodyStart = METADATA_HEADER + nameLength + metadata.length;
  const frame = allocate(bodyStart + body.length, name, limit);
  writeUint32(frame, 4, nameLength);
  writeUint32(frame, 8, metadata.length);
  writeUtf8(frame, METADATA_HEADER, name);
  frame.set(metadata, METADATA_HEADER + nameLength);
  frame.set(body, bodyStart);
  return frame;
}

/**
 * Returns the length in bytes of the frame that begins at `offset`, the length field included. Four bytes
 * must be there; the frame need not be.
 *
 * @throws {FrameError} When it is below 8 or above `limit`, by default 16 MiB.
 */
export function frameLength(
  bytes: Uint8Array,
  offset: number = 0,
  limit: number = MAX_FRAME_BYTES,
): number {
  const length = readUint32(bytes, offset);
  if (length < PLAIN_HEADER || length > limit) {
    throw new FrameError(
      "read a frame",
      `its length is ${length} bytes`,
      `between ${PLAIN_HEADER} and ${limit} bytes were expected`,
    );
  }
  return length;
}

/**
 * Takes one whole frame apart. The results are views of `frame`.
 *
 * @param expected The name that it most likely has: to compare a name costs less than to decode it.
 * @throws {FrameError} When the length does not match the bytes, it is above `limit`, a part ends after the
 * frame, or the name is empty or not UTF-8.
 */
export function parseFrame(
  frame: Uint8Array,
  limit: number = MAX_FRAME_BYTES,
  expected: string = "",
): ParsedFrame {
  if (frame.length < PLAIN_HEADER) {
    throw new FrameError(
      "read a frame",
      `it has ${frame.length} bytes`,
      `at least ${PLAIN_HEADER} bytes were expected`,
    );
  }
  const length = frameLength(frame, 0, limit);
  if (length !== frame.length) {
    throw new FrameError(
      "read a frame",
      `its length field says ${length} bytes`,
      `${frame.length} bytes were expected`,
    );
  }
  const hasMetadata = length >= METADATA_HEADER && frame[PLAIN_HEADER] === 0;
  const nameStart = hasMetadata ? METADATA_HEADER : PLAIN_HEADER;
  const nameLength = readUint32(frame, 4);
  const metadataLength = hasMetadata ? readUint32(frame, 8) : 0;
  const room = length - nameStart;
  if (
    nameLength === 0 || nameLength > room || metadataLength > room - nameLength
  ) {
    throw new FrameError(
      "read a frame",
      hasMetadata
        ? `its name has ${nameLength} bytes and its metadata ${metadataLength}`
        : `its name has ${nameLength} bytes`,
      `a name of at least 1 byte and no more than ${room} bytes in all were expected`,
    );
  }
  const metadataStart = nameStart + nameLength;
  const bodyStart = metadataStart + metadataLength;
  return {
    name: isText(frame, nameStart, metadataStart, expected)
      ? expected
      : decodeName(frame, nameStart, metadataStart),
    metadata: hasMetadata
      ? frame.subarray(metadataStart, bodyStart)
      : undefined,
    body: frame.subarray(bodyStart),
  };
}

function writePlainHead(
  frame: Uint8Array,
  name: string,
  bodyStart: number,
): void {
  writeUint32(frame, 4, bodyStart - PLAIN_HEADER);
  writeUtf8(frame, PLAIN_HEADER, name);
}

function nameSize(name: string): number {
  // A name that begins with NUL would make a plain frame look like one with metadata.
  if (!/^[A-Za-z_]/.test(name)) {
    throw new TypeError(
      `Cannot write a frame: its message name is "${name}", a protobuf name was expected`,
    );
  }
  return utf8Size(name);
}

function decodeName(bytes: Uint8Array, start: number, end: number): string {
  const name = readUtf8(bytes, start, end);
  if (name !== undefined) return name;
  throw new FrameError(
    "read a frame",
    "its message name is not UTF-8",
    "UTF-8 was expected",
  );
}

/** Whether the bytes from `start` to `end` are `text`, which is ASCII. */
function isText(
  bytes: Uint8Array,
  start: number,
  end: number,
  text: string,
): boolean {
  if (end - start !== text.length) return false;
  for (let index = 0; index < text.length; index++) {
    if (bytes[start + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}

function allocate(
  length: number,
  name: string,
  limit: number,
  slab?: Slab,
): Uint8Array<ArrayBuffer> {
  if (length > limit) {
    throw new FrameError(
      `write a frame with "${name}"`,
      `it would have ${length} bytes`,
      `at most ${limit} bytes were expected`,
    );
  }
  const frame = slab === undefined ? new Uint8Array(length) : slab.take(length);
  writeUint32(frame, 0, length);
  return frame;
}
