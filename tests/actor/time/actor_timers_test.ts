import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ActorRef,
  type ActorSystem,
  ask,
  boundedMailbox,
  type Context,
  oneForOne,
  protocol,
  StoppedError,
  tell,
  type Timers,
} from "../../../actor/mod.ts";
import { ManualClock, settle } from "../../../testing/mod.ts";
import { gate, quietSystem, record } from "../fixtures.ts";

const Bell = protocol("bell", {
  ring: tell<string>(),
  idle: tell(),
  run: ask<(ctx: Context) => unknown, unknown>(),
});
type Bell = typeof Bell;

/** One actor that writes down what it is told and when. */
class Tower implements AsyncDisposable {
  readonly clock: ManualClock = new ManualClock();
  readonly system: ActorSystem = quietSystem({ clock: this.clock });
  readonly rings: [number, string][] = [];
  readonly bell: ActorRef<Bell> = this.system.spawn(Bell, () => ({
    ring: (text) => this.note(text),
    idle: () => this.note("idle"),
    run: (job, ctx) => job(ctx),
  }));

  note(text: string): void {
    this.rings.push([this.clock.now(), text]);
  }

  run(job: (ctx: Context) => unknown): Promise<unknown> {
    return this.bell.ask(Bell.run(job));
  }

  async timers(): Promise<Timers<Bell>> {
    return await this.run((ctx) => ctx.timers) as Timers<Bell>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.system.drain();
    assertEquals(this.clock.pending, 0, "timers that are left");
  }
}

Deno.test("ctx.timers sends the actor its own messages, once and repeated, in one timer of the clock", async () => {
  await using tower = new Tower();
  const { clock, bell, rings } = tower;
  await tower.run(({ timers }) => {
    timers.start("once", { delay: 15 }, Bell.ring("once"));
    timers.start("often", { every: 10 }, Bell.ring("often"));
    assertEquals(clock.pending, 2); // the other is that of the ask
  });
  await clock.advance(20);
  assertEquals(rings, [[10, "often"], [15, "once"], [20, "often"]]);
  assert(bell.tell(Bell.ring("told")));
  await settle(tower.system);
  assertEquals(rings.at(-1), [20, "told"]);
});

Deno.test("ctx.timers ends with the actor: no message, no dead letter, no timer of the clock", async () => {
  await using tower = new Tower();
  const { clock, system, bell, rings } = tower;
  await tower.run(({ timers }) => {
    timers.start("a", { every: 100 }, Bell.ring("a"));
    timers.setReceiveTimeout(100, Bell.idle());
  });
  await clock.advance(10);
  assertEquals(clock.pending, 1, "the deadlines of asks are over");
  await system.stop(bell);
  assertEquals(clock.pending, 0);
  await clock.advance(1_000);
  assertEquals([rings, system.deadLetters], [[], 0]);
});

Deno.test("ctx.timers ends with the instance at a restart, what waits in the mailbox included", async () => {
  await using tower = new Tower();
  const { clock, system, rings } = tower;
  const held = gate();
  const timers = await tower.timers();
  timers.start("old", { delay: 10 }, Bell.ring("old"));
  timers.start("often", { every: 10 }, Bell.ring("often"));
  timers.setReceiveTimeout(1_000, Bell.idle());
  const failed = assertRejects(
    () =>
      tower.run(async () => {
        await held.promise;
        throw new Error("on purpose");
      }),
    Error,
    "on purpose",
  );
  await clock.advance(25); // three messages of timers wait behind it
  tower.bell.tell(Bell.ring("told"));
  held.resolve();
  await failed;
  await settle(system);
  assertEquals(rings, [[25, "told"]]);
  await clock.advance(5_000);
  assertEquals(rings, [[25, "told"]]);
  assertEquals(clock.pending, 0);
});

Deno.test("ctx.timers drops what an ending instance starts, and keeps what its successor starts in onStart", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const rings: string[] = [];
  let instances = 0;
  const bell = system.spawn(Bell, () => {
    const name = `instance ${++instances}`;
    return {
      onStart: (ctx) => ctx.timers.start("a", { delay: 10 }, Bell.ring(name)),
      onRestart: (_error, ctx) =>
        ctx.timers.start("b", { delay: 10 }, Bell.ring(`${name} ending`)),
      ring: (text) => void rings.push(text),
      idle: () => {},
      run: (job, ctx) => job(ctx),
    };
  });
  await bell.started();
  await system.restart(bell);
  await clock.advance(100);
  assertEquals(rings, ["instance 2"]);
});

Deno.test("ctx.timers drops the message of a timer that was cancelled or replaced while it waited", async () => {
  await using tower = new Tower();
  const { clock, rings } = tower;
  const held = gate();
  const timers = await tower.timers();
  timers.start("cancelled", { delay: 10 }, Bell.ring("cancelled"));
  timers.start("replaced", { delay: 10 }, Bell.ring("replaced"));
  const done = tower.run(async (ctx) => {
    await held.promise;
    assert(ctx.timers.cancel("cancelled"));
    ctx.timers.start("replaced", { delay: 10 }, Bell.ring("in its place"));
  });
  await clock.advance(20);
  held.resolve();
  await done;
  await clock.advance(100);
  assertEquals(rings, [[30, "in its place"]]);
});

