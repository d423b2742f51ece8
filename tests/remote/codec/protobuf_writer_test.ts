import {
  create,
  createFileRegistry,
  type DescMessage,
  fromBinary,
  type Message,
  ScalarType,
  toBinary,
} from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label,
  type FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  StringValueSchema,
  StructSchema,
} from "@bufbuild/protobuf/wkt";
import { assert, assertEquals } from "@std/assert";
import { type Random, seededRandom } from "../../../internal/random.ts";
import { FlatWriter } from "../../../remote/codec/protobuf_writer.ts";

const ENUM = 14;
/** All scalars of protobuf, and an enum. */
const TYPES = [...Array(18).keys()].map((it) => it + 1)
  .filter((type) => type === ENUM || type in ScalarType);

/** A schema with a field of every type: proto2 fields know whether they are set, proto3 fields do not. */
function everyType(syntax: "proto2" | "proto3"): DescMessage {
  const file: FileDescriptorProto = create(FileDescriptorProtoSchema, {
    name: `${syntax}.proto`,
    package: syntax,
    syntax,
    enumType: [{
      name: "Level",
      value: [{ name: "LOW", number: 0 }, { name: "HIGH", number: 300 }],
    }],
    messageType: [{
      name: "Every",
      field: TYPES.toReversed().map((type) => ({
        name: `f${type}`,
        number: type * 3,
        type: type as FieldDescriptorProto_Type,
        label: FieldDescriptorProto_Label.OPTIONAL,
        ...(type === ENUM && { typeName: `.${syntax}.Level` }),
      })),
    }],
  });
  const set = create(FileDescriptorSetSchema, { file: [file] });
  const schema = createFileRegistry(set).getMessage(`${syntax}.Every`);
  assert(schema !== undefined);
  return schema;
}

/** Values that matter for a type: its zero, its bounds and what takes more than one byte. */
function valuesOf(type: number): unknown[] {
  switch (type) {
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return [0, -0, 1.5, -Infinity, NaN];
    case ScalarType.BOOL:
      return [false, true];
    case ScalarType.STRING:
      return ["", "a", "é".repeat(100), "x".repeat(300)];
    case ScalarType.BYTES:
      return [new Uint8Array(0), Uint8Array.of(0), new Uint8Array(200).fill(9)];
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return [0, 1, 128, 2 ** 32 - 1];
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return [
        0n,
        1n,
        2n ** 32n,
        2n ** 53n - 1n,
        2n ** 53n,
        2n ** 64n - 1n,
      ];
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return [
        0n,
        -1n,
        2n ** 53n,
        -(2n ** 53n),
        2n ** 63n - 1n,
        -(2n ** 63n),
      ];
    case ENUM:
      return [0, 300];
    default:
      return [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)];
  }
}

function writerOf(schema: DescMessage): FlatWriter {
  const writer = FlatWriter.of(schema);
  assert(writer !== undefined);
  return writer;
}

/** A message with some of the fields set, each to one of the values that matter. */
function randomMessage(schema: DescMessage, random: Random): Message {
  const message: Message & Record<string, unknown> = create(schema);
  const below = (bound: number) => Math.floor(random.next() * bound);
  for (const type of TYPES) {
    const values = valuesOf(type);
    if (below(3) > 0) message[`f${type}`] = values[below(values.length)];
  }
  return message;
}

for (const syntax of ["proto2", "proto3"] as const) {
  Deno.test(`FlatWriter.write() gives the bytes of toBinary() for every type of ${syntax}`, () => {
    const schema = everyType(syntax);
    assertEquals(schema.fields.length, 16);
    const writer = writerOf(schema);
    for (const type of TYPES) {
      for (const value of valuesOf(type)) {
        const message = create(schema, { [`f${type}`]: value });
        assertEquals(writer.write(message), toBinary(schema, message));
      }
    }
    const seed = Date.now();
    const random = seededRandom(seed);
    for (let i = 0; i < 500; i++) {
      const message = randomMessage(schema, random);
      assertEquals(
        writer.write(message),
        toBinary(schema, message),
        `seed ${seed}`,
      );
    }
  });
}

Deno.test("FlatWriter.write() keeps unknown fields", () => {
  const bytes = Uint8Array.of(0x0a, 0x01, 0x41, 0xa0, 0x06, 0x07);
  const message = fromBinary(StringValueSchema, bytes);
  assertEquals(writerOf(StringValueSchema).write(message), bytes);
});

