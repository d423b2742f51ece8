import { assertEquals, assertNotStrictEquals } from "@std/assert";
import { Slab } from "../../internal/slab.ts";

Deno.test("Slab.take() gives every byte away once", () => {
  const slab = new Slab(64);
  const lengths = [8, 1, 0, 7, 8, 8, 8, 8, 8, 8, 8, 8, 3, 8];
  const arrays = lengths.map((length) => slab.take(length));
  assertEquals(arrays.map(({ length }) => length), lengths);
  for (const [index, array] of arrays.entries()) {
    assertEquals(array.every((byte) => byte === 0), true, `array ${index}`);
    array.fill(index + 1);
  }
  for (const [index, array] of arrays.entries()) {
    assertEquals(array.every((byte) => byte === index + 1), true, `${index}`);
  }
});

Deno.test("Slab.take() shares a buffer among small arrays and none with a large one", () => {
  const slab = new Slab(64);
  const [one, large, other] = [slab.take(8), slab.take(9), slab.take(8)];
  assertEquals(other.buffer === one.buffer, true);
  assertEquals(large.buffer.byteLength, 9);
  assertNotStrictEquals(large.buffer, one.buffer);
});
