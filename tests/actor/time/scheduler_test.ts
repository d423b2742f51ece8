import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Alarms } from "../../../actor/time/alarms.ts";
import {
  type ActorRef,
  type ActorSystem,
  type AnyProtocol,
  protocol,
  tell,
} from "../../../actor/mod.ts";
import { SystemScheduler } from "../../../actor/time/scheduler.ts";
import {
  ScheduleNotFoundError,
  SchedulerClosedError,
  ScheduleTakenError,
} from "../../../actor/time/scheduler_errors.ts";
import { type Clock, systemClock } from "../../../internal/clock.ts";
import { seededRandom } from "../../../internal/random.ts";
import { ManualClock, settle } from "../../../testing/mod.ts";
import { gate, quietSystem, raise, record } from "../fixtures.ts";

const Bell = protocol("bell", { ring: tell<string | void>(), other: tell() });
const Door = protocol("door", { knock: tell() });

class Stage implements AsyncDisposable {
  readonly clock: ManualClock = new ManualClock();
  /** What is added to the time of the clock to get the time by the calendar. */
  wallOffset = 0;
  readonly errors: unknown[] = [];
  readonly alarms: Alarms = new Alarms(
    this.clock,
    (error) => this.errors.push(error),
  );
  readonly scheduler: SystemScheduler = new SystemScheduler(
    this.alarms,
    () => this.clock.now() + this.wallOffset,
  );
  readonly system: ActorSystem = quietSystem({ clock: this.clock });
  readonly rings: [number, string | void][] = [];
  readonly senders: (ActorRef<AnyProtocol> | undefined)[] = [];
  readonly bell: ActorRef<typeof Bell> = this.system.spawn(Bell, () => ({
    ring: (text, ctx) => {
      this.rings.push([this.clock.now(), text]);
      this.senders.push(ctx.sender);
    },
    other: () => {},
  }));

  get times(): number[] {
    return this.rings.map(([time]) => time);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.scheduler.close();
    await this.system.drain();
  }
}

/** A clock whose timers come only when the test lets them, however late that is. */
class SleepyClock implements Clock {
  time = 0;
  timer: { delay: number; run: () => void } | undefined = undefined;
  timers = 0;

  now(): number {
    return this.time;
  }

  setTimer(delay: number, run: () => void): { cancel(): void } {
    const timer = { delay, run };
    assertEquals(this.timer, undefined, "one timer at a time");
    this.timer = timer;
    this.timers++;
    return {
      cancel: () => {
        if (this.timer === timer) this.timer = undefined;
      },
    };
  }

  wake(time: number): void {
    this.time = time;
    const timer = this.timer;
    this.timer = undefined;
    timer?.run();
  }
}

Deno.test("Scheduler.scheduleOnce() sends the message once, when its time has come", async () => {
  await using stage = new Stage();
  const { clock, scheduler, bell, rings } = stage;
  const job = scheduler.scheduleOnce(100, bell, Bell.ring("a"));
  assertEquals([job.state, job.next], ["scheduled", 100]);
  await clock.advance(99);
  assertEquals(rings, []);
  await clock.advance(1);
  assertEquals(rings, [[100, "a"]]);
  assertEquals([job.state, job.next], ["ended", Infinity]);
  await clock.advance(1_000);
  assertEquals(rings.length, 1);
  assertEquals([scheduler.list(), clock.pending], [[], 0]);
});

Deno.test("Scheduler sends what is due at one time in the order of scheduling", async () => {
  await using stage = new Stage();
  const { clock, scheduler, bell, rings } = stage;
  for (const text of ["a", "b", "c", "d"]) {
    scheduler.scheduleOnce(10, bell, Bell.ring(text));
  }
  scheduler.scheduleOnce(5, bell, Bell.ring("first"));
  scheduler.scheduleOnce(0, bell, Bell.ring("now"));
  await clock.advance(10);
  assertEquals(rings.map(([, text]) => text).join(), "now,first,a,b,c,d");
});

Deno.test("Scheduler uses one timer of the clock for all jobs", async () => {
  await using stage = new Stage();
  const { clock, scheduler, bell } = stage;
  for (let i = 0; i < 100; i++) {
    scheduler.scheduleOnce(200 - i, bell, Bell.ring());
  }
  assertEquals(clock.pending, 1);
  const jobs = scheduler.list();
  assertEquals(jobs.map(({ next }) => next)[0], 101);
  for (const job of jobs) job.cancel();
  assertEquals(clock.pending, 0);
});

