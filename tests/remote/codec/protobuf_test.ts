import { assertEquals, assertThrows } from "@std/assert";
import { create } from "@bufbuild/protobuf";
import { CodecError } from "../../../remote/errors.ts";
import {
  type Definition,
  DefinitionSchema,
  FrameSchema,
} from "../../../remote/gen/troupe/remote/v1/frame_pb.ts";
import { protobuf } from "../../../remote/codec/protobuf.ts";
import { testCodec } from "./codec_conformance.ts";

const codec = protobuf(DefinitionSchema);

testCodec<Definition>({
  name: "protobuf()",
  codec,
  format: "protobuf",
  values: [
    create(DefinitionSchema),
    create(DefinitionSchema, { number: 1, value: "é" }),
    create(DefinitionSchema, {
      number: 2 ** 32 - 1,
      table: 1,
      value: "x".repeat(500),
    }),
  ],
  refused: [
    undefined,
    {},
    create(FrameSchema),
    create(DefinitionSchema, { number: -1 }),
  ] as unknown as Definition[],
});

Deno.test("protobuf() has the message's full name and type", () => {
  assertEquals(codec.typeName, "troupe.remote.v1.Definition");
  const decoded: Definition = codec.decode(Uint8Array.of(0x08, 0x05));
  assertEquals(decoded.number, 5);
  // @ts-expect-error A message of another type is refused by the compiler too.
  assertThrows(() => codec.encode(create(FrameSchema)), CodecError);
});

Deno.test("protobuf() says what it found instead of its message", () => {
  assertThrows(
    () => codec.encode(create(FrameSchema) as unknown as Definition),
    CodecError,
    'Cannot encode "$" as protobuf: found a message "troupe.remote.v1.Frame", ' +
      'a message "troupe.remote.v1.Definition" was expected',
  );
  assertThrows(
    () => codec.encode({} as Definition),
    CodecError,
    "an object that is no message",
  );
});

Deno.test("protobuf() names the field whose value it refuses", () => {
  assertThrows(
    () => codec.encode(create(DefinitionSchema, { number: -1 })),
    CodecError,
    "troupe.remote.v1.Definition.number",
  );
});

Deno.test("protobuf() refuses bytes that are no valid message", () => {
  for (
    const bytes of [[0x08], [0x1a, 0x05, 0x41], [0x1a, 0x01, 0xff], [0x07]]
  ) {
    const error = assertThrows(
      () => codec.decode(Uint8Array.from(bytes)),
      CodecError,
    );
    assertEquals([error.format, error.cause instanceof Error], [
      "protobuf",
      true,
    ]);
  }
});

Deno.test("protobuf() keeps fields that its schema does not know", () => {
  const bytes = Uint8Array.of(0x08, 0x05, 0xa0, 0x06, 0x07);
  assertEquals(codec.encode(codec.decode(bytes)), bytes);
});

Deno.test("protobuf() refuses what is not a message schema", () => {
  const schema = { typeName: "a.B" } as unknown as typeof DefinitionSchema;
  assertThrows(
    () => protobuf(schema),
    TypeError,
    "Cannot make a protobuf codec",
  );
});
