import { assertEquals, assertThrows } from "@std/assert";
import {
  type ActorSnapshot,
  kind,
  MemoryMetrics,
  type Metrics,
} from "../../../actor/mod.ts";
import { ManualClock, settle } from "../../../testing/mod.ts";
import { gate, quietSystem, raise, Worker, worker } from "../fixtures.ts";

/** A snapshot without its address. */
function shown({ pid: _, ...rest }: ActorSnapshot): Omit<ActorSnapshot, "pid"> {
  return rest;
}

Deno.test("ActorSystem.inspect() says what an actor is doing, and what waits, is stashed and lives below it", async () => {
  await using system = quietSystem({ clock: new ManualClock() });
  const actor = system.spawn(Worker, () => worker(), { name: "a" });
  const idle = {
    kind: "worker",
    state: "running",
    work: "running",
    waiting: 0,
    stashed: 0,
    inFlight: 0,
    children: 0,
    figures: undefined,
  } as const;
  assertEquals(shown(system.inspect(actor)), {
    ...idle,
    state: "new",
    work: "new",
  });
  const open = gate();
  let isFirst = true;
  const stashed = actor.ask(Worker.run((ctx) => {
    if (isFirst) ctx.stash();
    isFirst = false;
  }));
  await actor.ask(
    Worker.run((ctx) => void ctx.spawn(Worker, () => worker(), { name: "b" })),
  );
  const busy = actor.ask(Worker.run(async (ctx) => {
    await open.promise;
    ctx.unstashAll();
  }));
  actor.tell(Worker.note("one"));
  actor.tell(Worker.note("two"));
  await settle(system);
  assertEquals(shown(system.inspect(actor)), {
    ...idle,
    work: 'in "worker.run"',
    waiting: 2,
    stashed: 1,
    children: 1,
  });
  assertEquals(system.inspect(actor).pid, actor.pid);
  open.resolve();
  await Promise.all([busy, stashed]);
  await settle(system);
  assertEquals(shown(system.inspect(actor)), { ...idle, children: 1 });
  await system.stop(actor);
  assertEquals(shown(system.inspect(actor)), {
    ...idle,
    state: "stopped",
    work: "stopped",
  });
});

Deno.test("ActorSystem.inspect() counts the messages that a reentrant actor has in work", async () => {
  await using system = quietSystem({ clock: new ManualClock() });
  const actor = system.spawn(Worker, () => worker(), {
    reentrancy: { mode: "all", maxInFlight: 2 },
  });
  const open = gate();
  const asked = [1, 2, 3].map(() => actor.ask(Worker.run(() => open.promise)));
  await settle(system);
  const { inFlight, waiting, work } = system.inspect(actor);
  assertEquals([inFlight, waiting, work], [2, 1, 'in "worker.run"']);
  open.resolve();
  await Promise.all(asked);
});

Deno.test("ActorSystem.inspect() gives the figures of one actor in a system with metrics, over its restarts", async () => {
  const clock = new ManualClock();
  const WorkerKind = kind(Worker, () => worker(), { name: "clerk" });
  await using system = quietSystem({
    clock,
    metrics: new MemoryMetrics(),
    kinds: [WorkerKind],
  });
  await clock.advance(50);
  const actor = system.spawn(WorkerKind);
  const other = system.spawn(WorkerKind);
  const figures = () => system.inspect(actor).figures;
  assertEquals(figures(), {
    uptime: 0,
    handled: 0,
    restarts: 0,
    failed: 0,
    deadLetters: 0,
    idle: undefined,
    lastDuration: undefined,
  });
  const open = gate();
  const asked = actor.ask(Worker.run(() => open.promise));
  await clock.advance(30);
  open.resolve();
  await asked;
  actor.tell(Worker.run(() => raise(new Error("boom"))));
  other.tell(Worker.note("of another"));
  await clock.advance(70);
  const counted = {
    uptime: 100,
    handled: 2,
    restarts: 1,
    failed: 1,
    deadLetters: 0,
    idle: 70,
    lastDuration: 0,
  };
  assertEquals([system.inspect(actor).kind, figures()], ["clerk", counted]);
  await system.stop(actor);
  actor.tell(Worker.note("late"));
  assertEquals(figures(), { ...counted, deadLetters: 1 });
});

Deno.test("ActorSystem.inspect() counts although the metrics throw", async () => {
  const broken: Metrics = { forKind: () => raise(new Error("broken")) };
  await using system = quietSystem({ metrics: broken });
  const actor = system.spawn(Worker, () => worker());
  await actor.ask(Worker.note("x"));
  assertEquals(system.inspect(actor).figures?.handled, 1);
});

Deno.test("ActorSystem.inspect() without an actor says how the system is", async () => {
  const clock = new ManualClock();
  await clock.advance(7);
  const system = quietSystem({ clock });
  const shape = { name: "test", state: "running", openAsks: 0, deadLetters: 0 };
  assertEquals(system.inspect(), { ...shape, uptime: 0, actors: 0 });
  const parent = system.spawn(Worker, () => worker());
  const gone = system.spawn(Worker, () => worker());
  await parent.ask(
    Worker.run((ctx) => void ctx.spawn(Worker, () => worker())),
  );
  await system.stop(gone);
  gone.tell(Worker.note("lost"));
  const open = gate();
  const asked = parent.ask(Worker.run(() => open.promise));
  await clock.advance(20);
  assertEquals(system.inspect(), {
    ...shape,
    uptime: 20,
    actors: 2,
    openAsks: 1,
    deadLetters: 1,
  });
  open.resolve();
  await asked;
  const drained = system.drain();
  assertEquals(system.inspect().state, "draining");
  await drained;
  assertEquals(system.inspect(), {
    ...shape,
    state: "stopped",
    uptime: 20,
    actors: 0,
    deadLetters: 1,
  });
});

Deno.test("ActorSystem.inspect() refuses an actor of another system", async () => {
  await using system = quietSystem();
  await using other = quietSystem();
  const actor = other.spawn(Worker, () => worker(), { name: "a" });
  assertThrows(
    () => system.inspect(actor),
    TypeError,
    'Cannot inspect "goakt://test@:0/a": it is not of system "test", an actor of this system was expected',
  );
});
