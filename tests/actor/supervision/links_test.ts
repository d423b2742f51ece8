import { assertEquals, assertInstanceOf } from "@std/assert";
import {
  type ActorRef,
  type ActorSystem,
  type AnyProtocol,
  type Context,
  LinkedActorError,
  oneForOne,
  type Terminated,
} from "../../../actor/mod.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import { settle } from "../../../testing/mod.ts";
import {
  gate,
  loggedWorker,
  quietSystem,
  raise,
  record,
  Worker,
  worker,
  type WorkerRef,
} from "../fixtures.ts";

const stopping = oneForOne({ decide: () => "stop" });
const link = (ref: ActorRef<AnyProtocol>) => Worker.run((ctx) => ctx.link(ref));
const unlink = (ref: ActorRef<AnyProtocol>) =>
  Worker.run((ctx) => ctx.unlink(ref));
const fail = Worker.run(() => raise(new Error("boom")));

/** Spawns actors that end when they fail. */
function mortals(system: ActorSystem, ...names: string[]): WorkerRef[] {
  return names.map((name) =>
    system.spawn(Worker, () => worker(), { name, supervisor: stopping })
  );
}

/** A worker that writes down whose end it feels instead of failing with it. */
function trapping(log: string[]) {
  return {
    ...worker(log),
    onExit: ({ pid, reason }: Terminated): void =>
      void log.push(`${pid.path} ${reason}`),
  };
}

const alive = (system: ActorSystem) =>
  system.select(Worker, "*").map(({ pid }) => pid.path);

Deno.test("Context.link() lets the failure of the other end this actor, with the cause", async () => {
  await using system = quietSystem();
  const failures = record(system, "actor_failed");
  const [a, b] = mortals(system, "a", "b") as [WorkerRef, WorkerRef];
  await a.ask(link(b));
  b.tell(fail);
  await settle(system);
  assertEquals(alive(system), []);
  const error = failures.find(({ pid }) => pid.path === "a")?.error;
  assertInstanceOf(error, LinkedActorError);
  assertEquals(
    [
      error.code,
      error.target.path,
      error.reason,
      (error.cause as Error)
        .message,
    ],
    ["linked_actor_error", "b", "failed", "boom"],
  );
});

Deno.test("Context.link() works both ways", async () => {
  await using system = quietSystem();
  const [a, b] = mortals(system, "a", "b") as [WorkerRef, WorkerRef];
  await a.ask(link(b));
  a.tell(fail);
  await settle(system);
  assertEquals(alive(system), []);
});

Deno.test("Context.link() leaves the decision about the felt failure to the supervisor", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const a = system.spawn(Worker, () => loggedWorker(log, "a"));
  const [b] = mortals(system, "b") as [WorkerRef];
  await a.ask(link(b));
  b.tell(fail);
  await settle(system);
  assertEquals(log, ["a starts", "a restarts", "a starts"]);
});

Deno.test("Context.link() does not let a stop by request end the other", async () => {
  await using system = quietSystem();
  const failures = record(system, "actor_failed");
  const [a, b] = mortals(system, "a", "b") as [WorkerRef, WorkerRef];
  await a.ask(link(b));
  await system.stop(b);
  await settle(system);
  assertEquals([alive(system), failures], [["a"], []]);
});

Deno.test("Hooks.onExit() traps every end, after the messages that the actor sent before", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const a = system.spawn(Worker, () => trapping(log), { supervisor: stopping });
  const [b, c] = mortals(system, "b", "c") as [WorkerRef, WorkerRef];
  await a.ask(link(b));
  await a.ask(link(c));
  b.tell(Worker.run((ctx) => {
    ctx.tell(a, Worker.note("last words"));
    raise(new Error("boom"));
  }));
  await settle(system);
  await system.stop(c);
  await settle(system);
  assertEquals(log, ["last words", "b failed", "c stopped"]);
  assertEquals(await a.ask(Worker.run(() => "lives")), "lives");
});

Deno.test("Context.link() with an actor that is gone or never was is felt at once", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const [dead, mortal] = mortals(system, "dead", "mortal") as [
    WorkerRef,
    WorkerRef,
  ];
  await system.stop(dead);
  const a = system.spawn(Worker, () => trapping(log), { name: "a" });
  await a.ask(link(dead));
  await a.ask(link(system.ref(Worker, "goakt://test@:0/never")));
  await mortal.ask(link(dead));
  await settle(system);
  assertEquals([log, alive(system)], [["dead missing", "never missing"], [
    "a",
  ]]);
});