Deno.test("Scheduler waits longer than a timer of the platform can", async () => {
  await using stage = new Stage();
  const { clock, scheduler, bell } = stage;
  const delay = 2 ** 31 + 12_345;
  scheduler.scheduleOnce(delay, bell, Bell.ring());
  await clock.advance(delay - 1);
  assertEquals(stage.times, []);
  await clock.advance(1);
  assertEquals(stage.times, [delay]);
});

Deno.test("Scheduler.schedule() repeats at a fixed rate from the first time on", async () => {
  await using stage = new Stage();
  const { clock, scheduler, bell } = stage;
  const job = scheduler.schedule(10, bell, Bell.ring());
  scheduler.schedule({ initial: 0, every: 25 }, bell, Bell.ring("late"));
  await clock.advance(50);
  assertEquals(
    stage.rings.filter(([, text]) => text === undefined).map(([at]) => at),
    [10, 20, 30, 40, 50],
  );
  assertEquals(
    stage.rings.filter(([, text]) => text === "late").map(([at]) => at),
    [0, 25, 50],
  );
  assertEquals([job.state, job.next], ["scheduled", 60]);
});

Deno.test("Scheduler keeps a rate of fractions over many intervals", async () => {
  await using stage = new Stage();
  const { clock, scheduler, bell } = stage;
  const job = scheduler.schedule(1.1, bell, Bell.ring());
  await clock.advance(1_100);
  assertEquals(stage.times.length, 1_000);
  job.cancel();
});

Deno.test("Scheduler sends once after a long sleep, without a burst, and returns to its rate", async () => {
  await using stage = new Stage();
  const clock = new SleepyClock();
  const scheduler = new SystemScheduler(new Alarms(clock, raise));
  const { bell, rings, system } = stage;
  const job = scheduler.schedule(10, bell, Bell.ring("rate"));
  scheduler.scheduleOnce(15, bell, Bell.ring("once"));
  clock.wake(86_400_003);
  await settle(system);
  assertEquals(rings.map(([, text]) => text), ["rate", "once"]);
  assertEquals(job.next, 86_400_010);
  clock.wake(86_400_010);
  await settle(system);
  assertEquals(rings.length, 3);
  scheduler.close();
  assertEquals(clock.timer, undefined);
});

Deno.test("Scheduler asks for whole milliseconds and never sends early when a timer is early", async () => {
  await using stage = new Stage();
  const clock = new SleepyClock();
  const scheduler = new SystemScheduler(new Alarms(clock, raise));
  clock.time = 0.7;
  scheduler.scheduleOnce(5, stage.bell, Bell.ring());
  clock.time = 0.9;
  assertEquals(clock.timer?.delay, 5);
  clock.wake(5.6);
  await settle(stage.system);
  assertEquals(stage.rings.length, 0);
  assertEquals([clock.timer?.delay, clock.timers], [1, 2]);
  clock.wake(6.6);
  await settle(stage.system);
  assertEquals(stage.rings.length, 1);
});

Deno.test("Scheduler sends each of 100,000 one-shot messages exactly once", async () => {
  await using system = quietSystem();
  const clock = new ManualClock();
  const scheduler = new SystemScheduler(new Alarms(clock, raise));
  const Count = protocol("count", { add: tell<number>() });
  const seen = new Uint8Array(100_000);
  const ref = system.spawn(Count, () => ({
    add: (number) => void (seen[number] = (seen[number] ?? 0) + 1),
  }));
  const random = seededRandom(7);
  for (let i = 0; i < seen.length; i++) {
    scheduler.scheduleOnce(Math.floor(random.next() * 500), ref, Count.add(i));
  }
  await clock.advance(500);
  await settle(system);
  assert(seen.every((count) => count === 1));
  assertEquals([scheduler.list().length, clock.pending], [0, 0]);
});

