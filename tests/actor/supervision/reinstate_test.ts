import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  NameTakenError,
  oneForOne,
  PoisonPill,
  StoppedError,
} from "../../../actor/mod.ts";
import { settle } from "../../../testing/mod.ts";
import { quietSystem, Worker, worker, type WorkerRef } from "../fixtures.ts";

function fail(): void {
  throw new Error("fails");
}

const suspending = { supervisor: oneForOne({ decide: () => "suspend" }) };

Deno.test("a suspended actor keeps its mail and its state until it is reinstated", async () => {
  await using system = quietSystem();
  let made = 0;
  const actor = system.spawn(Worker, () => (made++, worker()), suspending);
  await actor.ask(Worker.run(fail)).catch(() => {});
  const reply = actor.ask(Worker.run(() => "handled"));
  assertEquals(await Promise.race([reply, Promise.resolve("waits")]), "waits");
  system.reinstate(actor);
  assertEquals([await reply, made], ["handled", 1]);
});

Deno.test("a suspended actor can be stopped, restarted and drained", async () => {
  for (const how of ["stop", "restart", "drain"] as const) {
    await using system = quietSystem();
    let made = 0;
    const actor = system.spawn(Worker, () => (made++, worker()), suspending);
    await actor.ask(Worker.run(fail)).catch(() => {});
    const reply = actor.ask(Worker.run(() => "handled")).catch((error) =>
      error.code
    );
    if (how === "stop") await system.stop(actor);
    else if (how === "restart") await system.restart(actor);
    else await system.drain();
    assertEquals(
      [await reply, made],
      how === "restart" ? ["handled", 2] : ["stopped_error", 1],
      how,
    );
  }
});

Deno.test("ActorSystem.reinstate() does nothing to an actor that is not suspended", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Worker, () => worker());
  system.reinstate(actor);
  assertEquals(await actor.ask(Worker.run(() => 1)), 1);
});

Deno.test("suspension and reinstatement are events", async () => {
  await using system = quietSystem();
  using events = system.events.subscribe({
    types: ["actor_suspended", "actor_reinstated"],
  });
  const actor = system.spawn(Worker, () => worker(), suspending);
  await actor.ask(Worker.run(fail)).catch(() => {});
  system.reinstate(actor);
  assertEquals((await events.next()).value?.type, "actor_suspended");
  assertEquals((await events.next()).value?.type, "actor_reinstated");
});

Deno.test("ActorSystem.restart() gives a fresh instance, keeps reference and mail, and waits for it", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  let made = 0;
  const actor = system.spawn(Worker, () => {
    const number = ++made;
    return {
      ...worker(),
      onRestart: (error) => void log.push(`${number} replaced, ${error}`),
    };
  }, { name: "a" });
  await actor.started();
  const before = actor.pid.toJSON();
  const restarted = system.restart(actor);
  const reply = actor.ask(Worker.run(() => made));
  await restarted;
  assertEquals([await reply, log], [2, ["1 replaced, undefined"]]);
  assertEquals(actor.pid.toJSON(), before);
});

Deno.test("ActorSystem.restart() of a stopped actor rejects with StoppedError", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Worker, () => worker());
  await system.stop(actor);
  await assertRejects(() => system.restart(actor), StoppedError);
});

Deno.test("ActorSystem.respawn() makes another actor of the same name, and drops what waited", async () => {
  await using system = quietSystem();
  let made = 0;
  const actor = system.spawn(Worker, () => (made++, worker()), {
    name: "a",
    stashCapacity: 7,
  });
  await actor.started();
  const waiting = actor.ask(Worker.run(() => "handled")).catch((error) =>
    error.code
  );
  const fresh = await system.respawn(actor);
  assertEquals(await waiting, "stopped_error");
  assertEquals([fresh.pid.path, await fresh.ask(Worker.run(() => made))], [
    "a",
    2,
  ]);
  assert(fresh.pid.incarnation !== actor.pid.incarnation);
  await assertRejects(() => actor.ask(Worker.run(() => {})), StoppedError);
});

Deno.test("ActorSystem.respawn() of a child stays below its parent", async () => {
  await using system = quietSystem();
  const parent = system.spawn(Worker, () => ({
    ...worker(),
    onStart: (ctx) => void ctx.spawn(Worker, () => worker(), { name: "kid" }),
  }), { name: "parent" });
  await parent.started();
  const kid = system.find(Worker, "parent/kid");
  assert(kid !== undefined);
  const fresh = await system.respawn(kid);
  assertEquals(fresh.pid.path, "parent/kid");
});

Deno.test("ActorSystem.respawn() rejects when somebody else took the name", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Worker, () => ({
    ...worker(),
    onStop: () =>
      void queueMicrotask(() =>
        system.spawn(Worker, () => worker(), { name: "a" })
      ),
  }), { name: "a" });
  await actor.started();
  await assertRejects(() => system.respawn(actor), NameTakenError);
});

Deno.test("ActorSystem.respawn() from inside the actor is refused", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Worker, () => worker());
  await assertRejects(
    () => actor.ask(Worker.run(() => system.respawn(actor))),
    TypeError,
    "from inside",
  );
});

Deno.test("PoisonPill ends an actor after the messages that came before it", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const actor = system.spawn(Worker, () => ({
    ...worker(),
    onStop: () => void log.push("stops"),
  }));
  for (let i = 0; i < 3; i++) {
    actor.tell(Worker.run(() => void log.push(`${i}`)));
  }
  assert(actor.tell(PoisonPill));
  const late = actor.ask(Worker.run(() => {}));
  await assertRejects(() => late, StoppedError);
  await system.stop(actor);
  assertEquals(log, ["0", "1", "2", "stops"]);
});

Deno.test("PoisonPill to an actor that has ended is refused and no dead letter", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Worker, () => worker());
  await system.stop(actor);
  assertEquals(actor.tell(PoisonPill), false);
  assertEquals(system.deadLetters, 0);
});

Deno.test("ActorSystem.reinstate() of a parent that a child's failure suspended lets the child go on", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const escalating = oneForOne({ decide: () => "escalate" });
  const parent = system.spawn(Worker, () => worker(), suspending);
  const child = await parent.ask(
    Worker.run((ctx) =>
      ctx.spawn(Worker, () => worker(log), { supervisor: escalating })
    ),
  ) as WorkerRef;
  await child.ask(Worker.run(fail)).catch(() => {});
  child.tell(Worker.note("child"));
  parent.tell(Worker.run(() => void log.push("parent")));
  await settle(system);
  assertEquals(log, []); // both are held
  system.reinstate(parent);
  await settle(system);
  assertEquals(log, ["child", "parent"]);
});

Deno.test("ActorSystem.reinstate() of the child does not let it go on once more with its parent", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const escalating = oneForOne({ decide: () => "escalate" });
  const parent = system.spawn(Worker, () => worker(), suspending);
  const child = await parent.ask(
    Worker.run((ctx) =>
      ctx.spawn(Worker, () => worker(log), { supervisor: escalating })
    ),
  ) as WorkerRef;
  await child.ask(Worker.run(fail)).catch(() => {});
  system.reinstate(child);
  await child.ask(Worker.run(fail)).catch(() => {}); // is still to be decided by the parent
  child.tell(Worker.note("held"));
  system.reinstate(parent); // which suspends itself again
  await settle(system);
  assertEquals(log, []);
  system.reinstate(parent);
  await settle(system);
  assertEquals(log, ["held"]);
});
