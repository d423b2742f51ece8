/**
 * What an outbox sends: a message, or a part of one.
 *
 * ```text
 * u8 length | producer in ASCII | varint session | varint number | varint length | type | varint total | part
 * ```
 * @module
 */

import type { Codec } from "../../actor/protocol/codec.ts";
import { concatBytes } from "../../internal/bytes.ts";
import {
  varint32Size,
  varint53Size,
  VarintCursor,
  writeVarint32,
  writeVarint53,
} from "../../internal/varint.ts";
import { CodecError } from "../errors.ts";
import { readUtf8 } from "../wire/text.ts";

/** Bytes of the part in one segment, at most: with the rest it fits into one frame. */
export const SEGMENT_BYTES: number = 48 * 1024;
/** Bytes of the name of a type, at most. */
const MOST_TYPE_BYTES = 1_024;
const FORMAT = "segment";
const PRODUCER = /^[\w.-]{1,64}$/;
const encoder = new TextEncoder();

/** A message, or a part of one. */
export interface DeliverySegment {
  /** Which outbox, for all its life: letters, digits, `_`, `.` and `-`. */
  readonly producer: string;
  /** Which of its sessions, as the inbox calls it. */
  readonly session: number;
  /** From 1, without a gap, within the session. */
  readonly number: number;
  /** The wire name of the message; empty in all segments of a message but the first. */
  readonly type: string;
  /** Size of the whole body in bytes, in the first segment of a message; 0 in the others. */
  readonly total: number;
  /** A part of the body. */
  readonly part: Uint8Array;
}

/** Writes and reads segments. */
export const segmentCodec: Codec<DeliverySegment> = {
  format: FORMAT,
  encode({ producer, session, number, type, total, part }) {
    const from = encoder.encode(producer);
    const name = encoder.encode(type);
    const numbers = new Uint8Array(
      varint53Size(session) + varint53Size(number) + varint32Size(name.length),
    );
    let at = writeVarint53(numbers, 0, session);
    at = writeVarint53(numbers, at, number);
    writeVarint32(numbers, at, name.length);
    const size = new Uint8Array(varint53Size(total));
    writeVarint53(size, 0, total);
    return concatBytes([
      Uint8Array.of(from.length),
      from,
      numbers,
      name,
      size,
      part,
    ]);
  },
  decode(bytes) {
    const start = 1 + (bytes[0] ?? 0);
    const producer = textIn(bytes, Math.min(1, bytes.length), start);
    if (!PRODUCER.test(producer)) throw bad("a producer without a name");
    const cursor = new VarintCursor(bytes, start, bytes.length);
    const session = numberAt(cursor);
    const number = numberAt(cursor);
    const length = numberAt(cursor);
    const end = cursor.offset + length;
    if (length > MOST_TYPE_BYTES) throw bad(`a type of ${length} bytes`);
    const type = textIn(bytes, cursor.offset, end);
    cursor.offset = end;
    const total = numberAt(cursor);
    const part = bytes.subarray(cursor.offset);
    if (session === 0 || number === 0) throw bad("the number 0");
    if (part.length > SEGMENT_BYTES) throw bad(`${part.length} bytes`);
    return { producer, session, number, type, total, part };
  },
};

function numberAt(cursor: VarintCursor): number {
  const value = cursor.varint53();
  if (value < 0) throw bad("a number that is cut off or too large");
  return value;
}

function textIn(bytes: Uint8Array, start: number, end: number): string {
  const text = end <= bytes.length ? readUtf8(bytes, start, end) : undefined;
  if (text === undefined) throw bad("a text that is cut off or not UTF-8");
  return text;
}

function bad(found: string): CodecError {
  return new CodecError(
    "decode",
    FORMAT,
    "$",
    found,
    `a segment of at most ${SEGMENT_BYTES} bytes was expected`,
  );
}