Deno.test("Scheduler sends each of 100,000 one-shot messages exactly once by the platform's clock", async () => {
  await using system = quietSystem();
  const scheduler = new SystemScheduler(new Alarms(systemClock, raise));
  const Count = protocol("count", { add: tell<number>() });
  const seen = new Uint8Array(100_000);
  let [handled, early] = [0, 0];
  const done = gate();
  const due = new Float64Array(seen.length);
  const ref = system.spawn(Count, () => ({
    add(number) {
      seen[number] = (seen[number] ?? 0) + 1;
      if (systemClock.now() < (due[number] ?? 0) - 0.01) early++;
      if (++handled === seen.length) done.resolve();
    },
  }));
  const random = seededRandom(8);
  for (let i = 0; i < seen.length; i++) {
    const delay = random.next() * 100;
    due[i] = systemClock.now() + delay;
    scheduler.scheduleOnce(delay, ref, Count.add(i));
  }
  await done.promise;
  await settle(system);
  assert(seen.every((count) => count === 1));
  assertEquals([scheduler.list().length, early], [0, 0]);
});

Deno.test("Scheduler ends, pauses and resumes jobs by their reference", async () => {
  await using stage = new Stage();
  const { clock, scheduler, bell } = stage;
  scheduler.schedule(10, bell, Bell.ring("a"), { reference: "a" });
  const b = scheduler.schedule(10, bell, Bell.ring("b"), { reference: "b" });
  scheduler.pause("b");
  assertEquals([b.state, b.next], ["paused", 10]);
  await clock.advance(10);
  scheduler.cancel("a");
  scheduler.resume("b");
  assertEquals([b.state, b.next], ["scheduled", 20]);
  await clock.advance(10);
  assertEquals(stage.rings, [[10, "a"], [20, "b"]]);
});

Deno.test("Scheduler answers an unknown reference with an error that names it", async () => {
  await using stage = new Stage();
  const { clock, scheduler, bell } = stage;
  scheduler.scheduleOnce(1, bell, Bell.ring(), { reference: "done" });
  await clock.advance(1);
  for (const action of ["cancel", "pause", "resume"] as const) {
    const error = assertThrows(
      () => scheduler[action]("done"),
      ScheduleNotFoundError,
      `Cannot ${action} the job "done": there is none`,
    );
    assertEquals([error.code, error.reference], [
      "schedule_not_found_error",
      "done",
    ]);
  }
});

Deno.test("Scheduler refuses a reference that is in use and takes it when it is free again", async () => {
  await using stage = new Stage();
  const { scheduler, bell } = stage;
  const options = { reference: "tick" };
  const first = scheduler.scheduleOnce(1, bell, Bell.ring(), options);
  const error = assertThrows(
    () => scheduler.schedule(1, bell, Bell.ring(), options),
    ScheduleTakenError,
    'Cannot schedule the job "tick": the reference is in use',
  );
  assertEquals([error.code, error.reference], ["schedule_taken_error", "tick"]);
  assertEquals(scheduler.list(), [first]);
  first.cancel();
  assertEquals(
    scheduler.scheduleOnce(1, bell, Bell.ring(), options).reference,
    "tick",
  );
});

Deno.test("Scheduler gives references of its own that are not in use", async () => {
  await using stage = new Stage();
  const { scheduler, bell } = stage;
  scheduler.scheduleOnce(1, bell, Bell.ring(), { reference: "job-1" });
  const references = [1, 2, 3].map(() =>
    scheduler.scheduleOnce(1, bell, Bell.ring()).reference
  );
  assertEquals(new Set([...references, "job-1"]).size, 4);
});

Deno.test("Scheduler.list() shows what has not ended, the next one first", async () => {
  await using stage = new Stage();
  const { scheduler, bell } = stage;
  for (const [reference, delay] of [["c", 30], ["a", 10], ["b", 20]] as const) {
    scheduler.scheduleOnce(delay, bell, Bell.ring(), { reference });
  }
  scheduler.pause("a");
  scheduler.cancel("c");
  assertEquals(
    scheduler.list().map(({ reference, state }) => [reference, state]),
    [["a", "paused"], ["b", "scheduled"]],
  );
});

Deno.test("ScheduledJob of a message that is overdue after a pause sends it at once", async () => {
  await using stage = new Stage();
  const { clock, scheduler, bell } = stage;
  const overdue = scheduler.scheduleOnce(10, bell, Bell.ring("overdue"));
  const early = scheduler.scheduleOnce(100, bell, Bell.ring("early"));
  assertEquals([overdue.pause(), early.pause()], [true, true]);
  await clock.advance(50);
  assertEquals([overdue.resume(), early.resume()], [true, true]);
  await clock.advance(100);
  assertEquals(stage.rings, [[50, "overdue"], [100, "early"]]);
  assertEquals(
    [overdue.resume(), overdue.pause(), overdue.cancel()],
    [false, false, false],
  );
});