Deno.test("ctx.timers hands a stashed message over for good", async () => {
  await using tower = new Tower();
  const { clock, system } = tower;
  const log: string[] = [];
  const desk = system.spawn(Bell, () => ({
    onStart: (ctx) => ctx.timers.start("a", { delay: 10 }, Bell.ring("a")),
    ring: (text, ctx) => {
      if (log.push(text) === 1) ctx.stash();
    },
    idle: () => {},
    run: (_job, ctx) => ctx.unstashAll(),
  }));
  await clock.advance(10);
  assertEquals(await desk.ask(Bell.run(() => {})), 1);
  await settle(system);
  assertEquals(log, ["a", "a"]);
});

Deno.test("ctx.timers refuses to start in an actor that is ending", async () => {
  await using tower = new Tower();
  const timers = await tower.timers();
  const { bell, system } = tower;
  await system.stop(bell);
  for (
    const start of [
      () => timers.start("late", { delay: 1 }, Bell.ring("late")),
      () => timers.setReceiveTimeout(1, Bell.idle()),
    ]
  ) {
    await assertRejects(
      // deno-lint-ignore require-await -- so that what it throws is a rejection
      async () => start(),
      StoppedError,
      `"${bell.pid}": it is ending`,
    );
  }
  await tower.clock.advance(10);
  assertEquals(tower.clock.pending, 0);
});

Deno.test("ctx.timers gives up a single message that the mailbox refuses, as a dead letter", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const letters = record(system, "dead_letter");
  const held = gate();
  const bell = system.spawn(Bell, () => ({
    ring: () => {},
    idle: () => {},
    run: (job, ctx) => job(ctx),
  }), { mailbox: boundedMailbox(1) });
  const timers = await bell.ask(
    Bell.run(({ timers }) => timers),
  ) as Timers<Bell>;
  timers.start("a", { delay: 10 }, Bell.ring("refused"));
  bell.tell(Bell.run(() => held.promise));
  await settle(system);
  bell.tell(Bell.ring("waits"));
  await clock.advance(10);
  assertEquals(timers.isActive("a"), false);
  assertEquals(letters.map(({ message }) => message.body), ["refused"]);
  held.resolve();
});

Deno.test("setReceiveTimeout() sends its message after a while without any, and waits for handlers that wait", async () => {
  await using tower = new Tower();
  const { clock, bell, rings } = tower;
  const timers = await tower.timers();
  timers.setReceiveTimeout(100, Bell.idle());
  await clock.advance(60);
  bell.tell(Bell.ring("a"));
  await clock.advance(99);
  assertEquals(rings, [[60, "a"]]);
  await clock.advance(1);
  assertEquals(rings.at(-1), [160, "idle"]);
  const held = gate();
  bell.tell(Bell.run(() => held.promise));
  await clock.advance(1_000);
  assertEquals(rings.length, 2, "no message while one is handled");
  held.resolve();
  await clock.advance(99);
  assertEquals(rings.length, 2);
  await clock.advance(1);
  assertEquals(rings.at(-1), [1_260, "idle"]);
  assert(timers.cancelReceiveTimeout());
  assertEquals(clock.pending, 0);
});

Deno.test("setReceiveTimeout() waits for all handlers of a reentrant actor", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const idle: number[] = [];
  const bell = system.spawn(Bell, () => ({
    onStart: (ctx) => ctx.timers.setReceiveTimeout(10, Bell.idle()),
    ring: () => {},
    idle: (_, ctx) => {
      idle.push(clock.now());
      ctx.timers.cancelReceiveTimeout();
    },
    run: (job, ctx) => job(ctx),
  }), { reentrancy: { mode: "all" } });
  const [first, second] = [gate(), gate()];
  bell.tell(Bell.run(() => first.promise));
  bell.tell(Bell.run(() => second.promise));
  await clock.advance(25);
  first.resolve();
  await clock.advance(50);
  assertEquals(idle, []);
  second.resolve();
  await clock.advance(50);
  assertEquals(idle, [85]);
});

Deno.test("setReceiveTimeout() does not count the time in which an actor is suspended", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const idle: number[] = [];
  const bell = system.spawn(Bell, () => ({
    onStart: (ctx) => ctx.timers.setReceiveTimeout(10, Bell.idle()),
    ring: () => {
      throw new Error("on purpose");
    },
    idle: () => void idle.push(clock.now()),
    run: () => {},
  }), { supervisor: oneForOne({ decide: () => "suspend" }) });
  bell.tell(Bell.ring("fails"));
  await clock.advance(35);
  assertEquals(idle, []);
  system.reinstate(bell);
  await clock.advance(10);
  assertEquals(idle.length, 1);
});

Deno.test("setReceiveTimeout() sets no timer of the clock for a message", async () => {
  let set = 0;
  class CountingClock extends ManualClock {
    override setTimer(
      delay: number,
      run: () => void,
    ): ReturnType<ManualClock["setTimer"]> {
      set++;
      return super.setTimer(delay, run);
    }
  }
  const clock = new CountingClock();
  await using system = quietSystem({ clock });
  let rings = 0;
  const bell = system.spawn(Bell, () => ({
    onStart: (ctx) => ctx.timers.setReceiveTimeout(1_000, Bell.idle()),
    ring: () => void rings++,
    idle: () => {},
    run: () => {},
  }));
  await bell.started();
  const before = set;
  for (let n = 0; n < 10_000; n++) bell.tell(Bell.ring(""));
  await settle(system);
  assertEquals([rings, set - before], [10_000, 0]);
});
