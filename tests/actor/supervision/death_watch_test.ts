import { assertEquals } from "@std/assert";
import type { ActorRef, AnyProtocol, Pid } from "../../../actor/mod.ts";
import { DeathWatch } from "../../../actor/supervision/death_watch.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import { Probe, settle } from "../../../testing/mod.ts";
import {
  gate,
  quietSystem,
  raise,
  record,
  Worker,
  worker,
  type WorkerRef,
} from "../fixtures.ts";

/** A worker that writes down whose end it is told of. */
function watcher(log: string[]) {
  return {
    ...worker(log),
    onTerminated: (
      { pid, reason }: { pid: Pid; reason: string },
    ): void => void log.push(`${pid.path} ${reason}`),
  };
}

const watch = (ref: ActorRef<AnyProtocol>) =>
  Worker.run((ctx) => ctx.watch(ref));
const unwatch = (ref: ActorRef<AnyProtocol>) =>
  Worker.run((ctx) => ctx.unwatch(ref));

Deno.test("Context.watch() tells of the end after the messages that the actor sent before", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const eye = system.spawn(Worker, () => watcher(log));
  const actor = system.spawn(Worker, () => ({
    ...worker(),
    onStop: (ctx) => void ctx.tell(eye, Worker.note("last words")),
  }), { name: "a" });
  await eye.ask(watch(actor));
  actor.tell(Worker.run((ctx) => {
    ctx.tell(eye, Worker.note("first"));
    void ctx.stop();
    ctx.tell(eye, Worker.note("second"));
  }));
  await settle(system);
  assertEquals(log, ["first", "second", "last words", "a stopped"]);
});

Deno.test("Context.watch() of an actor that is gone or never was tells at once", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const eye = system.spawn(Worker, () => watcher(log));
  const dead = system.spawn(Worker, () => worker(), { name: "dead" });
  await system.stop(dead);
  await eye.ask(watch(dead));
  await eye.ask(watch(system.ref(Worker, "goakt://test@:0/never")));
  await settle(system);
  assertEquals(log, ["dead missing", "never missing"]);
});

Deno.test("Context.watch() twice tells once", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const eye = system.spawn(Worker, () => watcher(log));
  const actor = system.spawn(Worker, () => worker(), { name: "a" });
  await eye.ask(watch(actor));
  await eye.ask(watch(actor));
  await system.stop(actor);
  await settle(system);
  assertEquals(log, ["a stopped"]);
});

Deno.test("Context.unwatch() ends a watch, also when the end waits in the mailbox", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const eye = system.spawn(Worker, () => watcher(log));
  const [first, second] = ["1", "2"].map((name) =>
    system.spawn(Worker, () => worker(), { name })
  ) as [WorkerRef, WorkerRef];
  await eye.ask(watch(first));
  await eye.ask(watch(second));
  await eye.ask(unwatch(first));
  await system.stop(first);
  const open = gate();
  eye.tell(Worker.run(async (ctx) => {
    await open.promise;
    ctx.unwatch(second);
  }));
  await settle(system);
  await system.stop(second);
  open.resolve();
  await settle(system);
  assertEquals(log, []);
});

Deno.test("Context.watch() after an unwatch tells once", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const eye = system.spawn(Worker, () => watcher(log));
  const actor = system.spawn(Worker, () => worker(), { name: "a" });
  const open = gate();
  await eye.ask(watch(actor));
  eye.tell(Worker.run(async (ctx) => {
    await open.promise;
    ctx.unwatch(actor);
    ctx.watch(actor);
  }));
  await settle(system);
  await system.stop(actor);
  open.resolve();
  await settle(system);
  assertEquals(log.length, 1);
});

Deno.test("Context.watch() outlives a restart of the watcher, not its end", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const letters = record(system, "dead_letter");
  const eye = system.spawn(Worker, () => watcher(log));
  const [first, second] = ["1", "2"].map((name) =>
    system.spawn(Worker, () => worker(), { name })
  ) as [WorkerRef, WorkerRef];
  await eye.ask(watch(first));
  await eye.ask(watch(second));
  eye.tell(Worker.run(() => raise(new Error("no"))));
  await settle(system);
  await system.stop(first);
  await settle(system);
  await system.stop(eye);
  await system.stop(second);
  await settle(system);
  assertEquals(log, ["1 stopped"]);
  assertEquals(letters, []);
});

