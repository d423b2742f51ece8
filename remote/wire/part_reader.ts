/**
 * Reads the fields inside a frame that are texts, lengths or messages.
 * @module
 */

import { VARINT_TRUNCATED, type VarintCursor } from "../../internal/varint.ts";
import { FrameError } from "../errors.ts";
import type {
  Chunk,
  Compressed,
  Definition,
  Failure,
  Header,
  Spawn,
} from "./fields.ts";
import { readUtf8 } from "./text.ts";

const NO_BYTES: Uint8Array = new Uint8Array();
const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;
const CHUNK_FIELDS: ReadonlySet<number> = new Set([1, 2, 3]);
const DEFINITION_FIELDS: ReadonlySet<number> = new Set([1, 2, 3]);
const COMPRESSED_FIELDS: ReadonlySet<number> = new Set([1, 2]);
const HEADER_FIELDS: ReadonlySet<number> = new Set([1, 2]);
const FAILURE_FIELDS: ReadonlySet<number> = new Set([1, 2, 3, 4, 5]);
const SPAWN_FIELDS: ReadonlySet<number> = new Set([1, 2, 3, 4]);

/** Reads from a cursor that a decoder shares with it; every method begins after the field's tag. */
export class PartReader {
  readonly #cursor: VarintCursor;

  /** Reads where `cursor` stands, and moves it. */
  constructor(cursor: VarintCursor) {
    this.#cursor = cursor;
  }

