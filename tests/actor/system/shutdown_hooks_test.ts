import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  ShutdownHookError,
  type ShutdownHookPolicy,
  StoppedError,
} from "../../../actor/mod.ts";
import { ManualClock, settle } from "../../../testing/mod.ts";
import {
  gate,
  loggedWorker,
  quietSystem,
  raise,
  record,
  turn,
  Worker,
  worker,
} from "../fixtures.ts";

Deno.test("shutdown hooks run one after the other, in the order of registration, before any actor stops", async () => {
  const log: string[] = [];
  const { promise, resolve } = gate();
  const system = quietSystem({
    clock: new ManualClock(),
    shutdown: {
      hooks: [{
        name: "first",
        run: async () => {
          log.push("first begins");
          await promise;
          log.push("first ends");
        },
      }],
    },
  });
  const actor = system.spawn(Worker, () => loggedWorker(log, "actor"));
  system.onShutdown("second", async () => {
    log.push(`second sees ${await actor.ask(Worker.run(() => "an answer"))}`);
  });
  await actor.started();
  const drained = system.drain();
  assertEquals(system.state, "draining");
  await settle(system);
  assertEquals(log, ["actor starts", "first begins"]);
  resolve();
  await drained;
  assertEquals(log.slice(2), [
    "first ends",
    "second sees an answer",
    "actor stops",
  ]);
});

Deno.test("a shutdown hook that was taken out does not run", async () => {
  const log: string[] = [];
  const system = quietSystem();
  const hook = system.onShutdown("a", () => void log.push("a"));
  system.onShutdown("b", () => void log.push("b"));
  hook[Symbol.dispose]();
  await system.drain();
  assertEquals(log, ["b"]);
});

Deno.test("no actor is spawned at the top level while shutdown hooks run", async () => {
  const system = quietSystem();
  system.onShutdown("spawner", () => {
    assertThrows(() => system.spawn(Worker, () => worker()), StoppedError);
    assertThrows(() => system.onShutdown("late", () => {}), StoppedError);
  });
  await system.drain();
});

for (
  const { onError, tries, fails } of [
    { onError: "fail", tries: 1, fails: true },
    { onError: "skip", tries: 1, fails: false },
    { onError: "retry_then_fail", tries: 4, fails: true },
    { onError: "retry_then_skip", tries: 4, fails: false },
  ] satisfies { onError: ShutdownHookPolicy; tries: number; fails: boolean }[]
) {
  Deno.test(
    `a shutdown hook with "${onError}" that always throws is tried ${tries} times, 1 s apart, and ${
      fails ? "fails the drain" : "is left behind"
    }`,
    async () => {
      const clock = new ManualClock();
      const system = quietSystem({ clock });
      const warnings = record(system, "warning");
      const times: number[] = [];
      let isNextRun = false;
      let hasStopped = false;
      system.spawn(Worker, () => ({
        ...worker(),
        onStop: () => void (hasStopped = true),
      }));
      const cause = new Error("no disk");
      system.onShutdown("save", () => {
        times.push(clock.now());
        throw cause;
      }, { onError });
      system.onShutdown("next", () => void (isNextRun = true));
      const outcome = system.drain().catch((error: unknown) => error);
      for (let second = 0; second < 4; second++) await clock.advance(1_000);
      const error = await outcome;
      assertEquals(times, [0, 1_000, 2_000, 3_000].slice(0, tries));
      assertEquals(error instanceof ShutdownHookError, fails);
      if (error instanceof ShutdownHookError) {
        assertEquals([error.code, error.hook, error.message, error.cause], [
          "shutdown_hook_error",
          "save",
          'Cannot run shutdown hook "save": Error: no disk',
          cause,
        ]);
      }
      assertEquals([isNextRun, hasStopped, system.state], [
        !fails,
        true,
        "stopped",
      ]);
      assertEquals(
        warnings.map(({ text, cause }) => [text, cause]),
        [[`shutdown hook "save" failed (${onError})`, cause]],
      );
      assertEquals(clock.pending, 0);
    },
  );
}

