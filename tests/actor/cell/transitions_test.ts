import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import {
  oneForOne,
  StartError,
  StoppedError,
  type Terminated,
} from "../../../actor/mod.ts";
import { ManualClock, Probe, settle } from "../../../testing/mod.ts";
import {
  gate,
  loggedWorker,
  quietSystem,
  raise,
  record,
  Worker,
  worker,
} from "../fixtures.ts";

Deno.test("a start runs onStart before the first message, which waits for it", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const open = gate();
  const actor = system.spawn(Worker, () => ({
    ...worker(log),
    async onStart() {
      log.push("starting");
      await open.promise;
      log.push("started");
    },
  }));
  actor.tell(Worker.note("mail"));
  const started = actor.started().then(() => log.push("told"));
  await settle(system);
  assertEquals(log, ["starting"]);
  open.resolve();
  await started;
  await settle(system);
  assertEquals(log.toSorted(), ["mail", "started", "starting", "told"]);
  assertEquals(log.indexOf("started") < log.indexOf("mail"), true);
});

for (
  const [how, create] of [
    ["a factory that throws", () => raise(new RangeError("no"))],
    ["an onStart that throws", () => ({
      ...worker(),
      onStart: () => raise(new RangeError("no")),
    })],
    ["an onStart that rejects", () => ({
      ...worker(),
      onStart: () => Promise.reject(new RangeError("no")),
    })],
  ] as const
) {
  Deno.test(`${how} rejects asks with StartError, dead-letters tells and ends the watch`, async () => {
    await using system = quietSystem();
    const letters = record(system, "dead_letter");
    const probe = new Probe(system, Worker);
    await probe.ref.started();
    const actor = system.spawn(Worker, create, { name: "a" });
    const watched = probe.expectTerminated(actor);
    const asked = assertRejects(
      () => actor.ask(Worker.run(() => {})),
      StartError,
      'Cannot start "goakt://test@:0/a": RangeError: no',
    );
    actor.tell(Worker.note("early"));
    await assertRejects(() => actor.started(), StartError);
    await asked;
    const { reason, error } = await watched;
    assertEquals(reason, "not_started");
    assertEquals((error as StartError).code, "start_error");
    assertEquals(((error as StartError).cause as Error).message, "no");
    assertEquals(actor.tell(Worker.note("late")), false);
    await assertRejects(() => actor.ask(Worker.run(() => {})), StartError);
    await assertRejects(() => actor.started(), StartError);
    await settle(system);
    assertEquals(letters.map(({ reason }) => reason), [
      "not_started",
      "not_started",
      "not_started",
      "not_started",
    ]);
    assertEquals(system.find(Worker, "a"), undefined);
  });
}

Deno.test("a factory that returns a promise is a failed start, whatever becomes of it", async () => {
  await using system = quietSystem();
  for (
    const create of [
      () => Promise.resolve(worker()),
      () => Promise.reject(new Error()),
    ]
  ) {
    const actor = system.spawn(Worker, create as never, { name: "a" });
    await assertRejects(
      () => actor.started(),
      StartError,
      "its factory returned a promise, the handlers were expected",
    );
  }
});

Deno.test("ActorRef.started() rejects once a failed actor has ended, so that its name is free", async () => {
  await using system = quietSystem();
  const ending = Promise.withResolvers<void>();
  const order: string[] = [];
  const actor = system.spawn(Worker, () => ({
    ...worker(),
    onStart(ctx) {
      ctx.spawn(Worker, () => ({ ...worker(), onStop: () => ending.promise }));
      throw new Error("no");
    },
  }), { name: "a", start: { tries: 1 } });
  const early = actor.started().catch(() => order.push("early"));
  await settle(system);
  const late = actor.started().catch(() => order.push("late"));
  await settle(system);
  assertEquals(order, []);
  ending.resolve();
  await Promise.all([early, late]);
  assertEquals(order, ["early", "late"]);
  await system.spawn(Worker, () => worker(), { name: "a" }).started();
});

Deno.test("a failed start calls no stop hook and is not tried again after the last try", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const actor = system.spawn(Worker, () => ({
    ...loggedWorker(log, "a"),
    onStart() {
      log.push("tries");
      throw new Error("no");
    },
  }), { start: { tries: 1 } });
  await assertRejects(() => actor.started(), StartError);
  await settle(system);
  assertEquals(log, ["tries"]);
});

Deno.test("a failed start stops the children that it spawned", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const actor = system.spawn(Worker, () => ({
    ...worker(),
    onStart(ctx) {
      ctx.spawn(Worker, () => loggedWorker(log, "child"));
      throw new Error("no");
    },
  }));
  await assertRejects(() => actor.started(), StartError);
  await settle(system);
  assertEquals(
    log.filter((line) => line === "child stops").length,
    log.length / 2,
  );
  assertEquals(system.find(Worker, actor.pid.path), undefined);
});

Deno.test("started() of an actor that is stopped first rejects with StoppedError", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const actor = system.spawn(Worker, () => loggedWorker(log, "a"));
  const started = assertRejects(() => actor.started(), StoppedError);
  await system.stop(actor);
  await started;
  assertEquals(log, []);
});

