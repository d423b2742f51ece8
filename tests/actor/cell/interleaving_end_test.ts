import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ActorSystem,
  AskCycleError,
  type Context,
  oneForOne,
  StoppedError,
} from "../../../actor/mod.ts";
import { settle } from "../../../testing/mod.ts";
import {
  gate,
  type Job,
  raise,
  record,
  Worker,
  worker,
  type WorkerRef,
} from "../fixtures.ts";
import {
  Book,
  book,
  type BookRef,
  crowded,
  jobs,
  Plain,
  reentrant,
  spawnBook,
  still,
} from "./books.ts";

Deno.test("a read that fails does not end the others, and the restart waits for them", async () => {
  await using system = still();
  const log: string[] = [];
  let made = 0;
  const actor = system.spawn(Book, () => {
    const number = ++made;
    return {
      ...book(),
      onRestart: () => void log.push(`${number} replaced`),
    };
  });
  const { job, end } = jobs(log);
  const slow = actor.ask(Book.read(job("r1")));
  const failed = actor.ask(Book.read(() => raise(new Error("boom"))));
  const later = actor.ask(Book.read(() => `by ${made}`));
  await assertRejects(() => failed, Error, "boom");
  await settle(system);
  log.push(".");
  end("r1");
  assertEquals([await slow, await later], ["r1", "by 2"]);
  assertEquals(log, ["+r1", ".", "-r1", "1 replaced"]);
});

Deno.test("asks of a call chain that wait for room are dead letters after a stop", async () => {
  await using system = still();
  const log: string[] = [];
  const { actor, codes, end } = await crowded(system, log);
  const stopped = system.stop(actor);
  end("x");
  await stopped;
  assertEquals(await codes, ["x", "stopped_error", "stopped_error"]);
  assertEquals([log, system.deadLetters], [["+x", "-x"], 2]);
});

Deno.test("an ask that led back to an actor which is to restart fails instead of waiting", async () => {
  await using system = still();
  const actor = spawnBook(system, reentrant("all"));
  const other = system.spawn(Plain, () => ({
    run: (job: Job, ctx: Context) => job(ctx),
  }));
  const open = gate();
  const asked = actor.ask(
    Book.write((ctx) =>
      ctx.ask(
        other,
        Plain.run(async (inner) => {
          await open.promise;
          return await inner.ask(actor, Book.write(() => 1));
        }),
      )
    ),
  );
  await settle(system);
  await actor.ask(Book.write(() => raise(new Error("boom")))).catch(() => {});
  open.resolve();
  await assertRejects(() => asked, AskCycleError);
  assertEquals(await actor.ask(Book.write(() => "again")), "again");
});

/** An actor that restarts while an ask waits for it on which a message of it in work depends. */
async function restartBefore(
  system: ActorSystem,
  between: WorkerRef | undefined,
  log: string[],
): Promise<{ actor: BookRef; error: unknown }> {
  const actor = spawnBook(system, reentrant("all"));
  const other = system.spawn(Plain, () => ({
    run: (job: Job, ctx: Context) => job(ctx),
  }));
  const last = Book.write(() => log.push("handled"));
  const asking: Job = (ctx) => {
    // Both wait for the next turn of the actor, and the first makes it fail.
    actor.tell(Book.write(() => raise(new Error("boom"))));
    return ctx.ask(actor, last);
  };
  const way: Job = between === undefined
    ? asking
    : (ctx) => ctx.ask(between, Worker.run(asking));
  const asked = actor.ask(
    Book.write((ctx) => ctx.ask(other, Plain.run(way))),
  );
  const error = await asked.catch((error) => error);
  await settle(system);
  return { actor, error };
}

Deno.test("an ask that waits for an actor which begins to restart is answered when what is in work waits for it", async () => {
  for (const isFar of [false, true]) {
    await using system = still();
    const log: string[] = [];
    const between = isFar ? system.spawn(Worker, () => worker()) : undefined;
    const { actor, error } = await restartBefore(system, between, log);
    assert(error instanceof StoppedError);
    assertEquals([error.message, error.outcome, log], [
      `Cannot wait for the reply of "${actor.pid}": it is restarting and waits for the asker, a running actor was expected`,
      "unknown",
      ["handled"], // after the restart
    ]);
    assertEquals(await actor.ask(Book.write(() => "again")), "again");
  }
});

