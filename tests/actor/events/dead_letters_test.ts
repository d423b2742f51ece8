import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ActorError,
  StartError,
  UnhandledError,
} from "../../../actor/mod.ts";
import { settle } from "../../../testing/mod.ts";
import {
  gate,
  quietSystem,
  raise,
  record,
  Worker,
  worker,
} from "../fixtures.ts";

Deno.test("a dead letter names message, sender, target and reason", async () => {
  await using system = quietSystem();
  const letters = record(system, "dead_letter");
  const actor = system.spawn(Worker, () => worker(), { name: "a" });
  const { pid } = actor;
  await system.stop(actor);
  const sender = system.spawn(Worker, () => worker(), { name: "s" });
  const message = Worker.note("lost");
  assertEquals(
    await sender.ask(Worker.run((ctx) => ctx.tell(actor, message))),
    false,
  );
  actor.tell(message);
  await settle(system);
  assertEquals(
    letters.map((letter) => [
      letter.message === message,
      letter.sender?.path,
      letter.target.equals(pid),
      letter.reason,
    ]),
    [[true, "s", true, "stopped"], [true, undefined, true, "stopped"]],
  );
  assertEquals(system.deadLetters, 2);
});

Deno.test("a dead letter has the reason of each loss, and an asker the fitting error", async () => {
  await using system = quietSystem();
  const letters = record(system, "dead_letter");
  const stopped = system.spawn(Worker, () => worker());
  await system.stop(stopped);
  const missing = system.ref(Worker, "goakt://test@:0/missing");
  const unstarted = system.spawn(Worker, () => raise(new Error("no")));
  const deaf = system.spawn(Worker, () => ({
    run: () => {},
    receive: undefined as never,
    note: undefined as never,
  }));
  const partial = system.spawn(Worker, () => ({ run() {}, receive() {} }));
  for (
    const [ref, code, reason] of [
      [stopped, "stopped_error", "stopped"],
      [missing, "stopped_error", "missing"],
      [unstarted, "start_error", "not_started"],
      [deaf, "start_error", "not_started"],
    ] as const
  ) {
    letters.length = 0;
    const error = await assertRejects(
      () => ref.ask(Worker.run(() => {})),
    );
    assertEquals((error as ActorError).code, code);
    ref.tell(Worker.note("x"));
    await settle(system);
    assertEquals(letters.map(({ reason }) => reason), [reason, reason]);
  }
  letters.length = 0;
  assertEquals(await partial.ask(Worker.note("x")), undefined);
  await settle(system);
  assertEquals(letters, []);
});

Deno.test("a message that nothing of the instance claims is unhandled", async () => {
  await using system = quietSystem();
  const letters = record(system, "dead_letter");
  const failures = record(system, "actor_failed");
  // The handler goes away after the table was made: only a receive that is no more can lose a message.
  const instance: { run(): void; receive?: () => void } = {
    run() {},
    receive() {},
  };
  const actor = system.spawn(
    Worker,
    () => instance as Required<typeof instance>,
    {
      name: "a",
    },
  );
  await actor.started();
  delete instance.receive;
  actor.tell(Worker.note("x"));
  await assertRejects(
    () => actor.ask(Worker.note("y")),
    UnhandledError,
    'Cannot handle "worker.note" in "goakt://test@:0/a": it is not handled there, a message of protocol "worker" was expected',
  );
  await settle(system);
  assertEquals(letters.map(({ reason }) => reason), ["unhandled", "unhandled"]);
  assertEquals(failures, []);
});

Deno.test("ctx of a stopped actor still sends, and what it sends to itself is a dead letter", async () => {
  await using system = quietSystem();
  const letters = record(system, "dead_letter");
  const open = gate();
  const actor = system.spawn(Worker, () => worker());
  let sent: boolean | undefined;
  actor.tell(Worker.run((ctx) => {
    void open.promise.then(() => sent = ctx.tell(ctx.self, Worker.note("x")));
    void ctx.stop();
  }));
  await settle(system);
  open.resolve();
  await settle(system);
  assertEquals([sent, letters.length], [false, 1]);
});

Deno.test("dead letters are counted for the system that lost them, without a bound on memory use", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Worker, () => worker());
  await system.stop(actor);
  for (let i = 0; i < 10_000; i++) actor.tell(Worker.note("x"));
  assertEquals(system.deadLetters, 10_000);
  await using other = quietSystem();
  assertEquals(other.deadLetters, 0);
});

Deno.test("a dead letter of an actor that could not start says what led to it", async () => {
  await using system = quietSystem();
  const letters = record(system, "dead_letter");
  const actor = system.spawn(Worker, () => raise(new Error("no")));
  actor.tell(Worker.note("x"));
  await settle(system);
  assert(letters[0]?.error instanceof StartError);
});
