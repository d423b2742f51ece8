import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  inFlight,
  median,
  percentile,
  prove,
  rate,
} from "../../bench/measure.ts";

Deno.test("median() is the middle value, or lies between the two middle ones", () => {
  assertEquals(median([3, 1, 2]), 2);
  assertEquals(median([4, 1, 3, 2]), 2.5);
  assertEquals(median([7]), 7);
});

Deno.test("percentile() takes the nearest rank", () => {
  const sorted = Array.from({ length: 100 }, (_, i) => i + 1);
  assertEquals(percentile(sorted, 0.99), 99);
  assertEquals(percentile(sorted, 0.5), 50);
  assertEquals(percentile(sorted, 0), 1);
  assertThrows(() => percentile([], 0.5), RangeError);
});

Deno.test("inFlight() makes each call once and never more at once than asked for", async () => {
  let open = 0;
  let most = 0;
  let calls = 0;
  const answers: number[] = [];
  const call = async () => {
    most = Math.max(most, ++open);
    await Promise.resolve();
    open--;
    return calls++;
  };
  await inFlight(4, 10, call, (answer) => answers.push(answer));
  assertEquals(most, 4);
  assertEquals(answers.toSorted((a, b) => a - b), [
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
  ]);
});

Deno.test("rate() fails when a batch fails", async () => {
  const batch = () =>
    Promise.resolve().then(() => prove("steps", 1, 2)).then(() => 2);
  await assertRejects(
    () => rate(batch, { warmup: 0, duration: 0 }),
    Error,
    "1 were done, not 2",
  );
});
