import { assertEquals } from "@std/assert";
import { seededRandom } from "../../../internal/random.ts";
import { Pace } from "../../../remote/delivery/pace.ts";

function pace(): Pace {
  return new Pace({ min: 50, max: 200, jitter: 0 }, seededRandom(1));
}

Deno.test("Pace sends less after each refusal, with pauses up to four times the longest of the backoff", () => {
  const it = pace();
  assertEquals([it.isLimited, it.burst], [false, Infinity]);
  const seen: [number, number][] = [];
  for (let n = 0; n < 7; n++) {
    it.refused(32);
    seen.push([it.burst, it.pause]);
  }
  assertEquals(seen, [
    [16, 50],
    [8, 100],
    [4, 200],
    [2, 400],
    [1, 800],
    [1, 800],
    [1, 800],
  ]);
});

Deno.test("Pace sends more with each round that went well, with shorter pauses, and in the end without", () => {
  const it = pace();
  for (let n = 0; n < 20; n++) it.refused(32);
  const pauses: number[] = [];
  let rounds = 0;
  for (; it.isLimited; rounds++) {
    if (rounds % 8 === 0) pauses.push(it.pause);
    assertEquals(it.burst, 1 + rounds);
    it.passed();
  }
  assertEquals([pauses, rounds], [[800, 400, 200, 100, 50], 40]);
  assertEquals(it.burst, Infinity);
});
