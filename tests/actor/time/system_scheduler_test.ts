import { assertEquals, assertThrows } from "@std/assert";
import { cron } from "../../../actor/time/cron.ts";
import {
  ActorSystem,
  protocol,
  SchedulerClosedError,
  tell,
} from "../../../actor/mod.ts";
import { ManualClock, settle } from "../../../testing/mod.ts";
import { gate, quietSystem, record } from "../fixtures.ts";

const Bell = protocol("bell", { ring: tell<string | void>() });

Deno.test("ActorSystem.scheduler sends once, again and again, and until it is cancelled, by the clock of the system", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const rings: [number, string | void][] = [];
  const bell = system.spawn(Bell, () => ({
    ring: (text) => void rings.push([clock.now(), text]),
  }));
  const { scheduler } = system;
  scheduler.scheduleOnce(30, bell, Bell.ring("once"));
  const job = scheduler.schedule(20, bell, Bell.ring("often"), {
    reference: "chime",
  });
  assertEquals(scheduler.list().map(({ reference }) => reference), [
    "chime",
    "job-1",
  ]);
  await clock.advance(50);
  assertEquals(rings, [[20, "often"], [30, "once"], [40, "often"]]);
  scheduler.cancel("chime");
  assertEquals([job.state, scheduler.list(), clock.pending], ["ended", [], 0]);
});

Deno.test("ActorSystem.scheduler takes the time by the calendar from the wall option", async () => {
  const clock = new ManualClock();
  const start = Date.parse("2026-03-01T11:59:30Z");
  const wall = () => start + clock.now();
  await using system = quietSystem({ clock, wall });
  const rings: string[] = [];
  const bell = system.spawn(Bell, () => ({
    ring: () => void rings.push(new Date(wall()).toISOString()),
  }));
  system.scheduler.schedule(
    cron("0 12 * * *", { timeZone: "UTC" }),
    bell,
    Bell.ring(),
  );
  system.scheduler.schedule(
    cron("45 59 * * * *", { timeZone: "UTC" }),
    bell,
    Bell.ring(),
  );
  await clock.advance(3_615_000);
  assertEquals(rings, [
    "2026-03-01T11:59:45.000Z",
    "2026-03-01T12:00:00.000Z",
    "2026-03-01T12:59:45.000Z",
  ]);
});

Deno.test("ActorSystem.drain() ends all schedules as it begins, takes none any more and leaves no timer", async () => {
  const clock = new ManualClock();
  const system = quietSystem({ clock });
  const held = gate();
  const bell = system.spawn(Bell, () => ({ ring: () => held.promise }));
  bell.tell(Bell.ring());
  await settle(system);
  const job = system.scheduler.schedule(10, bell, Bell.ring());
  const drained = system.drain();
  assertEquals([job.state, system.scheduler.list()], ["ended", []]);
  assertThrows(
    () => system.scheduler.scheduleOnce(1, bell, Bell.ring()),
    SchedulerClosedError,
    'Cannot schedule "bell.ring": the scheduler is closed',
  );
  held.resolve();
  await drained;
  assertEquals(clock.pending, 0);
});

Deno.test("ActorSystem lets the process end when it is disposed with schedules of a year", async () => {
  const system = new ActorSystem("test", { logger: null });
  const bell = system.spawn(Bell, () => ({ ring: () => {} }));
  system.scheduler.schedule(365 * 86_400_000, bell, Bell.ring());
  await system[Symbol.asyncDispose](); // the sanitizers find a timer that is left
  assertEquals(bell.tell(Bell.ring()), false);
});

Deno.test("ActorSystem.scheduler sends each of 100,000 messages once, to the actor that each was for", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const counts = new Uint8Array(100_000);
  const Counter = protocol("counter", { count: tell<number>() });
  const counters = Array.from(
    { length: 10 },
    (_, digit) =>
      system.spawn(Counter, () => ({
        count: (n) => {
          if (n % 10 === digit) counts[n] = (counts[n] ?? 0) + 1;
        },
      })),
  );
  for (let n = 0; n < counts.length; n++) {
    const counter = counters[n % 10];
    if (counter !== undefined) {
      system.scheduler.scheduleOnce(
        (n * 7_919) % 1_000,
        counter,
        Counter.count(n),
      );
    }
  }
  assertEquals(clock.pending, 1);
  await clock.advance(1_000);
  assertEquals(counts.every((count) => count === 1), true);
  assertEquals(clock.pending, 0);
});

Deno.test("ActorSystem warns of a schedule whose function fails", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const warnings = record(system, "warning");
  const bell = system.spawn(Bell, () => ({ ring: () => {} }));
  let asked = 0;
  system.scheduler.scheduleAt(
    (now) => {
      if (++asked > 1) throw new Error("no calendar");
      return now + 10;
    },
    bell,
    Bell.ring(),
  );
  await clock.advance(10);
  assertEquals(
    warnings.map(({ text, cause }) => [text, (cause as Error).message]),
    [["something that was to happen at a time failed", "no calendar"]],
  );
});