Deno.test("Context.watch() tells any number of watchers, and each actor of any number of ends", async () => {
  await using system = quietSystem();
  const logs: string[][] = [[], [], []];
  const eyes = logs.map((log) => system.spawn(Worker, () => watcher(log)));
  const actors = ["1", "2", "3"].map((name) =>
    system.spawn(Worker, () => worker(), { name })
  );
  for (const eye of eyes) {
    for (const actor of actors) await eye.ask(watch(actor));
  }
  for (const actor of actors) await system.stop(actor);
  await settle(system);
  for (const log of logs) {
    assertEquals(log, ["1 stopped", "2 stopped", "3 stopped"]);
  }
});

Deno.test("Context.watch() works between parent and child in both directions", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const parent = system.spawn(Worker, () => watcher(log), { name: "p" });
  const child = await parent.ask(Worker.run((ctx) => {
    const child = ctx.spawn(Worker, () => watcher(log), { name: "c" });
    ctx.watch(child);
    return child;
  })) as WorkerRef;
  await child.ask(watch(parent));
  await child.ask(watch(child));
  await system.stop(child);
  await settle(system);
  await system.stop(parent);
  assertEquals(log, ["p/c stopped"]);
});

Deno.test("an end that comes while the watcher is stopping is no dead letter", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const open = gate();
  const eye = system.spawn(Worker, () => watcher(log));
  const actor = system.spawn(Worker, () => worker());
  await eye.ask(watch(actor));
  eye.tell(Worker.run(() => open.promise));
  await settle(system);
  const stopped = system.stop(eye);
  await system.stop(actor);
  open.resolve();
  await stopped;
  assertEquals([log, system.deadLetters], [[], 0]);
});

Deno.test("an actor that watches without onTerminated fails when it is told", async () => {
  await using system = quietSystem();
  const failures = record(system, "actor_failed");
  const actor = system.spawn(Worker, () => worker());
  const eye = system.spawn(Worker, () => worker(), { name: "eye" });
  await eye.ask(watch(actor));
  await system.stop(actor);
  await settle(system);
  assertEquals(failures.length, 1);
  const message = (failures[0]?.error as Error).message;
  assertEquals(
    message.startsWith('Cannot tell "goakt://test@:0/eye" of the end of'),
    true,
  );
});

Deno.test("a watch leaves nothing behind at the actor that is watched", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Worker, () => worker(), { name: "a" });
  await actor.started();
  const cell = internalsOf(system).find("a");
  let calls = 0;
  const watched = cell?.rare.watch ?? (cell!.rare.watch = new DeathWatch());
  const count = { terminated: () => void calls++ };
  for (let i = 0; i < 100; i++) {
    const eye = system.spawn(Worker, () => watcher([]));
    await eye.ask(watch(actor));
    if (i % 2 === 0) await eye.ask(unwatch(actor));
    await system.stop(eye);
    eye.tell(watch(actor));
  }
  assertEquals(watched.watchers, 0);
  watched.addWatcher(count);
  await system.stop(actor);
  assertEquals(calls, 1);
});

Deno.test("a watch that a stopped actor begins from outside a handler is ignored", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Worker, () => worker(), { name: "a" });
  const eye = system.spawn(Worker, () => watcher([]));
  const ctx = await eye.ask(Worker.run((ctx) => ctx)) as {
    watch(ref: unknown): void;
  };
  await system.stop(eye);
  ctx.watch(actor);
  assertEquals(internalsOf(system).find("a")?.hasRare, false);
});

Deno.test("Probe.expectTerminated() tells of a child that ends with its parent", async () => {
  await using system = quietSystem();
  const probe = new Probe(system, Worker);
  const parent = system.spawn(Worker, () => worker());
  const child = await parent.ask(
    Worker.run((ctx) => ctx.spawn(Worker, () => worker())),
  ) as WorkerRef;
  await probe.watch(child);
  await probe.watch(parent);
  await system.stop(parent);
  assertEquals((await probe.expectTerminated(child)).reason, "stopped");
  assertEquals((await probe.expectTerminated(parent)).reason, "stopped");
});
