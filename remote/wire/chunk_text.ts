/**
 * The texts in a chunk of many frames, for the price of one decoding.
 * @module
 */

import { Buffer } from "node:buffer";

/** Larger chunks hold few texts, and are not kept in memory. */
const MAX_CHUNK_BYTES = 131_072;
const HIGH_BITS = 0x80808080;

/**
 * Decodes a chunk byte by byte into one text and cuts the texts of its frames out of it, which costs a fifth
 * of decoding each. Keeps the last chunk: what it is given must never be written again.
 */
export class ChunkText {
  #bytes: Uint8Array | undefined = undefined;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #text = "";
  #isSuspicious: boolean | undefined = undefined;

  /**
   * Whether the chunk that was read last has a backslash, two underscores in a row or a text that ends with
   * `constructor` anywhere: only then may a text of it have an escaped character or a key that leads to a
   * prototype. Found out when it is first asked for.
   */
  get isSuspicious(): boolean {
    const text = this.#text;
    // With its quotation mark, as a longer word is found in less time.
    return this.#isSuspicious ??= text.includes("\\") ||
      text.includes("__") || text.includes('constructor"');
  }

  /** Returns the text from `start` to `end`, or `undefined` when it is not ASCII or the chunk is large. */
  read(bytes: Uint8Array, start: number, end: number): string | undefined {
    if (bytes !== this.#bytes) {
      if (bytes.length > MAX_CHUNK_BYTES) return undefined;
      this.#load(bytes);
    }
    return this.#isAscii(start, end)
      ? this.#text.substring(start, end)
      : undefined;
  }

  #load(bytes: Uint8Array): void {
    const text: string = Buffer.prototype.latin1Slice.call(
      bytes,
      0,
      bytes.length,
    );
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#text = text;
    this.#isSuspicious = undefined;
  }

  #isAscii(start: number, end: number): boolean {
    const view = this.#view;
    let bits = 0;
    let at = start;
    for (; at + 4 <= end; at += 4) bits |= view.getInt32(at);
    for (; at < end; at++) bits |= view.getUint8(at);
    return (bits & HIGH_BITS) === 0;
  }
}