Deno.test("Scheduler shows the receiver the sender that it was given", async () => {
  await using stage = new Stage();
  const { clock, scheduler, bell, system } = stage;
  const sender = system.spawn(Door, () => ({ knock: () => {} }));
  scheduler.schedule(10, bell, Bell.ring(), { sender });
  await clock.advance(20);
  assertEquals(stage.senders.length, 2);
  for (const seen of stage.senders) assertStrictEquals(seen, sender);
});

Deno.test("Scheduler ends a repeated job of a stopped actor after one dead letter", async () => {
  await using stage = new Stage();
  const { clock, scheduler, bell, system } = stage;
  const letters = record(system, "dead_letter");
  const job = scheduler.schedule(10, bell, Bell.ring("lost"));
  await system.stop(bell);
  await clock.advance(100);
  assertEquals(
    letters.map(({ message, reason }) => [message.body, reason]),
    [["lost", "stopped"]],
  );
  assertEquals([job.state, clock.pending], ["ended", 0]);
});

Deno.test("Scheduler makes a dead letter of a single message to a stopped actor", async () => {
  await using stage = new Stage();
  const { clock, scheduler, bell, system } = stage;
  scheduler.scheduleOnce(10, bell, Bell.ring("lost"));
  await system.stop(bell);
  await clock.advance(10);
  assertEquals(system.deadLetters, 1);
});

Deno.test("Scheduler.scheduleAt() follows the times that a function gives until it gives none", async () => {
  await using stage = new Stage();
  const { clock, scheduler, bell } = stage;
  const times = [5, 7, 30];
  const asked: number[] = [];
  const job = scheduler.scheduleAt(
    (now) => {
      asked.push(now);
      return times.shift();
    },
    bell,
    Bell.ring(),
  );
  await clock.advance(100);
  assertEquals(stage.times, [5, 7, 30]);
  assertEquals(asked, [0, 5, 7, 30]);
  assertEquals(job.state, "ended");
});

Deno.test("Scheduler.scheduleAt() sends once a millisecond at most when its times have passed", async () => {
  await using stage = new Stage();
  const { clock, scheduler, bell } = stage;
  await clock.advance(100);
  const job = scheduler.scheduleAt(() => 0, bell, Bell.ring());
  await clock.advance(5);
  assertEquals(stage.times, [100, 101, 102, 103, 104, 105]);
  job.cancel();
});

Deno.test("Scheduler reports a function that fails, ends its job and keeps the others", async () => {
  await using stage = new Stage();
  const { clock, scheduler, bell } = stage;
  const failure = new Error("no");
  let asked = 0;
  const job = scheduler.scheduleAt(
    () => asked++ === 0 ? 10 : raise(failure),
    bell,
    Bell.ring("failing"),
  );
  scheduler.scheduleOnce(10, bell, Bell.ring("other"));
  await clock.advance(20);
  assertEquals(stage.rings, [[10, "failing"], [10, "other"]]);
  assertStrictEquals(stage.errors[0], failure);
  assertEquals([job.state, stage.errors.length], ["ended", 1]);
  assertThrows(() => scheduler.scheduleAt(() => NaN, bell, Bell.ring()));
  assertEquals(scheduler.list(), []);
});

Deno.test("Scheduler follows a calendar clock that is set while a job waits", async () => {
  await using stage = new Stage();
  const { clock, scheduler, bell } = stage;
  const hour = 3_600_000;
  const hourly = {
    next: (after: number) => (Math.floor(after / hour) + 1) * hour,
  };
  stage.wallOffset = 10 * hour;
  const job = scheduler.schedule(hourly, bell, Bell.ring());
  assertEquals(job.next, hour);
  await clock.advance(hour / 2);
  stage.wallOffset -= hour / 4; // set back: the time comes later
  await clock.advance(hour / 2);
  assertEquals(stage.rings.length, 0);
  await clock.advance(hour / 4);
  assertEquals(stage.times, [1.25 * hour]);
  stage.wallOffset -= hour / 2; // set back over a time that was used: not again
  await clock.advance(hour);
  assertEquals(stage.rings.length, 1);
  await clock.advance(hour / 2);
  assertEquals(stage.times, [1.25 * hour, 2.75 * hour]);
  stage.wallOffset += 5.5 * hour; // set forward: once, a minute late at most, and no burst
  await clock.advance(60_000);
  assertEquals(stage.rings.length, 3);
  await clock.advance(hour / 2);
  assertEquals(stage.rings.length, 4);
});

