/**
 * Where codecs put payloads that may be compressed.
 * @module
 */

import {
  type Algorithm,
  MIN_COMPRESSED_BYTES,
  mostExpanded,
} from "./compression.ts";
import type { FrameWriter } from "../wire/encoder.ts";
import type { Compressed } from "../wire/fields.ts";
import type { PayloadSink } from "../wire/payload.ts";

const encoder = new TextEncoder();

/** Compresses payloads that are large, when that makes them smaller, on their way into a frame. */
export class CompressingSink implements PayloadSink {
  readonly #writer: FrameWriter;
  readonly #algorithm: Algorithm;

  /** What was done to the payload that came last; nothing when it was left as it is. */
  used: Compressed | undefined = undefined;

  constructor(writer: FrameWriter, algorithm: Algorithm) {
    this.#writer = writer;
    this.#algorithm = algorithm;
  }

  payload(bytes: Uint8Array): void {
    const smaller = this.shrink(bytes);
    if (this.used !== undefined) this.#writer.compression(this.used);
    this.#writer.payload(smaller);
  }

  text(text: string): void {
    if (text.length >= MIN_COMPRESSED_BYTES) {
      return this.payload(encoder.encode(text));
    }
    this.used = undefined;
    this.#writer.text(text);
  }

  /** What is sent for a payload: fewer bytes, or the same, as {@linkcode CompressingSink.used} says. */
  shrink(bytes: Uint8Array): Uint8Array {
    this.used = undefined;
    if (bytes.length < MIN_COMPRESSED_BYTES) return bytes;
    const { number, compress } = this.#algorithm;
    const smaller = compress(bytes);
    // Expanding takes time too: an eighth is the least that is worth it.
    if (smaller.length > bytes.length - (bytes.length >>> 3)) return bytes;
    // Nobody reads what is too good to be true.
    if (bytes.length > mostExpanded(smaller.length)) return bytes;
    this.used = { algorithm: number, totalBytes: bytes.length };
    return smaller;
  }
}
