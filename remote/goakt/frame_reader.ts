/**
 * Cutting a stream of bytes into frames.
 * @module
 */

import { concatBytes } from "../../internal/bytes.ts";
import {
  frameLength,
  MAX_FRAME_BYTES,
  type ParsedFrame,
  parseFrame,
} from "../frame.ts";

const EMPTY: Uint8Array = new Uint8Array();
const LENGTH_BYTES = 4;

/** Collects bytes and gives back the frames in them. Holds one unfinished frame at most, and what came behind it. */
export class FrameReader {
  readonly #limit: number;
  /** What was not read yet, in order; joined only when a frame needs it. */
  #parts: Uint8Array[] = [];
  #size = 0;
  /** The name of the last frame: the next one has most likely the same. */
  #name = "";

  /** Takes the bytes of the largest frame. */
  constructor(limit: number = MAX_FRAME_BYTES) {
    this.#limit = limit;
  }

  /** How many bytes wait, of a frame that is not complete or was not read. */
  get size(): number {
    return this.#size;
  }

  /** Takes bytes, which must never change afterwards: frames are views of them. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#parts.push(bytes);
    this.#size += bytes.length;
  }

  /**
   * The next frame, or `undefined` until the rest of it comes.
   *
   * @throws {FrameError} When the bytes are no frame; nothing more can be read then.
   */
  next(): ParsedFrame | undefined {
    if (this.#size < LENGTH_BYTES) return undefined;
    if (this.#first.length < LENGTH_BYTES) this.#join();
    const length = frameLength(this.#first, 0, this.#limit);
    if (this.#size < length) return undefined;
    if (this.#first.length < length) this.#join();
    const bytes = this.#first;
    this.#size -= length;
    let frame = bytes;
    if (bytes.length === length) this.#parts.shift();
    else {
      frame = bytes.subarray(0, length);
      this.#parts[0] = bytes.subarray(length);
    }
    const parsed = parseFrame(frame, this.#limit, this.#name);
    this.#name = parsed.name;
    return parsed;
  }

  get #first(): Uint8Array {
    return this.#parts[0] ?? EMPTY;
  }

  #join(): void {
    this.#parts = [concatBytes(this.#parts)];
  }
}
