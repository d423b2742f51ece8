import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import {
  AskTimeoutError,
  StartError,
  StoppedError,
} from "../../../actor/mod.ts";
import { AskRegistry, type PendingAsk } from "../../../actor/asks/asks.ts";
import type { BaseRef } from "../../../actor/reference/ref.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import { ManualClock, settle } from "../../../testing/mod.ts";
import {
  gate,
  quietSystem,
  raise,
  record,
  Worker,
  worker,
} from "../fixtures.ts";

const forever = () => Worker.run(() => new Promise(() => {}));

Deno.test("ActorRef.ask() resolves with what the handler returned, now or later", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Worker, () => worker());
  assertEquals(await actor.ask(Worker.run(() => 1)), 1);
  assertEquals(await actor.ask(Worker.run(() => Promise.resolve(2))), 2);
  assertEquals(await actor.ask(Worker.note("told")), undefined);
});

Deno.test("ActorRef.ask() rejects with AskTimeoutError after the timeout, and not before", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const actor = system.spawn(Worker, () => worker(), { name: "a" });
  let settled = "open";
  const asked = actor.ask(forever(), { timeout: 1_000 });
  asked.catch(() => settled = "rejected");
  await clock.advance(999);
  assertEquals(settled, "open");
  await clock.advance(11);
  assertEquals(settled, "rejected");
  const error = await assertRejects(
    () => asked,
    AskTimeoutError,
    'Cannot complete the ask of "worker.run" to "goakt://test@:0/a": no reply within 1000 ms (it is in "worker.run"), a reply was expected',
  );
  assertEquals(
    [error.code, error.outcome, error.timeout, error.target.path],
    ["ask_timeout_error", "unknown", 1_000, "a"],
  );
  const drained = system.drain({ timeout: 0 });
  await clock.advance(0);
  await drained;
});

Deno.test("ActorRef.ask() waits 5 s, or what the system was given, unless it says", async () => {
  for (const askTimeout of [undefined, 700]) {
    const clock = new ManualClock();
    const system = quietSystem({
      clock,
      ...(askTimeout === undefined ? {} : { askTimeout }),
    });
    const actor = system.spawn(Worker, () => worker());
    const asked = assertRejects(() => actor.ask(forever()), AskTimeoutError);
    await clock.advance((askTimeout ?? 5_000) - 1);
    assertEquals(internalsOf(system).runtime.asks.size, 1);
    await clock.advance(11);
    await asked;
    const drained = system.drain({ timeout: 0 });
    await clock.advance(0);
    await drained;
  }
});

Deno.test("ActorRef.ask() with any mix of timeouts rejects each in its own time", async () => {
  const clock = new ManualClock(12_345);
  const system = quietSystem({ clock });
  const actor = system.spawn(Worker, () => worker());
  const begin = clock.now();
  const late: number[] = [];
  const timeouts = [0, 1, 9, 10, 11, 500, 10_239, 10_240, 10_241, 30_000];
  const all = timeouts.map((timeout) =>
    actor.ask(forever(), { timeout }).catch(() =>
      late.push(clock.now() - begin - timeout)
    )
  );
  await clock.advance(31_000);
  await Promise.all(all);
  assertEquals(late.length, timeouts.length);
  assert(late.every((by) => by >= 0 && by <= 10), `late by ${late}`);
  assertEquals(clock.pending, 0);
  const drained = system.drain({ timeout: 0 });
  await clock.advance(0);
  await drained;
});

Deno.test("ActorRef.ask() shares one timer among all open asks, and leaves none behind", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const actor = system.spawn(Worker, () => worker());
  const open = gate<number>();
  const all = Array.from(
    { length: 100 },
    () => actor.ask(Worker.run(() => open.promise)),
  );
  await clock.settle();
  assertEquals(clock.pending, 1);
  open.resolve(5);
  assertEquals(await Promise.all(all), new Array(100).fill(5));
  await clock.advance(10);
  assertEquals(clock.pending, 0);
});

Deno.test("ActorRef.ask() refuses a timeout that is not a number of at least 0", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Worker, () => worker());
  for (const timeout of [-1, NaN]) {
    await assertRejects(
      () => actor.ask(Worker.run(() => {}), { timeout }),
      RangeError,
      `the timeout is ${timeout}, a number of milliseconds >= 0 was expected`,
    );
  }
});

