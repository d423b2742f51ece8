import { assertEquals } from "@std/assert";
import {
  varint32Size,
  varint53Size,
  VARINT_TOO_LARGE,
  VARINT_TRUNCATED,
  VarintCursor,
  writeVarint32,
  writeVarint53,
} from "../../internal/varint.ts";

const EDGES_32 = [
  0,
  1,
  127,
  128,
  16383,
  16384,
  2097151,
  2097152,
  268435455,
  268435456,
];
const EDGES_53 = [
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 35,
  2 ** 49 - 1,
  2 ** 49,
];

function cursor(...bytes: number[]): VarintCursor {
  return new VarintCursor(Uint8Array.from(bytes), 0, bytes.length);
}

Deno.test("writeVarint32() writes the bytes of the protobuf documentation", () => {
  const bytes = new Uint8Array(5);
  assertEquals(writeVarint32(bytes, 0, 150), 2);
  assertEquals([...bytes.subarray(0, 2)], [0x96, 0x01]);
  assertEquals(writeVarint32(bytes, 0, 2 ** 32 - 1), 5);
  assertEquals([...bytes], [0xff, 0xff, 0xff, 0xff, 0x0f]);
});

Deno.test("varint32 values come back, at the size that was announced", () => {
  for (const value of [...EDGES_32, 2 ** 31, 2 ** 32 - 1]) {
    const bytes = new Uint8Array(8);
    const end = writeVarint32(bytes, 1, value);
    assertEquals(end - 1, varint32Size(value), `size of ${value}`);
    const reader = new VarintCursor(bytes, 1, end);
    assertEquals(reader.varint32(), value);
    assertEquals(reader.offset, end);
  }
});

Deno.test("varint53 values come back, at the size that was announced", () => {
  for (const value of [...EDGES_32, ...EDGES_53, Number.MAX_SAFE_INTEGER]) {
    const bytes = new Uint8Array(10);
    const end = writeVarint53(bytes, 1, value);
    assertEquals(end - 1, varint53Size(value), `size of ${value}`);
    const reader = new VarintCursor(bytes, 1, end);
    assertEquals(reader.varint53(), value);
    assertEquals(reader.offset, end);
  }
});

Deno.test("VarintCursor tells a varint that ends too early", () => {
  assertEquals(cursor().varint32(), VARINT_TRUNCATED);
  assertEquals(cursor(0x80).varint32(), VARINT_TRUNCATED);
  assertEquals(cursor(0xff, 0xff).varint53(), VARINT_TRUNCATED);
  assertEquals(cursor(0xff, 0xff).skip(), VARINT_TRUNCATED);
  assertEquals(
    new VarintCursor(Uint8Array.of(0x80, 0x01), 0, 1).varint32(),
    VARINT_TRUNCATED,
  );
});

Deno.test("VarintCursor tells a varint that is too large or too long", () => {
  assertEquals(
    cursor(0xff, 0xff, 0xff, 0xff, 0x1f).varint32(),
    VARINT_TOO_LARGE,
  );
  assertEquals(
    cursor(0x80, 0x80, 0x80, 0x80, 0x80, 0x00).varint32(),
    VARINT_TOO_LARGE,
  );
  assertEquals(
    cursor(...Array(7).fill(0xff), 0x1f).varint53(),
    VARINT_TOO_LARGE,
  );
  assertEquals(
    cursor(...Array(7).fill(0xff), 0x0f).varint53(),
    Number.MAX_SAFE_INTEGER,
  );
  assertEquals(cursor(...Array(9).fill(0xff), 0x01).skip(), 0);
  assertEquals(cursor(...Array(10).fill(0xff), 0x01).skip(), VARINT_TOO_LARGE);
});

Deno.test("VarintCursor accepts a varint with needless zero bytes", () => {
  assertEquals(cursor(0x81, 0x80, 0x00).varint32(), 1);
  assertEquals(cursor(0x81, 0x80, 0x00).varint53(), 1);
});