Deno.test("an ask that waits for an actor which begins to restart is handled after it when nothing in work waits for it", async () => {
  await using system = still();
  const actor = spawnBook(system, reentrant("all"));
  const asker = system.spawn(Worker, () => worker());
  const open = gate();
  const slow = actor.ask(Book.write(() => open.promise));
  await settle(system);
  actor.tell(Book.write(() => raise(new Error("boom"))));
  const asked = asker.ask(
    Worker.run((ctx) => ctx.ask(actor, Book.write(() => "answer"))),
  );
  await settle(system);
  open.resolve();
  await slow;
  assertEquals(await asked, "answer");
});

Deno.test("an ask that is in work when its actor begins to restart is answered by its handler", async () => {
  await using system = still();
  const actor = spawnBook(system, reentrant("all"));
  const other = system.spawn(Plain, () => ({
    run: (job: Job, ctx: Context) => job(ctx),
  }));
  const open = gate();
  const asking: Job = (ctx) =>
    ctx.ask(actor, Book.write(() => open.promise.then(() => "answer")));
  const asked = actor.ask(
    Book.write((ctx) => ctx.ask(other, Plain.run(asking))),
  );
  await settle(system);
  actor.tell(Book.write(() => raise(new Error("boom"))));
  await settle(system);
  open.resolve();
  assertEquals(await asked, "answer");
});

Deno.test("a restart and a stop abort the signals of what is in work", async () => {
  for (const how of ["restart", "stop"] as const) {
    await using system = still();
    const actor = spawnBook(system, reentrant("all"));
    const untilAborted: Job = ({ signal }) =>
      new Promise((resolve) =>
        signal.addEventListener("abort", () => resolve(signal.reason.message))
      );
    const open = gate();
    const late: Job = async (ctx) => {
      await open.promise;
      return ctx.signal.aborted; // read for the first time
    };
    const two = [untilAborted, late].map((job) => actor.ask(Book.write(job)));
    await settle(system);
    const done = system[how](actor);
    await settle(system);
    open.resolve();
    await done;
    assertEquals(await Promise.all(two), [
      `Cannot go on with a message in "${actor.pid}": it is ${how}${
        how === "stop" ? "p" : ""
      }ing, a running actor was expected`,
      true,
    ]);
  }
});

Deno.test("a reentrant actor that is suspended goes on after its reinstatement, whatever is still in work", async () => {
  await using system = still();
  const actor = spawnBook(system, {
    ...reentrant("all"),
    supervisor: oneForOne({ decide: () => "suspend" }),
  });
  const open = gate();
  const first = actor.ask(Book.write(() => open.promise));
  await actor.ask(Book.write(() => raise(new Error("boom")))).catch(() => {});
  const second = actor.ask(Book.write(() => open.resolve()));
  await settle(system);
  system.reinstate(actor);
  await Promise.all([first, second]);
});

Deno.test("a stop ends what waits behind the messages in work, and waits for those", async () => {
  await using system = still();
  const letters = record(system, "dead_letter");
  const log: string[] = [];
  const actor = system.spawn(Book, () => ({
    ...book(),
    onStop: () => void log.push("stops"),
  }), reentrant("all", 2));
  const { job, end } = jobs(log);
  const two = ["a", "b"].map((name) => actor.ask(Book.write(job(name))));
  const third = actor.ask(Book.write(job("c"))).catch((error) => error.code);
  await settle(system);
  const stopped = system.stop(actor);
  assertEquals(await third, "stopped_error");
  end("a");
  await settle(system);
  assertEquals(log, ["+a", "+b", "-a"]);
  end("b");
  await stopped;
  assertEquals(await Promise.all(two), ["a", "b"]);
  assertEquals(log, ["+a", "+b", "-a", "-b", "stops"]);
  await settle(system);
  assertEquals(letters.length, 1);
});