Deno.test("ActorRef.ask() without an end waits until the system has stopped", async () => {
  const clock = new ManualClock();
  const system = quietSystem({ clock });
  const actor = system.spawn(Worker, () => worker());
  const asked = assertRejects(
    () => actor.ask(forever(), { timeout: Infinity }),
    StoppedError,
    "the asking system has stopped",
  );
  await clock.advance(20_000);
  const drained = system.drain({ timeout: 100 });
  await clock.advance(100);
  await drained;
  assertEquals((await asked).outcome, "unknown");
  assertEquals(clock.pending, 0);
});

Deno.test("ActorRef.ask() ignores a reply that comes too late", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const letters = record(system, "dead_letter");
  const failures = record(system, "actor_failed");
  const actor = system.spawn(Worker, () => worker());
  const open = gate<number>();
  const asked = assertRejects(
    () => actor.ask(Worker.run(() => open.promise), { timeout: 10 }),
    AskTimeoutError,
  );
  await clock.advance(20);
  await asked;
  open.resolve(1);
  await clock.settle();
  assertEquals([letters.length, failures.length], [0, 0]);
  assertEquals(await actor.ask(Worker.run(() => 2)), 2);
});

Deno.test("ActorRef.ask() with a signal that has aborted sends nothing", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const actor = system.spawn(Worker, () => worker(log));
  const reason = new Error("changed my mind");
  const found = await assertRejects(() =>
    actor.ask(Worker.note("x"), { signal: AbortSignal.abort(reason) })
  );
  await settle(system);
  assertStrictEquals(found, reason);
  assertEquals(log, []);
});

Deno.test("ActorRef.ask() rejects with the signal's reason when it aborts", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Worker, () => worker());
  const controller = new AbortController();
  const open = gate();
  const asked = actor.ask(Worker.run(() => open.promise), {
    signal: controller.signal,
  });
  await settle(system);
  controller.abort("enough");
  assertEquals(await asked.catch((error) => [error]), ["enough"]);
  open.resolve();
});

Deno.test("ActorRef.ask() removes its listener from the signal however it ends", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const actor = system.spawn(Worker, () => worker());
  const dead = system.spawn(Worker, () => worker());
  await system.stop(dead);
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (
    ...args: Parameters<typeof removeEventListener>
  ) => {
    listeners--;
    removeEventListener.apply(signal, args);
  };
  await actor.ask(Worker.run(() => 1), { signal });
  await actor.ask(Worker.run(() => raise(1)), { signal }).catch(() => {});
  await dead.ask(Worker.run(() => 1), { signal }).catch(() => {});
  await assertRejects(() =>
    actor.ask({ ...Worker.note("x"), protocol: {} } as never, { signal })
  );
  const open = gate();
  const late = actor.ask(Worker.run(() => open.promise), {
    signal,
    timeout: 5,
  });
  late.catch(() => {});
  assertEquals(listeners, 1);
  await clock.advance(20);
  assertEquals(listeners, 0);
  open.resolve();
});

Deno.test("ActorRef.ask() with something else for a signal rejects and leaves nothing open", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Worker, () => worker());
  await assertRejects(
    () => actor.ask(Worker.run(() => 1), { signal: {} as AbortSignal }),
    TypeError,
  );
  assertEquals(internalsOf(system).runtime.asks.size, 0);
});

Deno.test("ActorRef.ask() to a dead, missing, unstarted or failing actor rejects without time passing", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const dead = system.spawn(Worker, () => worker());
  await system.stop(dead);
  const missing = system.ref(Worker, "goakt://test@:0/missing");
  const unstarted = system.spawn(Worker, () => raise(new Error("no")));
  const failing = system.spawn(Worker, () => worker());
  const job = Worker.run(() => raise(new RangeError("no")));
  await assertRejects(() => dead.ask(job), StoppedError, "it has stopped");
  await assertRejects(() => missing.ask(job), StoppedError, "no such actor");
  await assertRejects(() => unstarted.ask(job), StartError);
  await assertRejects(() => failing.ask(job), RangeError, "no");
  await assertRejects(
    () =>
      failing.ask(Worker.run(() => Promise.reject(new RangeError("later")))),
    RangeError,
    "later",
  );
  const waiting = assertRejects(() => failing.ask(job), StoppedError);
  await system.stop(failing);
  await waiting;
  assertEquals(clock.now(), 0);
  await clock.advance(10);
  assertEquals(clock.pending, 0);
});

