/**
 * How codecs reach the buffers directly: an encoded payload is written where it will be sent from, a
 * received one is decoded where it lies.
 * @module
 */

import type { Codec } from "../../actor/protocol/codec.ts";

/** Takes the payload of the frame that is being written. Exactly one of the methods is called, once. */
export interface PayloadSink {
  /** Copies `bytes`. */
  payload(bytes: Uint8Array): void;
  /** Encodes `text` as UTF-8. */
  text(text: string): void;
}

/** A codec that needs no array of its own. Everything else is as in {@linkcode Codec}. */
export abstract class DirectCodec<T> implements Codec<T> {
  /** @inheritdoc */
  abstract readonly format: string;
  /** @inheritdoc */
  abstract encode(value: T): Uint8Array;
  /** Encodes into a frame. When it throws, nothing was written. */
  abstract write(value: T, to: PayloadSink): void;
  /** Decodes the bytes from `start` to `end`, which are never overwritten. */
  abstract read(bytes: Uint8Array, start: number, end: number): T;

  /** @inheritdoc */
  decode(bytes: Uint8Array): T {
    return this.read(bytes, 0, bytes.length);
  }
}

class AdaptedCodec<T> extends DirectCodec<T> {
  readonly #codec: Codec<T>;
  override readonly format: string;

  constructor(codec: Codec<T>) {
    super();
    this.#codec = codec;
    this.format = codec.format;
  }

  override encode(value: T): Uint8Array {
    return this.#codec.encode(value);
  }

  override write(value: T, to: PayloadSink): void {
    to.payload(this.#codec.encode(value));
  }

  override read(bytes: Uint8Array, start: number, end: number): T {
    return this.#codec.decode(bytes.subarray(start, end));
  }
}

/** Returns `codec` itself when it is direct, otherwise a wrapper. Call it once per message type. */
export function directCodec<T>(codec: Codec<T>): DirectCodec<T> {
  return codec instanceof DirectCodec ? codec : new AdaptedCodec(codec);
}
