import { assertEquals } from "@std/assert";
import { oneForOne } from "../../../actor/mod.ts";
import { Probe, settle } from "../../../testing/mod.ts";
import {
  gate,
  loggedWorker,
  quietSystem,
  raise,
  Worker,
  worker,
  type WorkerRef,
} from "../fixtures.ts";

Deno.test("a restart replaces the instance and keeps reference, address and mail", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  let made = 0;
  const actor = system.spawn(Worker, () => loggedWorker(log, `${++made}`));
  await actor.started();
  const { pid } = actor;
  actor.tell(Worker.run(() => raise(new Error("no"))));
  actor.tell(Worker.note("next"));
  await settle(system);
  assertEquals(log, ["1 starts", "1 restarts", "2 starts", "2:next"]);
  assertEquals(actor.pid.equals(pid), true);
});

Deno.test("a restart calls onStop of an instance that has no onRestart", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const actor = system.spawn(Worker, () => ({
    ...worker(log),
    onStop: () => void log.push("stop"),
  }));
  actor.tell(Worker.run(() => raise(new Error("no"))));
  await settle(system);
  assertEquals(log, ["stop"]);
  await system.stop(actor);
  assertEquals(log, ["stop", "stop"]);
});

Deno.test("a restart gives onRestart the error, waits for it and for onStart", async () => {
  await using system = quietSystem();
  const log: unknown[] = [];
  const opens = [gate(), gate()];
  const error = new Error("no");
  let made = 0;
  const actor = system.spawn(Worker, () => {
    const number = ++made;
    return {
      ...worker(log as string[]),
      async onRestart(cause) {
        log.push(cause);
        await opens[0]?.promise;
        log.push("restarted");
      },
      async onStart() {
        if (number === 1) return;
        await opens[1]?.promise;
        log.push("started");
      },
    };
  });
  actor.tell(Worker.run(() => raise(error)));
  actor.tell(Worker.note("mail"));
  await settle(system);
  assertEquals(log, [error]);
  opens[0]?.resolve();
  await settle(system);
  assertEquals(log, [error, "restarted"]);
  opens[1]?.resolve();
  await settle(system);
  assertEquals(log, [error, "restarted", "started", "mail"]);
});

Deno.test("a restart ends the children first", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const actor = system.spawn(Worker, () => loggedWorker(log, "parent"));
  const child = await actor.ask(
    Worker.run((ctx) => ctx.spawn(Worker, () => loggedWorker(log, "child"))),
  ) as WorkerRef;
  await child.started();
  actor.tell(Worker.run(() => raise(new Error("no"))));
  await settle(system);
  assertEquals(log, [
    "parent starts",
    "child starts",
    "child stops",
    "parent restarts",
    "parent starts",
  ]);
});

Deno.test("an onStart that fails at a restart is decided by the supervisor", async () => {
  await using system = quietSystem();
  const tries: string[] = [];
  const spawnWith = (
    decide: (error: unknown) => "restart" | "stop" | "resume",
  ) => {
    let made = 0;
    return system.spawn(Worker, () => {
      const number = ++made;
      return {
        ...worker(tries),
        onStart() {
          tries.push(`${number}`);
          if (number > 1 && number < 4) throw new Error("start");
        },
      };
    }, { supervisor: oneForOne({ decide, maxRestarts: 5 }) });
  };
  const persistent = spawnWith(() => "restart");
  persistent.tell(Worker.run(() => raise(new Error("no"))));
  persistent.tell(Worker.note("alive"));
  await settle(system);
  assertEquals(tries, ["1", "2", "3", "4", "alive"]);
  for (const directive of ["stop", "resume"] as const) {
    tries.length = 0;
    const actor = spawnWith((error) =>
      (error as Error).message === "start" ? directive : "restart"
    );
    const probe = new Probe(system, Worker);
    await probe.watch(actor);
    actor.tell(Worker.run(() => raise(new Error("no"))));
    assertEquals((await probe.expectTerminated(actor)).reason, "failed");
    assertEquals(tries, ["1", "2"], directive);
  }
});

Deno.test("an endless series of failing starts does not keep timers from running", async () => {
  const system = quietSystem();
  let made = 0;
  const actor = system.spawn(Worker, () => ({
    ...worker(),
    onStart() {
      if (++made > 1) throw new Error("no");
    },
  }), { supervisor: oneForOne({ maxRestarts: Infinity }) });
  actor.tell(Worker.run(() => raise(new Error("no"))));
  const { promise, resolve } = gate();
  const timer = setTimeout(resolve, 1); // a timer of the platform is what must get its turn
  await promise;
  clearTimeout(timer);
  await system.stop(actor);
  await system.drain();
  assertEquals(made > 2, true);
});
