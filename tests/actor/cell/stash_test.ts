import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  boundedMailbox,
  type Context,
  oneForOne,
  StashOverflowError,
  type Terminated,
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
} from "../fixtures.ts";

/** A worker that puts notes aside until it is opened. */
function door(log: string[]) {
  let isOpen = false;
  return {
    run(job: Job, ctx: Context) {
      isOpen = true;
      return job(ctx);
    },
    note(text: string, ctx: Context): void {
      if (isOpen) log.push(text);
      else ctx.stash();
    },
  };
}

const unstash = Worker.run((ctx) => ctx.unstash());
const unstashAll = Worker.run((ctx) => ctx.unstashAll());

Deno.test("Context.unstashAll() puts the stashed mail before the mail that waits, in order", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const actor = system.spawn(Worker, () => door(log));
  for (const text of ["a", "b", "c"]) actor.tell(Worker.note(text));
  const count = actor.ask(unstashAll);
  for (const text of ["d", "e"]) actor.tell(Worker.note(text));
  assertEquals(await count, 3);
  await settle(system);
  assertEquals(log.join(""), "abcde");
});

Deno.test("Context.unstash() puts the oldest only, and says when there is none", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const actor = system.spawn(Worker, () => door(log));
  for (const text of ["a", "b"]) actor.tell(Worker.note(text));
  const first = actor.ask(unstash);
  actor.tell(Worker.note("c"));
  assertEquals(await first, true);
  await settle(system);
  assertEquals(log.join(""), "ac");
  assertEquals(await actor.ask(unstash), true);
  assertEquals(await actor.ask(unstash), false);
  assertEquals(await actor.ask(unstashAll), 0);
  assertEquals(log.join(""), "acb");
});

Deno.test("Context.unstashAll() comes before what was unstashed earlier and still waits", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const actor = system.spawn(Worker, () => door(log));
  for (const text of ["a", "b", "c"]) actor.tell(Worker.note(text));
  await actor.ask(Worker.run((ctx) => [ctx.unstash(), ctx.unstashAll()]));
  await settle(system);
  // As with two pushes to the front of a queue: the later one lies before the earlier one.
  assertEquals(log.join(""), "bca");
});

Deno.test("a message that is stashed again keeps its place among the stashed", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  let isOpen = false;
  const actor = system.spawn(Worker, () => ({
    run: (job: Job, ctx: Context) => job(ctx),
    note(text: string, ctx: Context) {
      if (isOpen) log.push(text);
      else ctx.stash();
    },
  }));
  for (const text of ["a", "b", "c"]) actor.tell(Worker.note(text));
  assertEquals(await actor.ask(unstashAll), 3);
  await settle(system);
  isOpen = true;
  assertEquals(await actor.ask(unstashAll), 3);
  await settle(system);
  assertEquals(log.join(""), "abc");
});

Deno.test("an ask that is stashed is answered when it is unstashed, now or after an await", async () => {
  await using system = quietSystem();
  for (const wait of [() => {}, () => Promise.resolve()]) {
    let isOpen = false;
    const actor = system.spawn(Worker, () => worker());
    const asked = actor.ask(Worker.run(async (ctx) => {
      await wait();
      if (isOpen) return "reply";
      ctx.stash();
      return "no reply";
    }));
    const sync = actor.ask(
      Worker.run((ctx) => isOpen ? "too" : (ctx.stash(), "no reply")),
    );
    await settle(system);
    isOpen = true;
    await actor.ask(unstashAll);
    assertEquals([await asked, await sync], ["reply", "too"]);
  }
});

Deno.test("an asker of a stashed message waits as long as its timeout, and not longer", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const log: number[] = [];
  let isOpen = false;
  const actor = system.spawn(Worker, () => worker());
  const asked = actor.ask(
    Worker.run((ctx) => {
      if (isOpen) log.push(ctx.remaining);
      else ctx.stash();
    }),
    { timeout: 100 },
  ).catch((error) => error.code);
  await clock.advance(110);
  assertEquals(await asked, "ask_timeout_error");
  isOpen = true;
  await actor.ask(unstashAll);
  await settle(system);
  assertEquals(log, [0]); // at most once: it is handled, for nobody
});

Deno.test("an unstashed message has its sender", async () => {
  await using system = quietSystem();
  let isOpen = false;
  const senders: unknown[] = [];
  const target = system.spawn(Worker, () => worker());
  const sender = system.spawn(Worker, () => worker());
  await sender.ask(Worker.run((ctx) => {
    const look = Worker.run((inner) => {
      if (isOpen) senders.push(inner.sender);
      else inner.stash();
    });
    ctx.tell(target, look);
  }));
  await settle(system);
  isOpen = true;
  await target.ask(unstashAll);
  await settle(system);
  assertEquals(senders, [sender]);
});