Deno.test("Context.link() with an actor that cannot start is felt with that reason", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const a = system.spawn(Worker, () => trapping(log));
  await a.ask(Worker.run((ctx) => {
    ctx.link(
      ctx.system.spawn(Worker, () => raise(new Error("no")), { name: "b" }),
    );
  }));
  await settle(system);
  assertEquals(log, ["b not_started"]);
});

Deno.test("Context.link() from both sides and repeated is one link", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const a = system.spawn(Worker, () => trapping(log));
  const [b] = mortals(system, "b") as [WorkerRef];
  await a.ask(link(b));
  await b.ask(link(a));
  await a.ask(link(b));
  await a.ask(link(a));
  b.tell(fail);
  await settle(system);
  assertEquals(log, ["b failed"]);
});

Deno.test("Context.link() in a cycle ends all of it, each once", async () => {
  await using system = quietSystem();
  const names = ["a", "b", "c", "d"];
  const stopped = record(system, "actor_stopped");
  const actors = mortals(system, ...names);
  for (const [index, actor] of actors.entries()) {
    await actor.ask(link(actors[(index + 1) % actors.length] as WorkerRef));
  }
  actors[0]?.tell(fail);
  await settle(system);
  assertEquals(alive(system), []);
  assertEquals(stopped.map(({ pid }) => pid.path).toSorted(), names);
});

Deno.test("Context.link() stands over a restart, which is not an end", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const a = system.spawn(Worker, () => trapping(log));
  const b = system.spawn(Worker, () => worker(), { name: "b" });
  await a.ask(link(b));
  b.tell(fail);
  a.tell(fail);
  await settle(system);
  assertEquals(log, []);
  await system.stop(b);
  await settle(system);
  assertEquals(log, ["b stopped"]);
});

Deno.test("Context.unlink() by either side ends the link", async () => {
  await using system = quietSystem();
  const [a, b, c] = mortals(system, "a", "b", "c") as [
    WorkerRef,
    WorkerRef,
    WorkerRef,
  ];
  await a.ask(link(b));
  await a.ask(link(c));
  await a.ask(unlink(b));
  await c.ask(unlink(a));
  await a.ask(unlink(c));
  b.tell(fail);
  c.tell(fail);
  await settle(system);
  assertEquals(alive(system), ["a"]);
});

Deno.test("Context.unlink() is in time while the end waits in the mailbox", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const a = system.spawn(Worker, () => trapping(log));
  const [b, c] = mortals(system, "b", "c") as [WorkerRef, WorkerRef];
  await a.ask(link(b));
  await a.ask(link(c));
  const open = gate();
  a.tell(Worker.run(async (ctx: Context) => {
    await open.promise;
    ctx.unlink(b);
    ctx.unlink(c);
    ctx.link(c); // it is gone, which is felt as such, once
  }));
  b.tell(fail);
  c.tell(fail);
  await settle(system);
  open.resolve();
  await settle(system);
  assertEquals(log, ["c missing"]);
});

Deno.test("Context.link() of an actor that is ending tells the other and makes no dead letter", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const letters = record(system, "dead_letter");
  const a = system.spawn(Worker, () => trapping(log), { name: "a" });
  const open = gate();
  const b = system.spawn(Worker, () => ({
    ...trapping(log),
    onStop: async (ctx) => {
      ctx.link(a);
      await open.promise;
    },
  }), { name: "b" });
  await b.started();
  const stopped = system.stop(b);
  await settle(system);
  await system.stop(a);
  open.resolve();
  await stopped;
  await settle(system);
  assertEquals([log, letters], [[], []]);
  const c = system.spawn(Worker, () => trapping(log), { name: "c" });
  const d = system.spawn(Worker, () => ({
    ...worker(),
    onStop: (ctx) => ctx.link(c),
  }), { name: "d" });
  await d.started();
  await system.stop(d);
  await settle(system);
  assertEquals([log, letters], [["d stopped"], []]);
});

Deno.test("Context.link() leaves nothing behind when actors come and go", async () => {
  await using system = quietSystem();
  const a = system.spawn(Worker, () => trapping([]), { name: "a" });
  for (let round = 0; round < 100; round++) {
    const [b] = mortals(system, "b") as [WorkerRef];
    await a.ask(link(b));
    if (round % 2 === 0) b.tell(fail);
    else await a.ask(unlink(b));
    await system.stop(b);
    await settle(system);
  }
  const rare = internalsOf(system).find("a")?.rare;
  assertEquals([rare?.links?.size, rare?.watch?.watchers], [0, 0]);
});