Deno.test("an actor that is stopped while it starts is ended after it has started", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const open = gate();
  const actor = system.spawn(Worker, () => ({
    ...loggedWorker(log, "a"),
    async onStart() {
      await open.promise;
      log.push("started");
    },
  }));
  await settle(system);
  const started = assertRejects(() => actor.started(), StoppedError);
  const stopped = system.stop(actor);
  await settle(system);
  assertEquals(log, []);
  open.resolve();
  await stopped;
  await started;
  assertEquals(log, ["started", "a stops"]);
});

Deno.test("an actor that is stopped while it starts and fails has no stop hook called", async () => {
  await using system = quietSystem();
  const failures = record(system, "actor_failed");
  const log: string[] = [];
  const open = gate();
  const actor = system.spawn(Worker, () => ({
    ...loggedWorker(log, "a"),
    onStart: () => open.promise,
  }));
  await settle(system);
  const stopped = system.stop(actor);
  open.reject(new Error("no"));
  await stopped;
  await settle(system);
  assertEquals(log, []);
  assertEquals(failures.map(({ during, directive }) => [during, directive]), [
    ["onStart", undefined],
  ]);
});

Deno.test("a stop ends children before their parent, level by level", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const grow = (name: string, depth: number) => () => ({
    ...loggedWorker(log, name),
    onStart(ctx: { spawn: typeof system.spawn }) {
      if (depth === 0) return;
      for (const each of ["1", "2"]) {
        ctx.spawn(Worker, grow(name + each, depth - 1));
      }
    },
  });
  const top = system.spawn(Worker, grow("t", 2));
  await settle(system);
  await system.stop(top);
  const at = (name: string) => log.indexOf(`${name} stops`);
  assertEquals(log.length, 7);
  for (const parent of ["t", "t1", "t2"]) {
    for (const each of ["1", "2"]) {
      assertEquals(at(parent + each) < at(parent), true, `${parent}${each}`);
    }
  }
});

Deno.test("a stop handles the current message to its end and dead-letters the rest", async () => {
  await using system = quietSystem();
  const letters = record(system, "dead_letter");
  const log: string[] = [];
  const open = gate();
  const actor = system.spawn(Worker, () => loggedWorker(log, "a"));
  const reply = actor.ask(Worker.run(async () => {
    await open.promise;
    log.push("handled");
    return 1;
  }));
  actor.tell(Worker.note("waits"));
  await settle(system);
  const stopped = system.stop(actor);
  assertEquals(actor.tell(Worker.note("late")), false);
  await settle(system);
  assertEquals(log, ["a starts"]);
  open.resolve();
  assertEquals(await reply, 1);
  await stopped;
  await settle(system);
  assertEquals(log, ["a starts", "handled", "a stops"]);
  assertEquals(letters.map(({ message, reason }) => [message.body, reason]), [
    ["waits", "stopped"],
    ["late", "stopped"],
  ]);
});

Deno.test("stop() waits for an onStop that returns a promise, and calls it once", async () => {
  await using system = quietSystem();
  const open = gate();
  let stops = 0;
  const actor = system.spawn(Worker, () => ({
    ...worker(),
    async onStop() {
      stops++;
      await open.promise;
    },
  }));
  await actor.started();
  let isStopped = false;
  const all = Promise.all([system.stop(actor), system.stop(actor)])
    .then(() => isStopped = true);
  await settle(system);
  assertEquals([stops, isStopped], [1, false]);
  open.resolve();
  await all;
  await system.stop(actor);
  assertEquals(stops, 1);
});

for (
  const [how, onStop] of [
    ["throws", () => raise(new Error("no"))],
    ["rejects", () => Promise.reject(new Error("no"))],
  ] as const
) {
  Deno.test(`an onStop that ${how} is reported and hides nothing from the watchers`, async () => {
    await using system = quietSystem();
    const failures = record(system, "actor_failed");
    const probe = new Probe(system, Worker);
    const actor = system.spawn(Worker, () => ({ ...worker(), onStop }));
    await probe.watch(actor);
    await system.stop(actor);
    assertEquals((await probe.expectTerminated(actor)).reason, "stopped");
    assertEquals(failures.map(({ during }) => during), ["onStop"]);
  });
}

Deno.test("a stop during a restart ends the actor, and each instance once", async () => {
  for (const hook of ["onRestart", "onStart"] as const) {
    await using system = quietSystem();
    const log: string[] = [];
    const open = gate();
    let made = 0;
    const actor = system.spawn(Worker, () => {
      const number = ++made;
      const waits = (hook === "onStart") === (number === 2);
      return {
        ...loggedWorker(log, `${number}`),
        async [hook]() {
          if (waits) await open.promise;
          log.push(`${number} ${hook}`);
        },
      };
    });
    actor.tell(Worker.run(() => raise(new Error("no"))));
    await settle(system);
    const stopped = system.stop(actor);
    open.resolve();
    await stopped;
    assertEquals(
      log,
      hook === "onRestart"
        ? ["1 starts", "1 onRestart"]
        : ["1 onStart", "1 restarts", "2 onStart", "2 stops"],
    );
  }
});