Deno.test("a shutdown hook that succeeds on a retry fails nothing", async () => {
  const clock = new ManualClock();
  const system = quietSystem({ clock });
  const warnings = record(system, "warning");
  const times: number[] = [];
  system.onShutdown("save", () => {
    times.push(clock.now());
    if (times.length < 3) raise(new Error("busy"));
  }, { onError: "retry_then_fail", retries: 2, delay: 50 });
  const drained = system.drain();
  await clock.advance(50);
  await clock.advance(50);
  await drained;
  assertEquals(times, [0, 50, 100]);
  assertEquals(warnings, []);
});

Deno.test("the time of a drain ends shutdown hooks: the signal aborts, the rest is left out, actors stop", async () => {
  const clock = new ManualClock();
  const system = quietSystem({ clock });
  const warnings = record(system, "warning");
  let reason: unknown;
  let isNextRun = false;
  system.spawn(Worker, () => worker());
  system.onShutdown("hangs", (signal) => {
    signal.addEventListener("abort", () => reason = signal.reason);
    return new Promise(() => {});
  }, { onError: "skip" });
  system.onShutdown("next", () => void (isNextRun = true));
  const drained = system.drain({ timeout: 500 });
  await clock.advance(499);
  assertEquals(system.state, "draining");
  await clock.advance(1);
  await settle(system);
  await clock.advance(0);
  await drained;
  assertEquals(isNextRun, false);
  assertEquals((reason as Error).name, "TimeoutError");
  assertEquals(warnings.map(({ text }) => text), [
    'shutdown hook "hangs" failed (skip)',
    'shutdown hook "next" did not run',
  ]);
});

Deno.test("a listener of the signal of shutdown hooks that throws is a warning, and the drain goes on", async () => {
  const clock = new ManualClock();
  const system = quietSystem({ clock });
  const warnings = record(system, "warning");
  const actor = system.spawn(Worker, () => worker());
  const error = new Error("listener");
  system.onShutdown("hangs", (signal) => {
    signal.addEventListener("abort", () => raise(error));
    return new Promise(() => {});
  }, { onError: "skip" });
  const drained = system.drain({ timeout: 500 });
  await clock.advance(500);
  await drained;
  assertEquals([system.state, actor.tell(Worker.note("x"))], [
    "stopped",
    false,
  ]);
  assertEquals(warnings[0], {
    type: "warning",
    text: "a listener of the signal of shutdown hooks failed",
    cause: error,
  });
});

Deno.test("actors get what shutdown hooks have left of the time of a drain", async () => {
  const clock = new ManualClock();
  const system = quietSystem({ clock });
  const { promise, resolve } = gate();
  const actor = system.spawn(Worker, () => worker());
  actor.tell(Worker.run(() => new Promise(() => {})));
  system.onShutdown("slow", () => promise);
  await settle(system);
  const drained = system.drain({ timeout: 500 });
  await clock.advance(400);
  resolve();
  await turn();
  await clock.advance(99);
  assertEquals(system.state, "draining");
  await clock.advance(1);
  await drained;
  assertEquals(system.state, "stopped");
});

Deno.test("a shutdown hook that fails leaves no rejection behind when nobody awaits the drain", async () => {
  const system = quietSystem();
  system.onShutdown("save", () => raise(new Error("no")));
  const actor = system.spawn(Worker, () => worker());
  await actor.ask(Worker.run((ctx) => ctx.drain()));
  await settle(system);
  assertEquals(system.state, "stopped");
  await assertRejects(() => system.drain(), ShutdownHookError);
});

Deno.test("onShutdown() refuses numbers that are out of range", () => {
  const system = quietSystem();
  assertThrows(
    () => system.onShutdown("a", () => {}, { retries: 1.5 }),
    RangeError,
    'Cannot add shutdown hook "a": retries is 1.5, a whole number >= 0 was expected',
  );
  assertThrows(
    () => system.onShutdown("a", () => {}, { delay: -1 }),
    RangeError,
    'Cannot add shutdown hook "a": the delay is -1, a number of milliseconds >= 0 was expected',
  );
});
