import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type ActorOptions,
  kind,
  oneForOne,
  type Passivation,
  provide,
  resourceKey,
  StoppedError,
} from "../../../actor/mod.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import { seededRandom } from "../../../internal/random.ts";
import { ManualClock, settle } from "../../../testing/mod.ts";
import {
  gate,
  loggedWorker,
  quietSystem,
  record,
  Worker,
  worker,
  type WorkerRef,
} from "../fixtures.ts";

/** A system on a clock of its own, and when its actors ended and why. */
class Stage implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly system = quietSystem({ clock: this.clock });
  readonly ends: [number, string][] = [];

  spawn(passivation: Passivation, options: ActorOptions = {}): WorkerRef {
    const ref = this.system.spawn(Worker, () => ({
      ...worker(),
      onStop: () => void this.ends.push([this.clock.now(), "onStop"]),
    }), { ...options, passivation });
    this.system.spawn(Worker, () => ({
      ...worker(),
      onStart: (ctx) => ctx.watch(ref),
      onTerminated: ({ reason }) =>
        void this.ends.push([this.clock.now(), reason]),
    }));
    return ref;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.system.drain();
    assertEquals(this.clock.pending, 0, "timers that are left");
  }
}

Deno.test("an actor with an idle limit stops once it had no message for so long, and says why", async () => {
  await using stage = new Stage();
  const { clock, system, ends } = stage;
  const stopped = record(system, "actor_stopped");
  const ref = stage.spawn({ idle: 100 });
  await clock.advance(60);
  ref.tell(Worker.note("a"));
  await clock.advance(99);
  assertEquals(ends, []);
  await clock.advance(1);
  assertEquals(ends, [[160, "onStop"], [160, "passivated"]]);
  assertEquals(
    stopped.map(({ pid, reason }) => [pid.path, reason]),
    [[ref.pid.path, "passivated"]],
  );
});

Deno.test("an actor passivates by default never", async () => {
  await using stage = new Stage();
  const { clock, system } = stage;
  const refs = [
    stage.spawn("never"),
    stage.spawn("on_eviction"),
    system.spawn(Worker, () => worker()),
  ];
  await settle(system);
  assertEquals(clock.pending, 0);
  await clock.advance(365 * 86_400_000);
  assertEquals(refs.map((ref) => ref.tell(Worker.note(""))), [
    true,
    true,
    true,
  ]);
});

Deno.test("an actor with an idle limit lives as long as it handles or waits for something", async () => {
  await using stage = new Stage();
  const { clock, ends } = stage;
  const ref = stage.spawn({ idle: 10 });
  const held = gate();
  ref.tell(Worker.run(() => held.promise));
  ref.tell(Worker.note("waits"));
  await clock.advance(1_005);
  assertEquals(ends, []);
  held.resolve();
  await clock.advance(9);
  assertEquals(ends, []);
  await clock.advance(1);
  assertEquals(ends.at(-1), [1_015, "passivated"]);
});

Deno.test("an actor with stashed mail or living children does not passivate", async () => {
  await using stage = new Stage();
  const { clock, system, ends } = stage;
  const stasher = stage.spawn({ idle: 10 });
  const parent = stage.spawn({ idle: 10 });
  const log: string[] = [];
  stasher.tell(Worker.run((ctx) => {
    if (log.push("run") === 1) ctx.stash();
  }));
  const child = await parent.ask(
    Worker.run((ctx) => ctx.spawn(Worker, () => worker())),
  ) as WorkerRef;
  await clock.advance(1_000);
  assertEquals(ends, []);
  await system.stop(child);
  stasher.tell(Worker.run((ctx) => void ctx.unstashAll()));
  await clock.advance(100);
  assertEquals(log, ["run", "run"]);
  assertEquals(ends.filter(([, what]) => what === "passivated").length, 2);
  assertEquals(system.deadLetters, 0);
});

