/**
 * Reads one frame at a time into an object that is used again and again.
 * @module
 */

import { VARINT_TRUNCATED, VarintCursor } from "../../internal/varint.ts";
import { FrameError } from "../errors.ts";
import { DecodedFrame, MAX_REPEATED } from "./fields.ts";
import { Tag } from "./kinds.ts";
import { PartReader } from "./part_reader.ts";

const NO_BYTES = new Uint8Array();

/**
 * Reads frames as protobuf does: fields in any order, the last one of a number counts, messages that come
 * twice are merged, unknown fields are stepped over. It refuses what no honest peer writes: a known field in
 * another wire type, groups, field number 0, numbers that do not fit, text that is not UTF-8, and more
 * than 64 definitions or headers.
 */
export class FrameDecoder {
  /** The frame that was read last. After a failed read its content is unspecified. */
  readonly frame: DecodedFrame = new DecodedFrame();
  readonly #cursor: VarintCursor = new VarintCursor(NO_BYTES, 0, 0);
  readonly #parts: PartReader = new PartReader(this.#cursor);

  /**
   * Reads the protobuf bytes from `offset` to `end` into `frame`. They must exist, and not change afterwards.
   *
   * @throws {FrameError} When they are not a frame; it says what was found and where.
   */
  decode(bytes: Uint8Array, offset: number, end: number): void {
    const frame = this.frame;
    frame.reset(bytes, end - offset);
    const cursor = this.#cursor;
    cursor.bytes = bytes;
    cursor.offset = offset;
    cursor.end = end;
    while (cursor.offset < end) {
      const tag = bytes[cursor.offset]!;
      switch (tag) {
        case Tag.KIND:
          frame.kind = this.#number();
          break;
        case Tag.RECEIVER:
          frame.receiver = this.#number();
          break;
        case Tag.SENDER:
          frame.sender = this.#number();
          break;
        case Tag.TYPE:
          frame.type = this.#number();
          break;
        case Tag.CORRELATION:
          frame.correlation = this.#number();
          break;
        case Tag.REMAINING:
          frame.remaining = this.#number();
          break;
        case Tag.PAYLOAD:
          cursor.offset++;
          frame.payloadEnd = this.#parts.length();
          frame.payloadStart = cursor.offset;
          cursor.offset = frame.payloadEnd;
          break;
        default:
          this.#rare(tag);
      }
    }
  }

  /** Reads the number after a tag; one byte is by far the most frequent length. */
  #number(): number {
    const cursor = this.#cursor;
    const at = cursor.offset + 1;
    if (at < cursor.end) {
      const byte = cursor.bytes[at]!;
      if (byte < 0x80) {
        cursor.offset = at + 1;
        return byte;
      }
    }
    cursor.offset = at;
    return this.#parts.uint32();
  }

  #rare(tag: number): void {
    const { frame } = this;
    const parts = this.#parts;
    switch (tag) {
      case Tag.ACK:
        this.#cursor.offset++;
        frame.ack = this.#count();
        break;
      case Tag.DEFINITION:
        this.#cursor.offset++;
        frame.definitions = append(
          frame.definitions,
          parts.definition(),
          "definitions",
        );
        break;
      case Tag.HEADER:
        this.#cursor.offset++;
        frame.headers = append(frame.headers, parts.header(), "headers");
        break;
      case Tag.ADDRESS:
        this.#cursor.offset++;
        frame.address = parts.text();
        break;
      case Tag.CHUNK:
        this.#cursor.offset++;
        frame.chunk = parts.chunk(frame.chunk);
        break;
      case Tag.FAILURE:
        this.#cursor.offset++;
        frame.failure = parts.failure(frame.failure);
        break;
      case Tag.SPAWN:
        this.#cursor.offset++;
        frame.spawn = parts.spawn(frame.spawn);
        break;
      case Tag.COMPRESSION:
        this.#cursor.offset++;
        frame.compression = parts.compressed(frame.compression);
        break;
      default:
        parts.skip(KNOWN);
    }
  }

  #count(): number {
    const value = this.#cursor.varint53();
    if (value >= 0) return value;
    throw new FrameError(
      "read a frame",
      value === VARINT_TRUNCATED
        ? "it ends inside an acknowledgement"
        : "its acknowledgement is above 2^53 - 1 or too long",
      "a count was expected",
    );
  }
}

/** The fields that a frame has in this version: a known number in another wire type is refused. */
const KNOWN: ReadonlySet<number> = new Set(
  Object.values(Tag).map((tag) => tag >>> 3),
);

function append<T>(list: readonly T[], item: T, what: string): readonly T[] {
  // The empty list is shared between frames, a longer one belongs to this frame.
  if (list.length === 0) return [item];
  if (list.length === MAX_REPEATED) {
    throw new FrameError(
      "read a frame",
      `it has more than ${MAX_REPEATED} ${what}`,
      `at most ${MAX_REPEATED} were expected`,
    );
  }
  (list as T[]).push(item);
  return list;
}
