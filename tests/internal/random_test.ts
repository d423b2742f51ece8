import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  randomIncarnation,
  seededRandom,
  systemRandom,
} from "../../internal/random.ts";

const take = (seed: number, count: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random.next());
};

Deno.test("seededRandom() repeats itself for a seed, and differs between seeds", () => {
  assertEquals(take(42, 1_000), take(42, 1_000));
  assertNotEquals(take(42, 10), take(43, 10));
  assertEquals(take(1, 5), take(1 + 2 ** 32, 5));
});

Deno.test("seededRandom() spreads its numbers evenly over [0, 1)", () => {
  const buckets = new Array<number>(10).fill(0);
  for (const number of take(7, 100_000)) {
    assert(number >= 0 && number < 1);
    buckets[Math.floor(number * 10)]!++;
  }
  for (const count of buckets) assert(count > 9_500 && count < 10_500);
});

Deno.test("systemRandom gives numbers in [0, 1)", () => {
  for (let i = 0; i < 100; i++) {
    const number = systemRandom.next();
    assert(number >= 0 && number < 1);
  }
});

Deno.test("randomIncarnation() never repeats and consists of lower-case letters and digits", () => {
  const names = Array.from({ length: 10_000 }, randomIncarnation);
  assertEquals(new Set(names).size, names.length);
  for (const name of names) assert(/^[a-z0-9]{16,}$/.test(name), name);
});