Deno.test("a suspended actor does not passivate before it is reinstated", async () => {
  await using stage = new Stage();
  const { clock, system, ends } = stage;
  const ref = stage.spawn({ idle: 10 }, {
    supervisor: oneForOne({ decide: () => "suspend" }),
  });
  ref.tell(Worker.run(() => {
    throw new Error("on purpose");
  }));
  await clock.advance(1_000);
  assertEquals(ends, []);
  system.reinstate(ref);
  await clock.advance(10);
  assertEquals(ends.at(-1)?.[1], "passivated");
});

Deno.test("an actor with a limit of messages stops after them, when no more wait", async () => {
  await using stage = new Stage();
  const { system, ends } = stage;
  const ref = stage.spawn({ messages: 3 });
  const log: string[] = [];
  const note = (text: string) => Worker.run(() => void log.push(text));
  ref.tell(note("1"));
  ref.tell(note("2"));
  await settle(system);
  assertEquals(ends, []);
  for (const text of ["3", "4", "5"]) ref.tell(note(text));
  await settle(system);
  assertEquals(log, ["1", "2", "3", "4", "5"]);
  assertEquals(ends, [[0, "onStop"], [0, "passivated"]]);
  assertEquals(system.deadLetters, 0);
});

Deno.test("an actor with a limit of messages waits for the handlers that wait, and counts each once", async () => {
  await using stage = new Stage();
  const { system, ends } = stage;
  const [first, second] = [gate(), gate()];
  const reentrant: ActorOptions = { reentrancy: { mode: "all" } };
  const refs = [
    stage.spawn({ messages: 2 }),
    stage.spawn({ messages: 1 }, reentrant),
    stage.spawn({ messages: 3 }, reentrant),
  ];
  for (const ref of refs) {
    ref.tell(Worker.run(() => first.promise));
    ref.tell(Worker.run(() => second.promise));
  }
  await settle(system);
  second.resolve();
  await settle(system);
  assertEquals(ends, []);
  first.resolve();
  await settle(system);
  assertEquals(refs.map((ref) => ref.tell(Worker.note(""))), [
    false,
    false,
    true,
  ]);
});

Deno.test("an actor that stops or fails before it passivates leaves no timer", async () => {
  await using stage = new Stage();
  const { clock, system, ends } = stage;
  const stopping = stage.spawn({ idle: 100 });
  const failing = stage.spawn({ idle: 100 }, {
    supervisor: oneForOne({ decide: () => "stop" }),
  });
  await settle(system);
  await system.stop(stopping);
  failing.tell(Worker.run(() => {
    throw new Error("on purpose");
  }));
  await settle(system);
  assertEquals(clock.pending, 0);
  await clock.advance(1_000);
  assertEquals(ends, [
    [0, "onStop"],
    [0, "stopped"],
    [0, "onStop"],
    [0, "failed"],
  ]);
});

Deno.test("a pause keeps an actor until it is resumed, from inside and from outside", async () => {
  await using stage = new Stage();
  const { clock, system, ends } = stage;
  const idle = stage.spawn({ idle: 10 });
  const counted = stage.spawn({ messages: 1 });
  system.pausePassivation(idle);
  counted.tell(Worker.run((ctx) => ctx.pausePassivation()));
  counted.tell(Worker.note("more"));
  await clock.advance(1_000);
  assertEquals(ends, []);
  system.resumePassivation(counted);
  await settle(system);
  assertEquals(ends, [[1_000, "onStop"], [1_000, "passivated"]]);
  idle.tell(Worker.run((ctx) => ctx.resumePassivation()));
  await clock.advance(9);
  assertEquals(ends.length, 2);
  await clock.advance(1);
  assertEquals(ends.at(-1), [1_010, "passivated"]);
});

Deno.test("a restart ends a pause, and pausing an actor that never passivates does nothing", async () => {
  await using stage = new Stage();
  const { clock, system, ends } = stage;
  const ref = stage.spawn({ idle: 10 });
  const never = stage.spawn("never");
  system.pausePassivation(ref);
  system.pausePassivation(never);
  system.resumePassivation(never);
  await clock.advance(100);
  await system.restart(ref);
  ends.length = 0; // the old instance was ended
  await clock.advance(10);
  assertEquals(ends, [[110, "onStop"], [110, "passivated"]]);
  assert(never.tell(Worker.note("")));
});

