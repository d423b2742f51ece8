import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import {
  type ActorSystem,
  AskTimeoutError,
  type Context,
  StoppedError,
} from "../../../actor/mod.ts";
import { ManualClock, settle } from "../../../testing/mod.ts";
import {
  gate,
  type Job,
  quietSystem,
  raise,
  record,
  Worker,
  worker,
  type WorkerRef,
} from "../fixtures.ts";

const abortable = (): [AbortController, AbortSignal] => {
  const controller = new AbortController();
  return [controller, controller.signal];
};

/** A job that ends when its signal aborts, with the reason. */
const untilAborted: Job = ({ signal }) =>
  new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(signal.reason))
  );

const spawn = (system: ActorSystem): WorkerRef =>
  system.spawn(Worker, () => worker(), { name: "a" });

Deno.test("Context.signal aborts with the asker's reason when the asker gives up", async () => {
  await using system = quietSystem();
  const actor = spawn(system);
  const [controller, signal] = abortable();
  const ended = gate<unknown>();
  const asked = actor.ask(
    Worker.run((ctx) => {
      const inner = untilAborted(ctx) as Promise<unknown>;
      return inner.then(ended.resolve);
    }),
    { signal },
  ).catch((error) => error);
  await settle(system);
  const reason = new Error("changed my mind");
  controller.abort(reason);
  assertStrictEquals(await ended.promise, reason);
  assertStrictEquals(await asked, reason);
  assertEquals(await actor.ask(Worker.run(() => "goes on")), "goes on");
});

Deno.test("Context.signal aborts when the ask times out, with its error", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const actor = spawn(system);
  let reason: unknown;
  const asked = actor.ask(
    Worker.run(async (ctx) => void (reason = await untilAborted(ctx))),
    { timeout: 100 },
  ).catch((error) => error);
  await clock.advance(110);
  assertStrictEquals(await asked, reason);
  assert(reason instanceof AskTimeoutError);
});

Deno.test("Context.signal is aborted when it is read after the asker gave up", async () => {
  await using system = quietSystem();
  const actor = spawn(system);
  const busy = gate();
  actor.tell(Worker.run(() => busy.promise));
  const seen: unknown[] = [];
  const opens = [gate(), gate()];
  const reason = new Error("no longer");
  const controllers = opens.map((open, i) => {
    const [controller, signal] = abortable();
    const look: Job = async (ctx) => {
      if (i === 1) await open.promise; // it gives up in the midst of this one
      seen.push(ctx.signal.aborted, ctx.signal.reason === reason);
    };
    actor.ask(Worker.run(look), { signal }).catch(() => {});
    return controller;
  });
  await settle(system);
  controllers[0]?.abort(reason); // while it waits in the mailbox
  busy.resolve();
  await settle(system);
  controllers[1]?.abort(reason);
  opens[1]?.resolve();
  await settle(system);
  assertEquals(seen, [true, true, true, true]);
});

Deno.test("Context.signal does not abort after a reply, nor for a told message", async () => {
  await using system = quietSystem();
  const actor = spawn(system);
  const [controller, signal] = abortable();
  const signals: AbortSignal[] = [];
  const keep = Worker.run((ctx) => void signals.push(ctx.signal));
  await actor.ask(keep, { signal });
  actor.tell(keep);
  await settle(system);
  controller.abort();
  await settle(system);
  assertEquals(signals.map(({ aborted }) => aborted), [false, false]);
});

Deno.test("Context.signal is one for a message and another for the next", async () => {
  await using system = quietSystem();
  const actor = spawn(system);
  const message = Worker.run(async (ctx) => {
    const { signal } = ctx;
    await Promise.resolve();
    return [signal, ctx.signal];
  });
  const [first, second] = [
    await actor.ask(message),
    await actor.ask(message),
  ] as AbortSignal[][];
  assertStrictEquals(first?.[0], first?.[1]);
  assert(first?.[0] !== second?.[0]);
});

Deno.test("Context.signal aborts when the actor is stopped or drained, read before or after", async () => {
  for (const how of ["stop", "drain"] as const) {
    for (const when of ["before", "after"] as const) {
      const system = quietSystem();
      const actor = spawn(system);
      const open = gate();
      const asked = actor.ask(Worker.run(async (ctx) => {
        if (when === "before") return await untilAborted(ctx);
        await open.promise;
        return ctx.signal.reason;
      }));
      await settle(system);
      if (how === "stop") {
        const stopped = system.stop(actor);
        open.resolve();
        await stopped;
        const reason = await asked;
        assert(reason instanceof StoppedError);
        assertEquals(reason.outcome, "unknown");
      } else {
        // A drain lets the message be handled to its end, so nothing is cut off.
        const drained = system.drain({
          timeout: when === "before" ? 1 : 60_000,
        });
        open.resolve();
        await drained;
        const reason = await asked.catch((error) => error);
        assertEquals(
          reason instanceof StoppedError,
          when === "before",
        );
      }
      await system.drain();
    }
  }
});