  /** Reads a number below 2^32. */
  uint32(): number {
    const value = this.#cursor.varint32();
    if (value >= 0) return value;
    throw this.#bad(
      value === VARINT_TRUNCATED ? "it ends inside a number" : TOO_LARGE,
    );
  }

  /** Reads the length of what follows and returns where that ends. */
  length(): number {
    const cursor = this.#cursor;
    const length = cursor.varint32();
    if (length >= 0 && length <= cursor.end - cursor.offset) {
      return cursor.offset + length;
    }
    if (length >= 0) {
      throw this.#bad(
        `a field says ${length} bytes where ${
          cursor.end - cursor.offset
        } are left`,
      );
    }
    throw this.#bad(
      length === VARINT_TRUNCATED ? "it ends inside a length" : TOO_LARGE,
    );
  }

  /** Reads a text. */
  text(): string {
    const cursor = this.#cursor;
    const end = this.length();
    const text = readUtf8(cursor.bytes, cursor.offset, end);
    if (text === undefined) throw this.#bad("a text is not UTF-8");
    cursor.offset = end;
    return text;
  }

  /** Reads a definition. */
  definition(): Definition {
    let [number, table, value] = [0, 0, ""];
    const outer = this.#enter();
    while (this.#more()) {
      const tag = this.#tag();
      if (tag === 0x08) number = this.uint32();
      else if (tag === 0x10) table = this.uint32();
      else if (tag === 0x1a) value = this.text();
      else this.#skip(tag, DEFINITION_FIELDS);
    }
    this.#leave(outer);
    return { number, table, value };
  }

  /** Reads a header. */
  header(): Header {
    let [key, value] = ["", ""];
    const outer = this.#enter();
    while (this.#more()) {
      const tag = this.#tag();
      if (tag === 0x0a) key = this.text();
      else if (tag === 0x12) value = this.text();
      else this.#skip(tag, HEADER_FIELDS);
    }
    this.#leave(outer);
    return { key, value };
  }

  /** Reads a chunk on top of `before`. */
  chunk(before: Chunk | undefined): Chunk {
    let { id, last, totalBytes } = before ??
      { id: 0, last: false, totalBytes: 0 };
    const outer = this.#enter();
    while (this.#more()) {
      const tag = this.#tag();
      if (tag === 0x08) id = this.uint32();
      else if (tag === 0x10) last = this.#bool();
      else if (tag === 0x18) totalBytes = this.uint32();
      else this.#skip(tag, CHUNK_FIELDS);
    }
    this.#leave(outer);
    return { id, last, totalBytes };
  }

  /** Reads a failure on top of `before`. */
  failure(before: Failure | undefined): Failure {
    let { code, text, outcome, retryable, data } = before ??
      { code: "", text: "", outcome: 0, retryable: false, data: NO_BYTES };
    const outer = this.#enter();
    while (this.#more()) {
      const tag = this.#tag();
      if (tag === 0x0a) code = this.text();
      else if (tag === 0x12) text = this.text();
      else if (tag === 0x18) outcome = this.uint32();
      else if (tag === 0x20) retryable = this.#bool();
      else if (tag === 0x2a) data = this.#bytes();
      else this.#skip(tag, FAILURE_FIELDS);
    }
    this.#leave(outer);
    return { code, text, outcome, retryable, data };
  }

  /** Reads a spawn request on top of `before`. */
  spawn(before: Spawn | undefined): Spawn {
    let { kind, name, input, inputType } = before ??
      { kind: "", name: "", input: NO_BYTES, inputType: "" };
    const outer = this.#enter();
    while (this.#more()) {
      const tag = this.#tag();
      if (tag === 0x0a) kind = this.text();
      else if (tag === 0x12) name = this.text();
      else if (tag === 0x1a) input = this.#bytes();
      else if (tag === 0x22) inputType = this.text();
      else this.#skip(tag, SPAWN_FIELDS);
    }
    this.#leave(outer);
    return { kind, name, input, inputType };
  }

  /** Reads what is said of a compressed payload on top of `before`. */
  compressed(before: Compressed | undefined): Compressed {
    let { algorithm, totalBytes } = before ?? { algorithm: 0, totalBytes: 0 };
    const outer = this.#enter();
    while (this.#more()) {
      const tag = this.#tag();
      if (tag === 0x08) algorithm = this.uint32();
      else if (tag === 0x10) totalBytes = this.uint32();
      else this.#skip(tag, COMPRESSED_FIELDS);
    }
    this.#leave(outer);
    return { algorithm, totalBytes };
  }

  /** Steps over one field, tag included; one whose number is in `known` has the wrong wire type. */
  skip(known: ReadonlySet<number>): void {
    this.#skip(this.#tag(), known);
  }

  #skip(tag: number, known: ReadonlySet<number>): void {
    const cursor = this.#cursor;
    const number = tag >>> 3;
    const type = tag & 7;
    if (number === 0) throw this.#bad("a field has the number 0");
    if (known.has(number)) {
      throw this.#bad(`field ${number} has wire type ${type}`);
    }
    let end = cursor.offset;
    if (type === VARINT) {
      const result = cursor.skip();
      if (result === 0) return;
      throw this.#bad(
        result === VARINT_TRUNCATED ? "it ends inside a number" : TOO_LARGE,
      );
    } else if (type === LENGTH) end = this.length();
    else if (type === FIXED64) end += 8;
    else if (type === FIXED32) end += 4;
    else throw this.#bad(`field ${number} has wire type ${type}`);
    if (end > cursor.end) throw this.#bad(`it ends inside field ${number}`);
    cursor.offset = end;
  }

  #tag(): number {
    return this.uint32();
  }

  #bool(): boolean {
    const start = this.#cursor.offset;
    const result = this.#cursor.skip();
    if (result !== 0) {
      throw this.#bad(
        result === VARINT_TRUNCATED ? "it ends inside a number" : TOO_LARGE,
      );
    }
    // Any bit that is set makes it true, however many bytes were spent on it.
    for (let at = start; at < this.#cursor.offset; at++) {
      if ((this.#cursor.bytes[at]! & 0x7f) !== 0) return true;
    }
    return false;
  }

  #bytes(): Uint8Array {
    const cursor = this.#cursor;
    const end = this.length();
    const view = cursor.bytes.subarray(cursor.offset, end);
    cursor.offset = end;
    return view;
  }

  #more(): boolean {
    return this.#cursor.offset < this.#cursor.end;
  }

  /** Limits the cursor to the message that begins here; returns what `#leave()` restores. */
  #enter(): number {
    const outer = this.#cursor.end;
    this.#cursor.end = this.length();
    return outer;
  }

  #leave(outer: number): void {
    this.#cursor.end = outer;
  }

  #bad(found: string): FrameError {
    return new FrameError(
      "read a frame",
      `${found}, before byte ${this.#cursor.offset}`,
      "a protobuf message troupe.remote.v1.Frame was expected",
    );
  }
}

const TOO_LARGE = "a number is too large or too long";