Deno.test("a message that comes while an actor passivates is a dead letter, and an ask is rejected", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const letters = record(system, "dead_letter");
  const held = gate();
  const ref = system.spawn(Worker, () => ({
    ...worker(),
    onStop: () => held.promise,
  }), { passivation: { idle: 10 }, name: "sleeper" });
  await clock.advance(10);
  assertEquals(ref.tell(Worker.note("late")), false);
  const asked = ref.ask(Worker.run(() => {})).catch((error) => error);
  held.resolve();
  assert(await asked instanceof StoppedError);
  await settle(system);
  assertEquals(
    letters.map(({ message, reason }) => [message.type, reason]),
    [["worker.note", "stopped"], ["worker.run", "stopped"]],
  );
  const log: string[] = [];
  system.spawn(Worker, () => loggedWorker(log, "another"), { name: "sleeper" });
  await settle(system);
  assertEquals(log, ["another starts"]);
});

Deno.test("messages sent around the end of the idle time are all handled or dead letters", async () => {
  const random = seededRandom(7);
  for (let round = 0; round < 200; round++) {
    const clock = new ManualClock();
    const system = quietSystem({ clock });
    const log: string[] = [];
    const ref = system.spawn(Worker, () => worker(log), {
      passivation: { idle: 10, messages: 1 + Math.floor(random.next() * 20) },
    });
    let sent = 0;
    for (let step = 0; step < 8; step++) {
      await clock.advance(Math.floor(random.next() * 4) * 5);
      for (let n = Math.floor(random.next() * 4); n > 0; n--, sent++) {
        ref.tell(Worker.note(""));
      }
    }
    await system.drain();
    assertEquals(log.length + system.deadLetters, sent);
  }
});

Deno.test("100,000 actors that may passivate share one timer, and messages set none", async () => {
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
  const ends = record(system, "actor_stopped");
  const refs = Array.from(
    { length: 100_000 },
    () =>
      system.spawn(Worker, () => worker(), { passivation: { idle: 60_000 } }),
  );
  await settle(system);
  assertEquals([set, clock.pending], [1, 1]);
  for (const ref of refs) ref.tell(Worker.note(""));
  await settle(system);
  assertEquals([set, clock.pending], [1, 1]);
  await clock.advance(60_000);
  assertEquals(ends.length, 100_000);
  assertEquals(clock.pending, 0);
});

Deno.test("passivation comes from the kind unless the spawn says otherwise", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const WorkerKind = kind(Worker, () => worker(), {
    passivation: { idle: 10 },
  });
  const ofKind = system.spawn(WorkerKind);
  const kept = system.spawn(WorkerKind, { passivation: "never" });
  await clock.advance(10);
  assertEquals(
    [ofKind.tell(Worker.note("")), kept.tell(Worker.note(""))],
    [false, true],
  );
});

Deno.test("a spawn refuses limits of passivation that make no sense", async () => {
  await using system = quietSystem();
  const wrong: [unknown, string][] = [
    [{}, "{ idle: undefined, messages: undefined }"],
    [{ idle: 0 }, "{ idle: 0, messages: undefined }"],
    [{ idle: Infinity }, "{ idle: Infinity,"],
    [{ idle: NaN, messages: 1 }, "{ idle: NaN,"],
    [{ messages: 1.5 }, "messages: 1.5 }"],
    ["often", '"often"'],
  ];
  for (const [passivation, text] of wrong) {
    assertThrows(
      () =>
        system.spawn(Worker, () => worker(), {
          passivation: passivation as Passivation,
        }),
      RangeError,
      text,
    );
  }
});

Deno.test("a spawn that fails leaves nothing behind that would passivate", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock, eviction: { limit: 1 } });
  const key = resourceKey<number>("number");
  assertThrows(() =>
    system.spawn(Worker, () => worker(), {
      passivation: { idle: 10 },
      dependencies: [provide(key, 1), provide(key, 2)],
    }), TypeError);
  assertEquals(internalsOf(system).runtime.evictor?.size, 0);
  assertEquals(clock.pending, 0);
});