Deno.test("a chain of asks is cancelled down to its end", async () => {
  await using system = quietSystem();
  const names = ["a", "b", "c"] as const;
  const [a, b, c] = names.map((name) =>
    system.spawn(Worker, () => worker(), { name })
  ) as [WorkerRef, WorkerRef, WorkerRef];
  const [controller, signal] = abortable();
  let reason: unknown;
  const pass = (ref: WorkerRef, job: Job): Job => (ctx) =>
    ctx.ask(ref, Worker.run(job), { signal: ctx.signal }).catch(() => {});
  const last: Job = async (ctx) => void (reason = await untilAborted(ctx));
  const asked = a.ask(Worker.run(pass(b, pass(c, last))), { signal })
    .catch((error) => error);
  await settle(system);
  controller.abort("enough");
  assertEquals(await asked, "enough");
  await settle(system);
  assertEquals(reason, "enough");
});

Deno.test("a thousand asks with one signal leave no listener on it", async () => {
  await using system = quietSystem();
  const actor = spawn(system);
  const [, signal] = abortable();
  let listeners = 0;
  for (const [name, by] of [["add", 1], ["remove", -1]] as const) {
    const key = `${name}EventListener` as const;
    const original = signal[key];
    signal[key] = (...args: Parameters<typeof original>) => {
      listeners += by;
      original.apply(signal, args);
    };
  }
  const all = Array.from(
    { length: 1_000 },
    (_, i) =>
      actor.ask(Worker.run((ctx) => ctx.signal.aborted && i), { signal }),
  );
  assertEquals(listeners, 1_000);
  await Promise.all(all);
  assertEquals(listeners, 0);
});

Deno.test("Context.remaining is 0 for a message whose asker gave up, and Infinity in hooks and for a tell", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const seen: unknown[] = [];
  const look = (ctx: Context) => void seen.push(ctx.remaining);
  const actor = system.spawn(Worker, () => ({
    ...worker(),
    onStart: look,
    onStop: look,
  }));
  const busy = gate();
  actor.tell(Worker.run(() => busy.promise));
  actor.ask(Worker.run(look), { timeout: 50 }).catch(() => {});
  actor.tell(Worker.run(look));
  actor.ask(Worker.run(look), { timeout: Infinity }).catch(() => {});
  await clock.advance(60);
  busy.resolve();
  await settle(system);
  await system.stop(actor);
  assertEquals(seen, [Infinity, 0, Infinity, Infinity, Infinity]);
});

Deno.test("a handler that ends with the reason of its aborted signal has not failed", async () => {
  await using system = quietSystem();
  using failures = system.events.subscribe({ types: ["actor_failed"] });
  const actor = spawn(system);
  const [controller, signal] = abortable();
  const begun = gate();
  const rethrow: Job = async (ctx) => {
    begun.resolve();
    throw await untilAborted(ctx);
  };
  const asked = actor.ask(Worker.run(rethrow), { signal }).catch(() => {});
  await begun.promise;
  // One that waits meanwhile begins with a signal that has aborted.
  const late: Job = ({ signal }) => signal.throwIfAborted();
  const waiting = actor.ask(Worker.run(late), { signal }).catch(() => {});
  controller.abort(new Error("changed my mind"));
  await Promise.all([asked, waiting]);
  assertEquals(await actor.ask(Worker.run(() => "goes on")), "goes on");

  // Another error is a failure, also after the asker gave up.
  const [other, otherSignal] = abortable();
  const reached = gate();
  const broken: Job = async (ctx) => {
    reached.resolve();
    await untilAborted(ctx);
    throw new RangeError("broken");
  };
  const failing = actor.ask(Worker.run(broken), { signal: otherSignal })
    .catch(() => {});
  await reached.promise;
  other.abort(new Error("me too"));
  await failing;
  await settle(system);
  const { value } = await failures.next();
  assertEquals(`${value?.error}`, "RangeError: broken");
  failures.unsubscribe();
  assertEquals((await failures.next()).done, true);
});

Deno.test("a listener of Context.signal that throws is a reported failure and ends nothing", async () => {
  await using system = quietSystem();
  const failures = record(system, "actor_failed");
  const actor = spawn(system);
  const ended: string[] = [];
  const listening = (open: Promise<unknown>): Job => async ({ signal }) => {
    signal.addEventListener("abort", () => raise(new Error("listener")));
    signal.addEventListener("abort", () => ended.push("the next one"));
    await open;
  };
  const [controller, signal] = abortable();
  const open = gate();
  const asked = actor.ask(Worker.run(listening(open.promise)), { signal })
    .catch((error) => error);
  await settle(system);
  controller.abort("enough");
  assertEquals(await asked, "enough");
  open.resolve();
  const last = gate();
  const stopping = actor.ask(Worker.run(listening(last.promise)));
  await settle(system);
  const stopped = system.stop(actor);
  last.resolve();
  await stopping;
  await stopped;
  await settle(system);
  assertEquals(ended, ["the next one", "the next one"]);
  assertEquals(
    failures.map(({ error, during, directive }) => [
      (error as Error).message,
      during,
      directive,
    ]),
    [["listener", "abort", undefined], ["listener", "abort", undefined]],
  );
});
