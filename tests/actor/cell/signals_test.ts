import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  boundedMailbox,
  fairMailbox,
  oneForOne,
  PoisonPill,
  priorityMailbox,
  StoppedError,
} from "../../../actor/mod.ts";
import { Probe, settle } from "../../../testing/mod.ts";
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

Deno.test("PoisonPill: mail before it is handled, mail after it is a dead letter, and the watcher is told of a stop", async () => {
  await using system = quietSystem();
  const letters = record(system, "dead_letter");
  const log: string[] = [];
  const probe = new Probe(system, Worker);
  const open = gate();
  const actor = system.spawn(Worker, () => loggedWorker(log, "a"), {
    name: "a",
  });
  actor.tell(Worker.run(() => open.promise));
  actor.tell(Worker.note("before"));
  assertEquals(actor.tell(PoisonPill), true);
  assertEquals(actor.tell(Worker.note("after")), true); // the pill was not swallowed yet
  assertEquals(actor.tell(PoisonPill), true);
  const asked = actor.ask(Worker.note("asked after")).catch((error) => error);
  await settle(system);
  assertEquals(log, ["a starts"]);
  open.resolve();
  assert(await asked instanceof StoppedError);
  assertEquals((await probe.expectTerminated(actor)).reason, "missing");
  assertEquals(log, ["a starts", "a:before", "a stops"]);
  await settle(system);
  assertEquals(
    letters.map(({ message, reason }) => `${message.body} ${reason}`),
    ["after stopped", "asked after stopped"],
  );
  assertEquals(actor.tell(PoisonPill), false);
  assertEquals(system.deadLetters, 2); // a pill for the dead is no loss
});

Deno.test("PoisonPill ends an actor as a stop by request, which watchers see", async () => {
  await using system = quietSystem();
  const ends = record(system, "actor_stopped", "actor_failed");
  const actor = system.spawn(Worker, () => worker(), { name: "a" });
  const probe = new Probe(system, Worker);
  await probe.watch(actor);
  actor.tell(PoisonPill);
  assertEquals((await probe.expectTerminated(actor)).reason, "stopped");
  await settle(system);
  assertEquals(ends.map(({ type }) => type), ["actor_stopped"]);
});

Deno.test("PoisonPill comes in its place among the mail of each sender", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const target = system.spawn(Worker, () => worker(log));
  const sender = system.spawn(Worker, () => worker());
  await sender.ask(Worker.run((ctx) => {
    ctx.tell(target, Worker.note("a"));
    ctx.tell(target, PoisonPill);
    ctx.tell(target, Worker.note("b"));
  }));
  await settle(system);
  assertEquals([log, system.deadLetters], [["a"], 1]);
});

Deno.test("PoisonPill lets the children handle what was sent to them before", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const parent = system.spawn(Worker, () => loggedWorker(log, "parent"));
  const child = await parent.ask(
    Worker.run((ctx) => ctx.spawn(Worker, () => loggedWorker(log, "child"))),
  ) as WorkerRef;
  parent.tell(Worker.run((ctx) => {
    for (const text of ["1", "2"]) ctx.tell(child, Worker.note(text));
  }));
  parent.tell(PoisonPill);
  await settle(system);
  assertEquals(log, [
    "parent starts",
    "child starts",
    "child:1",
    "child:2",
    "child stops",
    "parent stops",
  ]);
});

Deno.test("PoisonPill to an actor that has not started ends it after its start", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const open = gate();
  const actor = system.spawn(Worker, () => ({
    ...loggedWorker(log, "a"),
    onStart: () => open.promise.then(() => void log.push("a starts")),
  }));
  actor.tell(Worker.note("first"));
  actor.tell(PoisonPill);
  await settle(system);
  open.resolve();
  await settle(system);
  assertEquals(log, ["a starts", "a:first", "a stops"]);
});

Deno.test("PoisonPill waits behind a restart, and for a reinstatement", async () => {
  for (const directive of ["restart", "suspend"] as const) {
    await using system = quietSystem();
    const log: string[] = [];
    const actor = system.spawn(Worker, () => loggedWorker(log, "a"), {
      supervisor: oneForOne({ decide: () => directive }),
    });
    const failed = actor.ask(Worker.run(() => raise(new Error("boom"))));
    actor.tell(Worker.note("x"));
    actor.tell(PoisonPill);
    await assertRejects(() => failed, Error, "boom");
    await settle(system);
    if (directive === "suspend") {
      assertEquals(log, ["a starts"]);
      system.reinstate(actor);
      await settle(system);
    }
    assertEquals(
      log.filter((line) => line !== "a starts"),
      [...(directive === "restart" ? ["a restarts"] : []), "a:x", "a stops"],
    );
  }
});

for (
  const [name, mailbox] of [
    ["boundedMailbox()", boundedMailbox(1)],
    [
      "boundedMailbox() that drops the oldest",
      boundedMailbox(1, "drop_oldest"),
    ],
    [
      "boundedMailbox() that drops the newest",
      boundedMailbox(1, "drop_newest"),
    ],
    ["fairMailbox()", fairMailbox()],
    ["priorityMailbox()", priorityMailbox(() => 0)],
  ] as const
) {
  Deno.test(`PoisonPill is never refused or dropped by ${name}`, async () => {
    await using system = quietSystem();
    const log: string[] = [];
    const open = gate();
    const actor = system.spawn(Worker, () => loggedWorker(log, "a"), {
      mailbox,
    });
    actor.tell(Worker.run(() => open.promise));
    await settle(system);
    actor.tell(Worker.note("1")); // the mailbox is full now, when it has a bound
    assertEquals(actor.tell(PoisonPill), true);
    for (let i = 0; i < 5; i++) actor.tell(Worker.note("flood"));
    open.resolve();
    await settle(system);
    assertEquals(log.at(-1), "a stops");
    assertEquals(log.filter((line) => line === "a stops").length, 1);
  });
}
