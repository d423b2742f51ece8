/**
 * Streams that are compressed as a whole, one in each direction of a connection, as GoAkt does it.
 * @module
 */

import type { CodecRoom } from "./codec_budget.ts";

/** The compressing end of one direction. */
export interface Compressor {
  /**
   * Returns bytes from which the other end can decode all that was given so far. Must not be called again
   * before it has resolved.
   */
  compress(bytes: Uint8Array): Promise<Uint8Array> | Uint8Array;
  /** Lets go of what it holds. */
  close(): void;
}

/** The other end. Holds little more than it was given last, however much that expands to. */
export interface Decompressor {
  /**
   * Takes bytes, when the last ones have been used up.
   *
   * @throws {CodecRoomError} When there is no room for what they ask for, as `pull` does.
   * @throws When they ask for more than is allowed.
   */
  push(bytes: Uint8Array): void;
  /**
   * Returns what was decoded next, a piece at a time; `undefined` once the bytes that were given are used up.
   * Must not be called again before it has resolved.
   *
   * @throws When the bytes are no such stream.
   */
  pull():
    | Promise<Uint8Array<ArrayBuffer> | undefined>
    | Uint8Array<ArrayBuffer>
    | undefined;
  /** Lets go of what it holds; a pull that waits resolves with `undefined`. */
  close(): void;
}

/** Makes the two ends. */
export interface CompressedStream {
  /** Bytes of memory that both ends take at first, and for good when the peer is an honest one that says little. */
  readonly bytes: number;
  /** The end that sends. */
  compressor(): Compressor;
  /** The end that receives. It takes what it needs besides {@linkcode CompressedStream.bytes}. */
  decompressor(room: CodecRoom): Decompressor;
}