Deno.test("Scheduler uses a time of the calendar once when its clock is a trifle early", async () => {
  await using stage = new Stage();
  const { clock, scheduler, bell } = stage;
  const secondly = {
    next: (after: number) => (Math.floor(after / 1_000) + 1) * 1_000,
  };
  stage.wallOffset = -0.0005;
  await clock.advance(500);
  const job = scheduler.schedule(secondly, bell, Bell.ring());
  await clock.advance(2_000);
  assertEquals(stage.times, [1_000, 2_000]);
  job.cancel();
});

Deno.test("Scheduler refuses times out of their ranges", async () => {
  await using stage = new Stage();
  const { scheduler, bell } = stage;
  for (const delay of [-1, NaN, Infinity]) {
    assertThrows(
      () => scheduler.scheduleOnce(delay, bell, Bell.ring()),
      RangeError,
      `the delay is ${delay}, a finite number of milliseconds >= 0 was expected`,
    );
  }
  for (const every of [0, 0.5, NaN, Infinity]) {
    assertThrows(
      () => scheduler.schedule(every, bell, Bell.ring()),
      RangeError,
      `the interval is ${every}, a finite number of milliseconds >= 1 was expected`,
    );
  }
  assertThrows(
    () => scheduler.schedule({ initial: -1, every: 1 }, bell, Bell.ring()),
    RangeError,
    "the initial delay is -1",
  );
  assertEquals(scheduler.list(), []);
});

Deno.test("Scheduler refuses a message of another protocol when it is scheduled", async () => {
  await using stage = new Stage();
  const { scheduler, bell } = stage;
  assertThrows(
    // @ts-expect-error a message of another protocol
    () => scheduler.scheduleOnce(1, bell, Door.knock()),
    TypeError,
    'it is a message of protocol "door"',
  );
});

Deno.test("SystemScheduler.close() ends all jobs, frees the clock and takes none any more", async () => {
  await using stage = new Stage();
  const { clock, scheduler, bell } = stage;
  const jobs = [
    scheduler.scheduleOnce(10, bell, Bell.ring()),
    scheduler.schedule(10, bell, Bell.ring()),
  ];
  scheduler.close();
  scheduler.close();
  assertEquals(jobs.map(({ state }) => state), ["ended", "ended"]);
  assertEquals([clock.pending, scheduler.list().length], [0, 0]);
  const error = assertThrows(
    () => scheduler.scheduleOnce(1, bell, Bell.ring()),
    SchedulerClosedError,
    'Cannot schedule "bell.ring": the scheduler is closed',
  );
  assertEquals(error.code, "scheduler_closed_error");
});

Deno.test("Scheduler keeps jobs that end one another in one moment apart", async () => {
  await using stage = new Stage();
  const { clock, scheduler, bell } = stage;
  scheduler.scheduleAt(
    () => {
      if (clock.now() === 0) return 10;
      scheduler.cancel("second");
      return undefined;
    },
    bell,
    Bell.ring("first"),
  );
  scheduler.scheduleOnce(10, bell, Bell.ring("second"), {
    reference: "second",
  });
  await clock.advance(50);
  assertEquals(stage.rings, [[10, "first"]]);
  assertEquals(clock.pending, 0);
});

Deno.test("Scheduler obeys a function for the next time that ends or pauses its own job", async () => {
  await using stage = new Stage();
  const { clock, scheduler, bell } = stage;
  for (const action of ["cancel", "pause"] as const) {
    scheduler.scheduleAt(
      (now) => {
        if (now > 0) scheduler[action](action);
        return now + 10;
      },
      bell,
      Bell.ring(action),
      { reference: action },
    );
  }
  await clock.advance(100);
  assertEquals(stage.rings, [[10, "cancel"], [10, "pause"]]);
  assertEquals(
    scheduler.list().map(({ reference, next }) => [reference, next]),
    [["pause", 20]],
  );
  assertEquals(clock.pending, 0);
});