Deno.test("FlatWriter.write() gives arrays that later messages do not touch", () => {
  const writer = writerOf(StringValueSchema);
  const lengths = [5, 0, 600, 5, 1_000_000, 200_000, 5];
  const texts = lengths.map((length, index) => `${index}`.repeat(length));
  const messages = texts.map((value) => create(StringValueSchema, { value }));
  const written = messages.map((message) => writer.write(message));
  for (const [index, bytes] of written.entries()) {
    assert(bytes !== undefined);
    const { value } = fromBinary(StringValueSchema, bytes);
    assert(value === texts[index], `text ${index} has changed`);
  }
});

Deno.test("FlatWriter.write() writes no zero of a field without presence, whatever it is made of", () => {
  const schema = everyType("proto3");
  const writer = writerOf(schema);
  for (const type of [ScalarType.INT64, ScalarType.UINT64]) {
    for (const zero of [0, 0n, "0", "00"]) {
      const message = Object.assign(create(schema), { [`f${type}`]: zero });
      assertEquals(toBinary(schema, message), new Uint8Array(0));
      assertEquals(writer.write(message), new Uint8Array(0));
    }
  }
});

Deno.test("FlatWriter.write() may be called while it is under way", () => {
  const writer = writerOf(everyType("proto3"));
  const inner = create(everyType("proto3"), { f3: "inner" });
  const message = create(everyType("proto3"));
  const expected = toBinary(everyType("proto3"), message);
  Object.defineProperty(message, "f9", {
    get: () => {
      writer.write(inner);
      return "";
    },
  });
  assertEquals(writer.write(message), expected);
});

Deno.test("FlatWriter.write() leaves what is not of the type of its field to the library", () => {
  const schema = everyType("proto3");
  const writer = writerOf(schema);
  const wrong: [ScalarType, ...unknown[]][] = [
    [ScalarType.DOUBLE, "1", undefined],
    [ScalarType.FLOAT, "1", 1e300, -1e300],
    [ScalarType.BOOL, 1, "true"],
    [ScalarType.STRING, 7, "\ud800", "a\udc00b"],
    [ScalarType.BYTES, [1], "abc"],
    [ScalarType.INT32, "1", 1.5, NaN, 2 ** 31, -(2 ** 31) - 1],
    [ScalarType.SINT32, "1", 1.5, NaN, 2 ** 31, -(2 ** 31) - 1],
    [ScalarType.SFIXED32, "1", 1.5, NaN, 2 ** 31, -(2 ** 31) - 1],
    [ScalarType.UINT32, "1", 1.5, NaN, 2 ** 32, -1],
    [ScalarType.FIXED32, "1", 1.5, NaN, 2 ** 32, -1],
    [ScalarType.INT64, 1, "1", 2n ** 63n, -(2n ** 63n) - 1n],
    [ScalarType.SINT64, 1, "1", 2n ** 63n, -(2n ** 63n) - 1n],
    [ScalarType.SFIXED64, 1, "1", 2n ** 63n, -(2n ** 63n) - 1n],
    [ScalarType.UINT64, 1, "1", 2n ** 64n, -1n],
    [ScalarType.FIXED64, 1, "1", 2n ** 64n, -1n],
    [ENUM as ScalarType, "1", 1.5, 2 ** 31],
  ];
  assertEquals(wrong.length, TYPES.length);
  for (const [type, ...values] of wrong) {
    for (const value of values) {
      const message = Object.assign(create(schema), { [`f${type}`]: value });
      const what = `${type} ${String(value)}`;
      assertEquals(writer.write(message), undefined, what);
      assertEquals(writer.write(create(schema)), new Uint8Array(0), what);
    }
  }
});

Deno.test("FlatWriter keeps 64 KiB from one message to the next, whoever wrote the last", () => {
  const schema = everyType("proto3");
  const writer = writerOf(schema);
  const written = (fields: Record<string, unknown>): [boolean, number] => {
    const message = Object.assign(create(schema), fields);
    return [writer.write(message) !== undefined, writer.kept];
  };
  const bytes = (length: number) => new Uint8Array(length);
  assertEquals(writer.kept, 0);
  assertEquals(written({ f12: bytes(60_000) }), [true, 65_536]);
  assertEquals(written({ f12: bytes(70_000) }), [true, 256]);
  // A field behind the bytes is for the library.
  assertEquals(written({ f12: bytes(60_000), f13: "1" }), [false, 65_536]);
  assertEquals(written({ f12: bytes(1_000_000), f13: "1" }), [false, 256]);
});

Deno.test("FlatWriter.of() leaves lists, maps, messages and choices to the library", () => {
  assertEquals(FlatWriter.of(StructSchema), undefined);
  assertEquals(FlatWriter.of(FileDescriptorSetSchema), undefined);
  assertEquals(FlatWriter.of(FieldDescriptorProtoSchema), undefined);
});