Deno.test("a stopped actor can be neither restarted nor told anything", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Worker, () => worker(), { name: "a" });
  await system.stop(actor);
  assertEquals(actor.tell(Worker.note("x")), false);
  const error = await assertRejects(
    () => actor.ask(Worker.run(() => {})),
    StoppedError,
    'Cannot deliver "worker.run" to "goakt://test@:0/a": it has stopped, a running actor was expected',
  );
  assertEquals(error.outcome, "not_delivered");
  await assertRejects(() => actor.ready(), StoppedError);
});

Deno.test("an actor that is left behind at the end of a drain still ends its instance", async () => {
  const clock = new ManualClock();
  const system = quietSystem({ clock });
  const warnings = record(system, "warning");
  const log: string[] = [];
  const open = gate();
  const late = gate();
  const busy = system.spawn(Worker, () => ({
    ...loggedWorker(log, "busy"),
    onStart(ctx) {
      ctx.spawn(Worker, () => loggedWorker(log, "child"));
    },
  }), { name: "busy" });
  system.spawn(Worker, () => ({
    ...loggedWorker(log, "slow"),
    onStart: () => late.promise,
  }));
  const reply = busy.ask(Worker.run(() => open.promise), { timeout: Infinity });
  const rejected = assertRejects(() => reply, StoppedError);
  await clock.settle();
  const drained = system.drain({ timeout: 1_000 });
  await clock.advance(1_000);
  await drained;
  await rejected;
  assertEquals(log, ["child starts", "child stops"]);
  assertEquals(warnings.map(({ text }) => text), [
    '2 actors did not stop within 1000 ms: "busy" (in "worker.run"), "$2" (in "onStart")',
  ]);
  open.resolve();
  late.resolve();
  await clock.settle();
  assertEquals(log.slice(2).toSorted(), ["busy stops", "slow stops"]);
  assertEquals([system.state, clock.pending], ["stopped", 0]);
});

Deno.test("a handler left behind that fails later ends its instance and nothing else", async () => {
  const clock = new ManualClock();
  const system = quietSystem({ clock });
  const log: string[] = [];
  const open = gate();
  const actor = system.spawn(Worker, () => loggedWorker(log, "a"));
  actor.tell(Worker.run(() => open.promise));
  await clock.settle();
  const drained = system.drain({ timeout: 10 });
  await clock.advance(10);
  await drained;
  open.reject(new Error("late"));
  await clock.settle();
  assertEquals(log, ["a starts", "a stops"]);
});

Deno.test("a stop hook of an actor left behind that rejects is nobody's problem", async () => {
  const clock = new ManualClock();
  const system = quietSystem({ clock });
  let stops = 0;
  system.spawn(Worker, () => ({
    ...worker(),
    onStart(ctx) {
      ctx.spawn(Worker, () => worker())
        .tell(Worker.run(() => new Promise(() => {})));
    },
    onStop() {
      stops++;
      return Promise.reject(new Error("no"));
    },
  }));
  await clock.settle();
  const drained = system.drain({ timeout: 10 });
  await clock.advance(10);
  await drained;
  assertEquals(stops, 1);
});

Deno.test("a stop hook is not told of the sender of the last message", async () => {
  await using system = quietSystem();
  const senders: unknown[] = [];
  const actor = system.spawn(Worker, () => ({
    ...worker(),
    onStop: (ctx) => void senders.push(ctx.sender, ctx.remaining),
  }));
  const sender = system.spawn(Worker, () => worker());
  await sender.ask(
    Worker.run((ctx) => ctx.ask(actor, Worker.run((inner) => inner.stop()))),
  );
  await settle(system);
  assertEquals(senders, [undefined, Infinity]);
});

Deno.test("a stop hook left behind that never returns is not called again", async () => {
  const clock = new ManualClock();
  const system = quietSystem({ clock });
  const open = gate();
  let stops = 0;
  system.spawn(Worker, () => ({
    ...worker(),
    onStop() {
      stops++;
      return open.promise;
    },
  }));
  await clock.settle();
  const drained = system.drain({ timeout: 10 });
  await clock.advance(10);
  await drained;
  open.resolve();
  await clock.settle();
  assertEquals(stops, 1);
});

Deno.test("Terminated carries why an actor ended and what it failed with", async () => {
  await using system = quietSystem();
  const stops = record(system, "actor_stopped");
  const probe = new Probe(system, Worker);
  const error = new Error("no");
  const ends: Terminated[] = [];
  for (
    const job of [() => raise(error), (ctx: { stop(): void }) => ctx.stop()]
  ) {
    const actor = system.spawn(Worker, () => worker(), {
      supervisor: oneForOne({ decide: () => "stop" }),
    });
    await probe.watch(actor);
    actor.tell(Worker.run(job));
    ends.push(await probe.expectTerminated(actor));
  }
  assertEquals(ends.map(({ reason }) => reason), ["failed", "stopped"]);
  assertStrictEquals(ends[0]?.error, error);
  assertEquals("error" in (ends[1] ?? {}), false);
  assertEquals(stops.map(({ reason }) => reason), ["failed", "stopped"]);
});
