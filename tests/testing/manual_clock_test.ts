import { assertEquals, assertRejects } from "@std/assert";
import { ManualClock } from "../../testing/mod.ts";

Deno.test("ManualClock.now() shows what advance() and the constructor gave", async () => {
  const clock = new ManualClock(1_000);
  assertEquals(clock.now(), 1_000);
  await clock.advance(0.5);
  assertEquals(clock.now(), 1_000.5);
});

Deno.test("ManualClock.advance() runs timers in the order they are due, each at its time", async () => {
  const clock = new ManualClock();
  const rang: [string, number][] = [];
  const ring = (name: string) => () => void rang.push([name, clock.now()]);
  clock.setTimer(20, ring("late"));
  clock.setTimer(10, ring("first"));
  clock.setTimer(10, ring("second"));
  clock.setTimer(31, ring("too late"));
  await clock.advance(30);
  assertEquals(rang, [["first", 10], ["second", 10], ["late", 20]]);
  assertEquals(clock.now(), 30);
});

Deno.test("ManualClock.advance() runs timers that a timer sets", async () => {
  const clock = new ManualClock();
  const rang: number[] = [];
  const again = () => {
    rang.push(clock.now());
    clock.setTimer(10, again);
  };
  clock.setTimer(10, again);
  await clock.advance(35);
  assertEquals(rang, [10, 20, 30]);
  assertEquals(clock.pending, 1);
});

Deno.test("ManualClock.advance() lets what a timer led to run before the next timer", async () => {
  const clock = new ManualClock();
  const order: string[] = [];
  clock.setTimer(10, () =>
    setImmediate(() => {
      clock.now();
      setImmediate(() => order.push("followed"));
    }));
  clock.setTimer(11, () => order.push("next"));
  await clock.advance(20);
  assertEquals(order, ["followed", "next"]);
});

Deno.test("ManualClock.setTimer() gives a timer whose cancel() drops the call", async () => {
  const clock = new ManualClock();
  let rang = 0;
  const timers = [5, 5, 5, 7].map((delay) =>
    clock.setTimer(delay, () => rang++)
  );
  timers[1]?.cancel();
  timers[1]?.cancel();
  assertEquals(clock.pending, 3);
  await clock.advance(10);
  timers[0]?.cancel();
  assertEquals([rang, clock.pending], [3, 0]);
});

Deno.test("ManualClock.setTimer() runs ten thousand timers in order", async () => {
  const clock = new ManualClock();
  const rang: number[] = [];
  for (let i = 0; i < 10_000; i++) {
    clock.setTimer((i * 7_919) % 101, () => rang.push(clock.now()));
  }
  await clock.advance(101);
  assertEquals(rang.length, 10_000);
  assertEquals(rang, rang.toSorted((a, b) => a - b));
});

Deno.test("ManualClock.advance() refuses to go back and to be called twice at once", async () => {
  const clock = new ManualClock();
  await assertRejects(() => clock.advance(-1), RangeError, "by -1");
  await assertRejects(() => clock.advance(NaN), RangeError, "by NaN");
  const first = clock.advance(1);
  await assertRejects(() => clock.advance(1), TypeError, "one owner");
  await first;
  await clock.advance(1);
  assertEquals(clock.now(), 2);
});
