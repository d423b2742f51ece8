import { assertEquals } from "@std/assert";
import { fromDuration, remainingOf } from "../../../remote/goakt/time.ts";
import { toDuration } from "./fixtures.ts";

Deno.test("durationParts() and fromDuration() agree, below zero too", () => {
  for (const ms of [0, 1, 999, 1_000, 1_500.25, -0.000001, -2_500]) {
    assertEquals(fromDuration(toDuration(ms)), ms);
  }
  const { seconds, nanos } = toDuration(-0.000001);
  assertEquals([seconds, nanos], [0n, -1]);
});

Deno.test("remainingOf() reads moments and durations, and ignores clocks that differ", () => {
  const now = 1_800_000_000_000;
  const moment = (ms: number) => BigInt(now + ms) * 1_000_000n;
  assertEquals(remainingOf(0n, now), Infinity);
  assertEquals(remainingOf(-5n, now), Infinity);
  assertEquals(remainingOf(250_000_000n, now), 250);
  assertEquals(remainingOf(moment(250), now), 250);
  assertEquals(remainingOf(moment(-250), now), -250);
  assertEquals(remainingOf(moment(-61_000), now), Infinity);
});
