/**
 * The codec for messages that are bytes already.
 * @module
 */

import type { Codec } from "../../actor/protocol/codec.ts";
import { CodecError } from "../errors.ts";
import { DirectCodec, type PayloadSink } from "../wire/payload.ts";

const FORMAT = "bytes";

/**
 * A codec that sends bytes as they are.
 *
 * The sender's array is copied before `encode()` or a `tell` returns, so it may be changed afterwards. What
 * a receiver gets is a view of a larger buffer, which is never written again: it may keep the view, and should
 * copy it (`view.slice()`) when it keeps little of much for long.
 *
 * Anything but a `Uint8Array` is refused with a `CodecError`.
 *
 * @example
 * ```ts
 * import { bytes } from "@troupe/troupe/remote";
 *
 * const codec = bytes();
 * console.log(codec.decode(codec.encode(Uint8Array.of(1, 2)))); // Uint8Array(2) [ 1, 2 ]
 * ```
 *
 * @returns The codec; it holds no state.
 */
export function bytes(): Codec<Uint8Array> {
  return CODEC;
}

class RawCodec extends DirectCodec<Uint8Array> {
  override readonly format = FORMAT;

  override encode(value: Uint8Array): Uint8Array {
    check(value);
    return Uint8Array.from(value);
  }

  override write(value: Uint8Array, to: PayloadSink): void {
    check(value);
    to.payload(value);
  }

  override read(bytes: Uint8Array, start: number, end: number): Uint8Array {
    return bytes.subarray(start, end);
  }
}

const CODEC: Codec<Uint8Array> = new RawCodec();

function check(value: unknown): void {
  if (value instanceof Uint8Array) return;
  const found = typeof value === "object" && value !== null
    ? `an instance of ${value.constructor?.name ?? "no class"}`
    : `a value of type ${typeof value}`;
  throw new CodecError(
    "encode",
    FORMAT,
    "$",
    found,
    "a Uint8Array was expected",
  );
}