Deno.test("Context.stash() twice in one handler puts the message aside once", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Worker, () => worker());
  let handled = 0;
  actor.tell(Worker.run((ctx) => {
    if (handled++ > 0) return;
    ctx.stash();
    ctx.stash();
  }));
  assertEquals(await actor.ask(unstashAll), 1);
  await settle(system);
  assertEquals(handled, 2);
});

Deno.test("Context.stash() takes one message value as often as it was told", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const actor = system.spawn(Worker, () => door(log));
  const message = Worker.note("x");
  for (let i = 0; i < 3; i++) actor.tell(message);
  assertEquals(await actor.ask(unstashAll), 3);
  await settle(system);
  assertEquals(log, ["x", "x", "x"]);
});

Deno.test("Context.stash() beyond the capacity throws a StashOverflowError and loses nothing stashed", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const actor = system.spawn(Worker, () => ({
    ...door(log),
    note: (text: string, ctx: Context) => {
      if (text === "open") return void ctx.unstashAll();
      if (log.includes(text)) return;
      log.push(text);
      ctx.stash();
    },
  }), {
    name: "a",
    stashCapacity: 2,
    supervisor: oneForOne({ decide: () => "resume" }),
  });
  actor.tell(Worker.note("1"));
  actor.tell(Worker.note("2"));
  const error = await assertRejects(
    () => actor.ask(Worker.note("3")),
    StashOverflowError,
    'Cannot stash a message of "goakt://test@:0/a": 2 are stashed, fewer were expected',
  );
  assertEquals(
    [error.code, error.capacity, error.target.path],
    ["stash_overflow_error", 2, "a"],
  );
  assertEquals(await actor.ask(unstashAll), 2);
});

Deno.test("an actor may stash 1,000 messages unless told otherwise", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Worker, () => door([]));
  const outcomes = Promise.allSettled(
    Array.from(
      { length: 1_001 },
      (_, i) => actor.ask(Worker.note(`${i}`), { timeout: Infinity }),
    ),
  );
  await settle(system);
  await system.stop(actor);
  const codes = (await outcomes).map((one) =>
    one.status === "rejected" ? one.reason.code : "done"
  );
  // The failure restarts the actor, which unstashes: the new instance stashes all but the last anew.
  assertEquals(
    codes.filter((code) => code === "stash_overflow_error").length,
    1,
  );
  assertEquals(codes.at(-1), "stash_overflow_error");
  assertEquals(codes.filter((code) => code === "stopped_error").length, 1_000);
});

Deno.test("stashCapacity is a number of at least 0, and 0 lets nothing be stashed", async () => {
  await using system = quietSystem();
  for (const stashCapacity of [-1, NaN]) {
    assertThrows(
      () => system.spawn(Worker, () => worker(), { stashCapacity }),
      RangeError,
      `stashCapacity is ${stashCapacity}, a number >= 0 was expected`,
    );
  }
  const actor = system.spawn(Worker, () => worker(), { stashCapacity: 0 });
  await assertRejects(
    () => actor.ask(Worker.run((ctx) => ctx.stash())),
    StashOverflowError,
  );
});

