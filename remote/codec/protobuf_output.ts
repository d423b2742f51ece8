/**
 * Fields of protobuf messages as bytes, in a buffer that is kept from one message to the next.
 *
 * Values are not checked here. Layouts are those of the protobuf encoding guide: numbers in groups of seven bits or
 * with the lowest byte first.
 * @module
 */

import { Slab } from "../../internal/slab.ts";
import { utf8Size, writeUtf8 } from "../wire/text.ts";

const FIRST_BYTES = 256;
/** Messages up to this many bytes leave their buffer for the next. */
const KEPT_BYTES = 65_536;
/** What small messages are copied into, many into one buffer. */
const SLAB_BYTES = 4_096;
/** The longest number, and the longest tag. */
const VARINT_BYTES = 10;
const TAG_BYTES = 5;
const HIGH_BIT = 0x80;

/** Collects the fields of one message after the other. */
export class ProtobufOutput {
  readonly #slab: Slab = new Slab(SLAB_BYTES);
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_BYTES);
  #view: DataView<ArrayBuffer> = new DataView(this.#bytes.buffer);
  #at = 0;

  /** Bytes of the buffer. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** Forgets what was written, and lets go of a buffer that has become large. */
  clear(): void {
    this.#at = 0;
    if (this.#bytes.length > KEPT_BYTES) this.#use(new Uint8Array(FIRST_BYTES));
  }

  /** What was written, in an array that is never written again; it may share its buffer with others. */
  finish(): Uint8Array<ArrayBuffer> {
    const copy = this.#slab.take(this.#at);
    copy.set(this.#bytes.subarray(0, this.#at));
    return copy;
  }

  /** A tag and a number from 0 to 2 ** 53 - 1. */
  varint(tag: number, value: number): void {
    this.#reserve(TAG_BYTES + VARINT_BYTES);
    this.#number(tag);
    this.#number(value);
  }

  /** A tag and a number of 64 bits, as its halves from 0 to 2 ** 32 - 1. */
  varint64(tag: number, low: number, high: number): void {
    this.#reserve(TAG_BYTES + VARINT_BYTES);
    this.#number(tag);
    let [lower, upper] = [low, high];
    while (upper > 0) {
      this.#bytes[this.#at++] = (lower & 0x7f) | HIGH_BIT;
      lower = ((lower >>> 7) | (upper << 25)) >>> 0;
      upper >>>= 7;
    }
    this.#number(lower);
  }

  /** A tag and four bytes. */
  fixed32(tag: number, value: number): void {
    this.#view.setInt32(this.#fixed(tag, 4), value, true);
  }

  /** A tag and eight bytes. */
  fixed64(tag: number, value: bigint): void {
    this.#view.setBigUint64(this.#fixed(tag, 8), value, true);
  }

  /** A tag and a number with four bytes. */
  float(tag: number, value: number): void {
    this.#view.setFloat32(this.#fixed(tag, 4), value, true);
  }

  /** A tag and a number with eight bytes. */
  double(tag: number, value: number): void {
    this.#view.setFloat64(this.#fixed(tag, 8), value, true);
  }

  /** A tag, a length and text without lone surrogates. */
  string(tag: number, value: string): void {
    const length = utf8Size(value);
    this.#reserve(TAG_BYTES + TAG_BYTES + length);
    this.#number(tag);
    this.#number(length);
    this.#at = writeUtf8(this.#bytes, this.#at, value);
  }

  /** A tag, a length and that many bytes. */
  bytes(tag: number, value: Uint8Array): void {
    this.varint(tag, value.length);
    this.raw(value);
  }

  /** Bytes as they are, behind a tag. */
  tagged(tag: number, value: Uint8Array): void {
    this.#reserve(TAG_BYTES);
    this.#number(tag);
    this.raw(value);
  }

  /** Bytes as they are. */
  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  /** Writes the tag and returns where the value goes. */
  #fixed(tag: number, size: number): number {
    this.#reserve(TAG_BYTES + size);
    this.#number(tag);
    const at = this.#at;
    this.#at += size;
    return at;
  }

  #number(value: number): void {
    const bytes = this.#bytes;
    let at = this.#at;
    let left = value;
    while (left > 0x7fffffff) {
      bytes[at++] = (left % HIGH_BIT) | HIGH_BIT;
      left = Math.floor(left / HIGH_BIT);
    }
    while (left >= HIGH_BIT) {
      bytes[at++] = (left & 0x7f) | HIGH_BIT;
      left >>>= 7;
    }
    bytes[at++] = left;
    this.#at = at;
  }

  #reserve(count: number): void {
    const needed = this.#at + count;
    let { length } = this.#bytes;
    if (needed <= length) return;
    while (length < needed) length *= 2;
    const larger = new Uint8Array(length);
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#use(larger);
  }

  #use(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}