Deno.test("ActorRef.ask() that is refused at once sets no timer", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const dead = system.spawn(Worker, () => worker());
  await system.stop(dead);
  const asked = dead.ask(Worker.run(() => {}));
  assertEquals(clock.pending, 0);
  await assertRejects(() => asked, StoppedError);
});

Deno.test("ActorRef.ask() of another protocol rejects instead of throwing", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Worker, () => worker());
  const asked = actor.ask({ ...Worker.note("x"), protocol: {} } as never);
  await assertRejects(() => asked, TypeError, "a message of protocol");
});

Deno.test("Context.ask() waits no longer than the asker of the message does", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const end = system.spawn(Worker, () => worker());
  const open = gate();
  const seen: number[] = [];
  const middle = system.spawn(Worker, () => worker());
  const asked = assertRejects(
    () =>
      middle.ask(
        Worker.run((ctx) =>
          ctx.ask(
            end,
            Worker.run((inner) => {
              seen.push(inner.remaining);
              return open.promise;
            }),
            { timeout: 60_000 },
          )
        ),
        { timeout: 300 },
      ),
    AskTimeoutError,
  );
  await clock.advance(310);
  await asked;
  assertEquals(seen, [300]);
  assertEquals(internalsOf(system).runtime.asks.size, 0);
  open.resolve();
});

Deno.test("Context.remaining counts down and does not fall below 0", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const actor = system.spawn(Worker, () => worker());
  const opens = [gate(), gate()];
  const seen: number[] = [];
  const asked = actor.ask(
    Worker.run(async (ctx) => {
      for (const open of opens) {
        seen.push(ctx.remaining);
        await open.promise;
      }
      seen.push(ctx.remaining);
    }),
    { timeout: 100 },
  );
  asked.catch(() => {});
  await clock.advance(40);
  opens[0]?.resolve();
  await clock.advance(200);
  opens[1]?.resolve();
  await clock.settle();
  assertEquals(seen, [100, 60, 0]);
});

Deno.test("AskRegistry.close() rejects every open ask, also when one rejection settles others", async () => {
  const clock = new ManualClock();
  const registry = new AskRegistry(clock, 5_000);
  const open: PendingAsk[] = [];
  const target = {
    deliver(ask: PendingAsk) {
      open.push(ask);
      ask.carrier = {
        abandon: () => {
          for (const other of open) other.fail("carrier");
        },
      };
      return true;
    },
  } as unknown as BaseRef;
  const message = Worker.note("x");
  const all = Array.from(
    { length: 5 },
    (_, i) =>
      registry.ask(target, message, undefined, {
        timeout: i < 3 ? 100 : i * 100,
      })
        .catch((error) => error),
  );
  registry.close(() => new Error("closed"));
  const errors = await Promise.all(all);
  assertEquals(errors.map((error) => error === "carrier"), [
    true,
    true,
    false,
    true,
    true,
  ]);
  assertEquals([registry.size, clock.pending], [0, 0]);
});

Deno.test("PendingAsk tells its carrier when the asker gives up, and only then", async () => {
  const clock = new ManualClock();
  const registry = new AskRegistry(clock, 5_000);
  let abandoned = 0;
  let last: PendingAsk | undefined;
  const target = {
    pid: undefined,
    silence: () => undefined,
    deliver(ask: PendingAsk) {
      last = ask;
      ask.carrier = { abandon: () => void abandoned++ };
      return true;
    },
  } as unknown as BaseRef;
  const answered = registry.ask(target, Worker.note("x"), undefined);
  last?.succeed(1);
  last?.fail(new Error("second outcome"));
  assertEquals([await answered, abandoned], [1, 0]);
  const late = registry.ask(target, Worker.note("x"), undefined, {
    timeout: 1,
  });
  late.catch(() => {});
  await clock.advance(20);
  assertEquals(abandoned, 1);
});