Deno.test("Context.stash() outside of a message is refused, also in hooks", async () => {
  await using system = quietSystem();
  const found: string[] = [];
  const attempt = (ctx: Context) => {
    try {
      ctx.stash();
      found.push("stashed");
    } catch (error) {
      found.push((error as Error).message.replace(/.*": /, ""));
    }
  };
  const other = system.spawn(Worker, () => worker());
  const actor = system.spawn(Worker, () => ({
    ...worker(),
    onStart: attempt,
    onStop: attempt,
    onTerminated: (_: Terminated, ctx: Context) => attempt(ctx),
    onExit: (_: Terminated, ctx: Context) => attempt(ctx),
  }));
  const ctx = await actor.ask(Worker.run((ctx) => {
    ctx.watch(other);
    ctx.link(other);
    return ctx;
  })) as Context;
  await system.stop(other);
  await settle(system);
  attempt(ctx);
  await system.stop(actor);
  const refusal = "no message is being handled, a handler was expected";
  assertEquals(found, new Array(5).fill(refusal));
});

Deno.test("Context.unstashAll() from outside of a handler wakes the actor", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  let isOpen = false;
  const actor = system.spawn(Worker, () => ({
    ...worker(),
    note(text: string, ctx: Context) {
      if (isOpen) log.push(text);
      else ctx.stash();
    },
  }));
  const ctx = await actor.ask(Worker.run((ctx) => ctx)) as Context;
  actor.tell(Worker.note("a"));
  await settle(system);
  isOpen = true;
  assertEquals(ctx.unstashAll(), 1);
  await settle(system);
  assertEquals(log, ["a"]);
});

Deno.test("a stop makes dead letters of stashed and unstashed mail, in order, before the rest", async () => {
  await using system = quietSystem();
  const letters = record(system, "dead_letter");
  const log: string[] = [];
  const actor = system.spawn(Worker, () => door(log));
  for (const text of ["a", "b", "c"]) actor.tell(Worker.note(text));
  const asked = actor.ask(Worker.note("d")).catch((error) => error.code);
  await settle(system);
  const stopped = actor.ask(Worker.run((ctx) => {
    ctx.unstash();
    void ctx.stop();
  }));
  actor.tell(Worker.note("e"));
  await stopped;
  assertEquals(await asked, "stopped_error");
  await settle(system);
  assertEquals(
    letters.map(({ message, reason }) => `${message.body} ${reason}`),
    ["b stopped", "c stopped", "d stopped", "a stopped", "e stopped"],
  );
  assertEquals(log, []);
});

Deno.test("a restart lets the fresh instance handle what the last one had stashed, before the rest", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  let made = 0;
  const actor = system.spawn(Worker, () => {
    const number = ++made;
    return {
      run: (job: Job, ctx: Context) => job(ctx),
      note(text: string, ctx: Context) {
        if (number === 1) ctx.stash();
        else log.push(text);
      },
    };
  });
  for (const text of ["a", "b"]) actor.tell(Worker.note(text));
  const failed = actor.ask(Worker.run(() => raise(new Error("boom"))));
  actor.tell(Worker.note("c"));
  await assertRejects(() => failed, Error, "boom");
  await settle(system);
  assertEquals([log.join(""), system.deadLetters], ["abc", 0]);
});

Deno.test("a handler that stashes and then fails leaves its message to the fresh instance", async () => {
  await using system = quietSystem();
  let made = 0;
  const actor = system.spawn(Worker, () => (made++, worker()));
  for (const wait of [false, true]) {
    const before = made;
    const asked = actor.ask(Worker.run((ctx) => {
      if (made > before) return "by the next";
      ctx.stash();
      if (wait) return Promise.reject(new Error("boom"));
      throw new Error("boom");
    }));
    assertEquals(await asked, "by the next");
  }
});

Deno.test("stashed mail leaves its place in a bounded mailbox to others", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const actor = system.spawn(Worker, () => door(log), {
    mailbox: boundedMailbox(1),
  });
  for (const text of ["a", "b", "c"]) {
    assert(actor.tell(Worker.note(text)));
    await settle(system);
  }
  assertEquals(await actor.ask(unstashAll), 3);
  await settle(system);
  assertEquals(log.join(""), "abc");
});

Deno.test("a message that interleaves is stashed by its own ctx", async () => {
  await using system = quietSystem();
  let isOpen = false;
  const open = gate();
  const actor = system.spawn(Worker, () => worker(), {
    reentrancy: { mode: "all" },
  });
  const asked = actor.ask(Worker.run(async (ctx) => {
    if (isOpen) return "first";
    await open.promise;
    ctx.stash();
  }));
  assertEquals(await actor.ask(Worker.run(() => "second")), "second");
  open.resolve();
  await settle(system);
  isOpen = true;
  assertEquals(await actor.ask(unstashAll), 1);
  assertEquals(await asked, "first");
});

Deno.test("a message that is stashed while its actor stops is a dead letter, and its asker is told", async () => {
  await using system = quietSystem({ clock: new ManualClock() });
  const actor = system.spawn(Worker, () => worker());
  const open = gate();
  const asked = actor.ask(Worker.run(async (ctx) => {
    await open.promise;
    ctx.stash();
  })).catch((error) => error.code);
  await settle(system);
  const stopped = system.stop(actor);
  open.resolve();
  await stopped;
  assertEquals([await asked, system.deadLetters], ["stopped_error", 1]);
});

Deno.test("a message that is stashed while its actor restarts is left to the fresh instance", async () => {
  await using system = quietSystem({ clock: new ManualClock() });
  const actor = system.spawn(Worker, () => worker());
  const open = gate();
  let times = 0;
  const asked = actor.ask(Worker.run(async (ctx) => {
    if (++times === 2) return "by the fresh instance";
    await open.promise;
    ctx.stash();
  }));
  await settle(system);
  const restarted = system.restart(actor);
  open.resolve();
  await restarted;
  assertEquals(await asked, "by the fresh instance");
});
