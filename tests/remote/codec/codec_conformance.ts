/**
 * What every codec must do, run by the test file of each.
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import type { Codec } from "../../../actor/protocol/codec.ts";
import { CodecError } from "../../../remote/errors.ts";
import { FrameDecoder } from "../../../remote/wire/decoder.ts";
import { FrameWriter } from "../../../remote/wire/encoder.ts";
import { directCodec } from "../../../remote/wire/payload.ts";

/** A codec and what it is tried with. */
export interface CodecCase<T> {
  /** How the tests name it. */
  readonly name: string;
  /** The codec. */
  readonly codec: Codec<T>;
  /** What it must say of itself. */
  readonly format: string;
  /** Values that must come back equal; all differ. */
  readonly values: readonly T[];
  /** What `encode()` must refuse, typed as values because callers may cheat. */
  readonly refused: readonly T[];
}

/** Registers the tests. */
export function testCodec<T>(
  { name, codec, format, values, refused }: CodecCase<T>,
): void {
  Deno.test(`${name} gives back every value equal`, () => {
    for (const value of values) {
      assertEquals(codec.decode(codec.encode(value)), value);
    }
  });

  Deno.test(`${name} gives arrays of its own`, () => {
    for (const value of values) {
      const before = codec.encode(value).slice();
      codec.encode(value).fill(0xff);
      assertEquals(codec.encode(value).slice(), before);
    }
  });

  Deno.test(`${name} writes into frames what it encodes, and reads it there`, () => {
    const direct = directCodec(codec);
    const writer = new FrameWriter();
    const decoder = new FrameDecoder();
    for (const value of values) {
      writer.begin(1, 1, 0, 1, 0, 0);
      direct.write(value, writer);
      const size = writer.end();
      const bytes = writer.take()!;
      decoder.decode(bytes, 4, size);
      const { frame } = decoder;
      assertEquals(frame.payload().slice(), codec.encode(value).slice());
      assertEquals(
        direct.read(frame.buffer, frame.payloadStart, frame.payloadEnd),
        value,
      );
    }
  });

  Deno.test(`${name} says its format, and names it in what it refuses`, () => {
    assertEquals(codec.format, format);
    for (const value of refused) {
      const error = assertThrows(
        () => codec.encode(value),
        CodecError,
        `as ${format}`,
      );
      assertEquals([error.format, error.outcome, error.code], [
        format,
        "not_delivered",
        "codec_error",
      ]);
      assertThrows(
        () => directCodec(codec).write(value, new FrameWriter()),
        CodecError,
      );
    }
  });
}
