import { assertEquals, assertThrows } from "@std/assert";
import { Alarms } from "../../../actor/time/alarms.ts";
import {
  type Evictable,
  Evictor,
  type Seat,
} from "../../../actor/time/eviction.ts";
import {
  ActorSystem,
  type EvictionOptions,
  type EvictionPolicy,
} from "../../../actor/mod.ts";
import { seededRandom } from "../../../internal/random.ts";
import { ManualClock, settle } from "../../../testing/mod.ts";
import {
  gate,
  quietSystem,
  raise,
  record,
  Worker,
  worker,
  type WorkerRef,
} from "../fixtures.ts";

/** A system with eviction, and the names of the actors that were evicted. */
class House implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly system: ActorSystem;
  readonly #ends;

  constructor(eviction: EvictionOptions) {
    this.system = quietSystem({ clock: this.clock, eviction });
    this.#ends = record(this.system, "actor_stopped");
  }

  spawn(name: string): WorkerRef {
    return this.system.spawn(Worker, () => worker(), {
      name,
      passivation: "on_eviction",
    });
  }

  /** Lets what is due happen; the names of those that were passivated since the last time. */
  async evicted(): Promise<string> {
    await this.clock.advance(0);
    await settle(this.system);
    return this.#ends.splice(0).map(({ pid, reason }) =>
      reason === "passivated" ? pid.path : reason
    ).join(" ");
  }

  async use(...refs: WorkerRef[]): Promise<void> {
    for (const ref of refs) {
      ref.tell(Worker.note(""));
      await settle(this.system);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.system.drain();
    assertEquals(this.clock.pending, 0, "timers that are left");
  }
}

Deno.test("eviction by LRU passivates who was used longest ago, down to the limit", async () => {
  await using house = new House({ limit: 3 });
  const [a, b, c] = ["a", "b", "c"].map((name) => house.spawn(name)) as [
    WorkerRef,
    WorkerRef,
    WorkerRef,
  ];
  await house.use(c, a, b);
  assertEquals(await house.evicted(), "");
  house.spawn("d");
  assertEquals(await house.evicted(), "c");
  await house.use(a);
  house.spawn("e");
  house.spawn("f");
  assertEquals(await house.evicted(), "b d");
});

Deno.test("eviction by MRU passivates who was used last, and not who has just come", async () => {
  await using house = new House({ limit: 3, policy: "mru" });
  const [a, b, c] = ["a", "b", "c"].map((name) => house.spawn(name)) as [
    WorkerRef,
    WorkerRef,
    WorkerRef,
  ];
  await house.use(c, a, b);
  house.spawn("d");
  assertEquals(await house.evicted(), "b");
  house.spawn("e");
  house.spawn("f");
  assertEquals(await house.evicted(), "a c");
});

Deno.test("eviction by LFU passivates who has handled the fewest messages, and ages the past", async () => {
  await using house = new House({ limit: 3, policy: "lfu" });
  const [a, b, c] = ["a", "b", "c"].map((name) => house.spawn(name)) as [
    WorkerRef,
    WorkerRef,
    WorkerRef,
  ];
  await house.use(a, a, a, b, b, c, c, c, c);
  const d = house.spawn("d");
  await house.use(d);
  assertEquals(await house.evicted(), "d");
  const e = house.spawn("e"); // begins with the count of d, which was 1
  await house.use(e, e);
  assertEquals(await house.evicted(), "b");
  const f = house.spawn("f"); // begins with the count of b, which was 2
  await house.use(f, f);
  assertEquals(await house.evicted(), "a");
});

Deno.test("eviction leaves actors alone that are busy, paused or never passivate, and tries again", async () => {
  await using house = new House({ limit: 1, retry: 500 });
  const { clock, system } = house;
  for (let n = 0; n < 5; n++) system.spawn(Worker, () => worker());
  const [busy, paused] = [house.spawn("busy"), house.spawn("paused")];
  const held = gate();
  busy.tell(Worker.run(() => held.promise));
  system.pausePassivation(paused);
  assertEquals(await house.evicted(), "");
  house.spawn("idle");
  await clock.advance(499);
  assertEquals(await house.evicted(), "");
  await clock.advance(1);
  assertEquals(await house.evicted(), "idle");
  held.resolve();
  await clock.advance(500);
  assertEquals(await house.evicted(), "busy");
  assertEquals(clock.pending, 0, "there is nothing to try any more");
});

Deno.test("eviction passivates a share when that is more than what exceeds the limit", async () => {
  await using house = new House({ limit: 10, percent: 50 });
  for (let n = 0; n < 11; n++) house.spawn(`n${n}`);
  assertEquals(await house.evicted(), "n0 n1 n2 n3 n4 n5");
  house.spawn("next");
  assertEquals(await house.evicted(), "");
});

