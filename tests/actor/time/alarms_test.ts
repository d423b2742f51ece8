import { assertEquals } from "@std/assert";
import { Alarm, Alarms } from "../../../actor/time/alarms.ts";
import type { Clock } from "../../../internal/clock.ts";
import { ManualClock } from "../../../testing/mod.ts";
import { raise } from "../fixtures.ts";

class Bell extends Alarm {
  readonly #onRing: (now: number) => void;

  constructor(onRing: (now: number) => void) {
    super();
    this.#onRing = onRing;
  }

  ring(now: number): void {
    this.#onRing(now);
  }
}

Deno.test("Alarms rings an alarm once for each time that it is set, at the last time that it was given", async () => {
  const clock = new ManualClock();
  const alarms = new Alarms(clock, raise);
  const rings: number[] = [];
  const bell = new Bell((now) => rings.push(now));
  alarms.set(bell, 10);
  alarms.set(bell, 30);
  assertEquals(alarms.size, 1);
  await clock.advance(20);
  alarms.set(bell, 25);
  await clock.advance(100);
  alarms.set(bell, 130);
  await clock.advance(100);
  assertEquals(rings, [25, 130]);
  assertEquals(clock.pending, 0);
});

Deno.test("Alarms lets other timers in between when very many ring at one time", () => {
  const runs: (() => void)[] = [];
  const delays: number[] = [];
  const clock: Clock = {
    now: () => 10,
    setTimer: (delay, run) => {
      delays.push(delay);
      runs.push(run);
      return { cancel: () => runs.splice(runs.indexOf(run), 1) };
    },
  };
  const alarms = new Alarms(clock, raise);
  let rings = 0;
  for (let i = 0; i < 2_500; i++) alarms.set(new Bell(() => rings++), 10);
  const counts: number[] = [];
  for (let run = runs.shift(); run !== undefined; run = runs.shift()) {
    run();
    counts.push(rings);
  }
  assertEquals(counts, [1_024, 2_048, 2_500]);
  assertEquals(delays, [0, 0, 0]);
});

Deno.test("Alarms reports an alarm that throws and rings the others", async () => {
  const clock = new ManualClock();
  const errors: unknown[] = [];
  const alarms = new Alarms(clock, (error) => errors.push(error));
  let rings = 0;
  alarms.set(new Bell(() => raise("no")), 10);
  alarms.set(new Bell(() => rings++), 10);
  alarms.set(new Bell(() => rings++), 20);
  await clock.advance(20);
  assertEquals([errors, rings], [["no"], 2]);
});

Deno.test("Alarms can be set, dropped and cleared by an alarm that rings", async () => {
  const clock = new ManualClock();
  const alarms = new Alarms(clock, raise);
  const rings: string[] = [];
  const later = new Bell(() => rings.push("later"));
  const dropped = new Bell(() => rings.push("dropped"));
  alarms.set(
    new Bell(() => {
      rings.push("first");
      alarms.drop(dropped); // the last one that is set: the timer is given up
      alarms.set(later, 15);
      alarms.set(dropped, 12);
      alarms.drop(dropped);
    }),
    10,
  );
  alarms.set(dropped, 10);
  await clock.advance(20);
  assertEquals(rings, ["first", "later"]);
  alarms.set(new Bell(() => alarms.clear()), 30);
  alarms.set(later, 30);
  await clock.advance(20);
  assertEquals([rings.length, clock.pending, alarms.size], [2, 0, 0]);
});
