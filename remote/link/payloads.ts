/**
 * Payloads on their way into the frames of one lane.
 * @module
 */

import { CHUNK_BYTES } from "./chunks.ts";
import { CompressingSink } from "../codec/compressing_sink.ts";
import type { Algorithm } from "../codec/compression.ts";
import type { LargeSender } from "./large_sender.ts";
import type { FrameWriter } from "../wire/encoder.ts";
import type { Compressed } from "../wire/fields.ts";
import type { DirectCodec } from "../wire/payload.ts";

/** Encodes payloads, compressed when that was agreed on, and refuses those that are larger than the peer takes. */
export class Payloads {
  readonly #writer: FrameWriter;
  readonly #large: LargeSender;
  /** Takes payloads, when they may be compressed. */
  #sink: CompressingSink | undefined = undefined;

  /** Writes with the writer of the lane, within the limit of its large messages. */
  constructor(writer: FrameWriter, large: LargeSender) {
    this.#writer = writer;
    this.#large = large;
  }

  /** Has payloads compressed from now on. */
  compressWith(algorithm: Algorithm | undefined): void {
    if (algorithm === undefined) return;
    this.#sink = new CompressingSink(this.#writer, algorithm);
  }

  /** What was done to the payload that came last; nothing when it was left as it is. */
  get compression(): Compressed | undefined {
    return this.#sink?.used;
  }

  /**
   * Puts a payload into the frame that was begun, or what is too much for it into the writer's `overflow`.
   *
   * @throws {FrameError} When it is larger than the peer takes.
   */
  write(codec: DirectCodec<unknown>, value: unknown, what: string): void {
    const writer = this.#writer;
    const { size } = writer;
    const sink = this.#sink;
    if (sink === undefined) codec.write(value, writer);
    else {
      sink.used = undefined; // a body without bytes does not come by
      codec.write(value, sink);
      const used = this.compression;
      if (used !== undefined) return this.#large.check(used.totalBytes, what);
    }
    const { overflow } = writer;
    if (overflow !== undefined) this.#large.check(overflow.length, what);
    else if (this.#large.maxBytes < CHUNK_BYTES) {
      // Such a limit is passed by what fits into one frame: a tag, a length of three bytes, the payload.
      this.#large.check(writer.size - size - 4, what);
    }
  }

  /**
   * Encodes a payload that must wait behind others.
   *
   * @throws {FrameError} When it is larger than the peer takes.
   */
  encode(
    codec: DirectCodec<unknown>,
    value: unknown,
    what: string,
  ): Uint8Array {
    const payload = codec.encode(value);
    this.#large.check(payload.length, what);
    return this.#sink === undefined ? payload : this.#sink.shrink(payload);
  }
}
