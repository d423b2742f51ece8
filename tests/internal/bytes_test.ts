import { assertEquals } from "@std/assert";
import {
  concatBytes,
  equalBytes,
  readInt64,
  readUint16,
  readUint32,
  writeInt64,
  writeUint16,
  writeUint32,
} from "../../internal/bytes.ts";

Deno.test("writeUint32() writes the highest byte first and readUint32() reads it back", () => {
  const bytes = new Uint8Array(6);
  writeUint32(bytes, 1, 0xfedcba98);
  assertEquals([...bytes], [0, 0xfe, 0xdc, 0xba, 0x98, 0]);
  assertEquals(readUint32(bytes, 1), 0xfedcba98);
});

Deno.test("writeUint16() writes the highest byte first and readUint16() reads it back", () => {
  const bytes = new Uint8Array(4);
  writeUint16(bytes, 1, 0xfedc);
  assertEquals([...bytes], [0, 0xfe, 0xdc, 0]);
  assertEquals(readUint16(bytes, 1), 0xfedc);
});

Deno.test("writeInt64() and readInt64() keep the sign and the extremes", () => {
  for (
    const value of [
      0n,
      1n,
      -1n,
      2n ** 63n - 1n,
      -(2n ** 63n),
      1_700_000_000_000_000_000n,
    ]
  ) {
    const bytes = new Uint8Array(9);
    writeInt64(bytes, 1, value);
    assertEquals(readInt64(bytes, 1), value);
    assertEquals(new DataView(bytes.buffer).getBigInt64(1), value);
  }
});

Deno.test("concatBytes() joins the parts in order", () => {
  assertEquals(concatBytes([]), new Uint8Array());
  assertEquals(
    concatBytes([Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3)]),
    Uint8Array.of(1, 2, 3),
  );
});

Deno.test("equalBytes() compares content and length", () => {
  assertEquals(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)), true);
  assertEquals(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3)), false);
  assertEquals(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 3)), false);
});
