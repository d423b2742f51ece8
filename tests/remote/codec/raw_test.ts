import { assert, assertEquals, assertThrows } from "@std/assert";
import { CodecError } from "../../../remote/errors.ts";
import { bytes } from "../../../remote/codec/raw.ts";
import { testCodec } from "./codec_conformance.ts";

testCodec<Uint8Array>({
  name: "bytes()",
  codec: bytes(),
  format: "bytes",
  values: [
    new Uint8Array(),
    Uint8Array.of(0),
    Uint8Array.of(1, 2, 255),
    new Uint8Array(10_000).fill(7),
    new Uint8Array([9, 9, 1, 9]).subarray(2, 3),
  ],
  refused: [
    undefined,
    "text",
    [1],
    new Uint16Array(1),
  ] as unknown as Uint8Array[],
});

Deno.test("bytes() decodes to a view of the received bytes, without a copy", () => {
  const received = Uint8Array.of(1, 2, 3);
  assert(bytes().decode(received).buffer === received.buffer);
});

Deno.test("bytes() says what it found instead of bytes", () => {
  const codec = bytes();
  const cases: readonly (readonly [unknown, string])[] = [
    ["text", "a value of type string"],
    [undefined, "a value of type undefined"],
    [new Uint16Array(1), "an instance of Uint16Array"],
  ];
  for (const [value, found] of cases) {
    const error = assertThrows(
      () => codec.encode(value as Uint8Array),
      CodecError,
    );
    assertEquals(
      error.message,
      `Cannot encode "$" as bytes: found ${found}, a Uint8Array was expected`,
    );
  }
});
