/**
 * Finds the frames in what a socket delivers.
 * @module
 */

import { readUint32 } from "../../internal/bytes.ts";
import { FrameError } from "../errors.ts";
import { MAX_FRAME_BYTES } from "../frame.ts";

/** Settings of a {@linkcode FrameReader}. */
export interface FrameReaderOptions {
  /**
   * Largest frame in bytes, its length field included.
   * @default {16777216}
   */
  maxFrameBytes?: number;
  /**
   * What the length field counts: `"rest"`, what follows it, as in our lanes, or `"whole"`, itself too, as in
   * GoAkt's layout.
   * @default {"rest"}
   */
  counts?: "rest" | "whole";
}

const PREFIX_BYTES = 4;
/** GoAkt's shortest frame: two lengths. */
const MIN_WHOLE_BYTES = 8;
/** Up to this size a frame that comes in parts gets its room at once; a larger one as its bytes arrive. */
const RESERVE_BYTES = 131_072;
const MIN_BUFFER_BYTES = 256;
const NO_BYTES: Uint8Array = new Uint8Array();

/**
 * Cuts a stream of bytes into frames. After each `push()` call `next()` until it returns false. Frames that
 * lie within one chunk are not copied. Memory is bounded by the chunk and, for one frame that is not
 * complete, by 128 KiB or twice what has arrived of it, whichever is more, but never more than the frame.
 */
export class FrameReader {
  /** The bytes that the current frame lies in. They are never overwritten by the reader. */
  bytes: Uint8Array = NO_BYTES;
  /** Where the frame begins: after the length field, or with it when that counts itself. */
  start = 0;
  /** Where the frame ends. */
  end = 0;

  #maxFrameBytes: number;
  readonly #whole: boolean;
  #chunk: Uint8Array = NO_BYTES;
  /** Where the bytes of the chunk begin that were not read. */
  #at = 0;
  /** The beginning of a frame whose end is not in the chunk. */
  #partial: Uint8Array = NO_BYTES;
  #partialBytes = 0;

  /** Begins at the start of a frame. */
  constructor(options: FrameReaderOptions = {}) {
    const { maxFrameBytes = MAX_FRAME_BYTES, counts = "rest" } = options;
    this.#maxFrameBytes = maxFrameBytes;
    this.#whole = counts === "whole";
  }

  /** Largest frame in bytes. A new value counts from the next `next()` on. */
  get maxFrameBytes(): number {
    return this.#maxFrameBytes;
  }

  set maxFrameBytes(value: number) {
    this.#maxFrameBytes = value;
  }

  /** How many bytes have arrived of a frame that is not complete; 0 between frames. */
  get buffered(): number {
    return this.#partialBytes + this.#chunk.length - this.#at;
  }

  /** How many bytes of memory are held for a frame that is not complete, the chunk aside. */
  get reserved(): number {
    return this.#partial.length;
  }

  /**
   * Hands over the next bytes of the stream; the caller must not change them any more. All frames of the
   * chunk before must have been read.
   */
  push(chunk: Uint8Array): void {
    if (this.#at < this.#chunk.length) {
      throw new TypeError(
        `Cannot take a chunk: ${
          this.#chunk.length - this.#at
        } bytes of the last one are unread, next() was expected to return false first`,
      );
    }
    this.#chunk = chunk;
    this.#at = 0;
  }

  /**
   * Moves on to the next frame and sets `bytes`, `start` and `end`.
   *
   * @returns Whether there was a whole one.
   * @throws {FrameError} When a length is over the limit or, for GoAkt's layout, below 8; the stream is
   * then of no more use.
   */
  next(): boolean {
    if (this.#partialBytes > 0) return this.#complete();
    const chunk = this.#chunk;
    const at = this.#at;
    const available = chunk.length - at;
    if (available < PREFIX_BYTES) return this.#keep(PREFIX_BYTES);
    const size = this.#size(chunk, at);
    if (size > available) return this.#keep(size);
    this.bytes = chunk;
    this.start = this.#whole ? at : at + PREFIX_BYTES;
    this.end = this.#at = at + size;
    return true;
  }

  /** Takes the bytes that have arrived and belong to no frame that was read, and forgets them. */
  rest(): Uint8Array {
    const rest = new Uint8Array(this.buffered);
    rest.set(this.#partial.subarray(0, this.#partialBytes));
    rest.set(this.#chunk.subarray(this.#at), this.#partialBytes);
    this.#drop();
    this.#chunk = NO_BYTES;
    this.#at = 0;
    return rest;
  }

  /** The size of the frame that begins at `offset`, length field included. */
  #size(bytes: Uint8Array, offset: number): number {
    const length = readUint32(bytes, offset);
    const size = this.#whole ? length : length + PREFIX_BYTES;
    const least = this.#whole ? MIN_WHOLE_BYTES : PREFIX_BYTES;
    if (size <= this.#maxFrameBytes && size >= least) return size;
    throw new FrameError(
      "read a frame",
      `its length is ${size} bytes`,
      `between ${least} and ${this.#maxFrameBytes} bytes were expected`,
    );
  }

  /** Goes on with a frame that began in an earlier chunk. */
  #complete(): boolean {
    if (this.#partialBytes < PREFIX_BYTES) {
      this.#move(PREFIX_BYTES);
      if (this.#partialBytes < PREFIX_BYTES) return false;
    }
    const size = this.#size(this.#partial, 0);
    this.#move(size);
    if (this.#partialBytes < size) return false;
    this.bytes = this.#partial;
    this.start = this.#whole ? 0 : PREFIX_BYTES;
    this.end = size;
    this.#drop();
    return true;
  }

  /** Puts the rest of the chunk aside as the beginning of a frame of at least `size` bytes. */
  #keep(size: number): false {
    if (this.#at < this.#chunk.length) this.#move(size);
    this.#chunk = NO_BYTES;
    this.#at = 0;
    return false;
  }

  /** Moves bytes from the chunk to the partial frame until that has `size` bytes or the chunk is empty. */
  #move(size: number): void {
    const count = Math.min(
      size - this.#partialBytes,
      this.#chunk.length - this.#at,
    );
    const filled = this.#partialBytes + count;
    if (filled > this.#partial.length) {
      const wanted = size <= RESERVE_BYTES ? size : Math.min(size, 2 * filled);
      // While the length itself is not complete, `size` is 4.
      const larger = new Uint8Array(Math.max(MIN_BUFFER_BYTES, wanted));
      larger.set(this.#partial.subarray(0, this.#partialBytes));
      this.#partial = larger;
    }
    this.#partial.set(
      this.#chunk.subarray(this.#at, this.#at + count),
      this.#partialBytes,
    );
    this.#partialBytes = filled;
    this.#at += count;
  }

  #drop(): void {
    this.#partial = NO_BYTES;
    this.#partialBytes = 0;
  }
}
