import { assertEquals, assertStrictEquals } from "@std/assert";
import { ask, PROTOCOL, protocol, tell } from "../../../actor/mod.ts";
import { CodecCache, codecOf } from "../../../remote/codec/message_codecs.ts";
import { bytes } from "../../../remote/codec/raw.ts";

const Mixed = protocol("mixed", {
  plain: tell<number>(),
  raw: ask(bytes(), bytes()),
  custom: tell({
    format: "upper",
    encode: (text: string) => new TextEncoder().encode(text.toUpperCase()),
    decode: (encoded: Uint8Array) => new TextDecoder().decode(encoded),
  }),
});

Deno.test("CodecCache finds the codecs of each message once, by position", () => {
  const cache = new CodecCache();
  const codecs = cache.of(Mixed[PROTOCOL]);
  assertEquals(
    codecs.map(({ input, output }) => [input.format, output.format]),
    [["json", "json"], ["bytes", "bytes"], ["upper", "json"]],
  );
  assertStrictEquals(cache.of(Mixed[PROTOCOL]), codecs);
});

Deno.test("CodecCache adapts a codec that knows nothing of frames", () => {
  const [, , custom] = new CodecCache().of(Mixed[PROTOCOL]);
  const encoded = custom!.input.encode("abc");
  assertEquals(
    custom!.input.read(new Uint8Array([1, ...encoded, 2]), 1, 4),
    "ABC",
  );
});

Deno.test("codecOf() is JSON when nothing is said", () => {
  const codec = codecOf(undefined);
  assertEquals(codec.decode(codec.encode({ a: [1] })), { a: [1] });
  assertEquals(codec.encode(undefined).length, 0);
});