Deno.test("eviction counts an actor that stops, fails or passivates by itself no more", async () => {
  await using house = new House({ limit: 2 });
  const { system, clock } = house;
  const [a] = [house.spawn("a"), house.spawn("b")];
  await system.stop(a);
  house.spawn("c");
  assertEquals(await house.evicted(), "stopped");
  system.spawn(Worker, () => worker(), {
    name: "brief",
    passivation: { idle: 5 },
  });
  await clock.advance(0);
  assertEquals(await house.evicted(), "b");
  await clock.advance(5);
  assertEquals(await house.evicted(), "brief");
  house.spawn("d");
  assertEquals(await house.evicted(), "");
});

Deno.test("eviction keeps a system of 20,000 comers at its limit and answers with dead letters", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock, eviction: { limit: 1_000 } });
  const ends = record(system, "actor_stopped");
  const refs: WorkerRef[] = [];
  const log: string[] = [];
  for (let n = 0; n < 20_000; n++) {
    refs.push(
      system.spawn(Worker, () => worker(log), { passivation: "on_eviction" }),
    );
    if (n % 500 === 499) await clock.advance(0);
  }
  await clock.advance(0);
  assertEquals(ends.length, 19_000);
  for (const ref of refs) ref.tell(Worker.note("x"));
  await settle(system);
  assertEquals([log.length, system.deadLetters], [1_000, 19_000]);
});

Deno.test("Evictor agrees with a naive one over random uses", async () => {
  for (const policy of ["lru", "mru", "lfu"] as const) {
    for (let seed = 1; seed <= 20; seed++) await compare(policy, seed);
  }
});

/** One that may go, as the naive evictor sees it. */
interface Model extends Evictable {
  name: number;
  seat: Seat;
  used: number;
  count: number;
  busy: "busy" | "free";
}

async function compare(policy: EvictionPolicy, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const clock = new ManualClock();
  const evictor = new Evictor(new Alarms(clock, raise), { limit: 8, policy });
  const living: Model[] = [];
  const [gone, expected]: [number[], number[]] = [[], []];
  let step = 0;
  let age = 0;
  for (; step < 300; step++) {
    const some = living[Math.floor(random.next() * living.length)];
    const choice = random.next();
    if (choice < 0.3 || some === undefined) {
      const model: Model = {
        name: step,
        seat: { used: () => {}, leave: () => {} },
        used: policy === "mru" ? -step : step, // of comers, the newest is the oldest
        count: age,
        busy: "free",
        get isEvictable(): boolean {
          return this.busy === "free";
        },
        evict(): void {
          gone.push(this.name);
          this.seat.leave();
          this.seat.leave(); // which may happen
        },
      };
      model.seat = evictor.seat(model);
      living.push(model);
    } else if (choice < 0.8) {
      some.seat.used();
      some.used = step;
      some.count++;
    } else if (choice < 0.9) {
      some.busy = some.busy === "free" ? "busy" : "free";
    } else {
      some.seat.leave();
      living.splice(living.indexOf(some), 1);
    }
    if (step % 7 !== 0) continue;
    await clock.advance(1_000);
    const order = (a: Model, b: Model) =>
      policy === "lru"
        ? a.used - b.used
        : policy === "mru"
        ? b.used - a.used
        : a.count - b.count || a.name - b.name;
    const victims = living.filter(({ busy }) => busy === "free").sort(order)
      .slice(0, Math.max(0, living.length - 8));
    for (const victim of victims) {
      expected.push(victim.name);
      living.splice(living.indexOf(victim), 1);
      age = victim.count;
    }
    assertEquals(gone, expected, `${policy}, seed ${seed}, step ${step}`);
    assertEquals(evictor.size, living.length);
  }
}

Deno.test("ActorSystem refuses an eviction that makes no sense", () => {
  const wrong: [EvictionOptions, string][] = [
    [{ limit: 0 }, "{ limit: 0 }: an integer >= 1 was expected"],
    [{ limit: 1.5 }, "{ limit: 1.5 }"],
    [{ limit: 1, percent: 101 }, "{ percent: 101 }: a number from 0 to 100"],
    [{ limit: 1, retry: 0 }, "{ retry: 0 }: a finite number"],
    [
      { limit: 1, policy: "fifo" as EvictionPolicy },
      '{ policy: fifo }: "lru", "lfu" or "mru" was expected',
    ],
  ];
  for (const [eviction, text] of wrong) {
    assertThrows(() => new ActorSystem("test", { eviction }), RangeError, text);
  }
});
