import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type ActorOptions,
  type ActorRef,
  type ActorSystem,
  ask,
  AskCycleError,
  type Context,
  data,
  kind,
  oneForOne,
  PoisonPill,
  protocol,
  type Reentrancy,
  StoppedError,
  tell,
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
  type WorkerRef,
} from "../fixtures.ts";

const Book = protocol("book", {
  read: ask({ input: data<Job>(), output: data<unknown>(), readOnly: true }),
  write: ask<Job, unknown>(),
  note: tell<string>(),
});
type BookRef = ActorRef<typeof Book>;
const Plain = protocol("plain", { run: ask<Job, unknown>() });

function book(log: string[] = []) {
  return {
    read: (job: Job, ctx: Context) => job(ctx),
    write: (job: Job, ctx: Context) => job(ctx),
    note: (text: string) => void log.push(text),
  };
}

const still = () => quietSystem({ clock: new ManualClock() });
const spawnBook = (system: ActorSystem, options: ActorOptions = {}) =>
  system.spawn(Book, () => book(), { name: "book", ...options });
const reentrant = (mode: Reentrancy["mode"], maxInFlight?: number) => ({
  reentrancy: { mode, ...(maxInFlight === undefined ? {} : { maxInFlight }) },
});

/** Jobs that write down when they begin and end, and end when they are told. */
function jobs(log: string[]) {
  const opens = new Map<string, PromiseWithResolvers<void>>();
  return {
    job: (name: string): Job => async () => {
      const open = gate();
      opens.set(name, open);
      log.push(`+${name}`);
      await open.promise;
      log.push(`-${name}`);
      return name;
    },
    end: (name: string) => opens.get(name)?.resolve(),
  };
}

Deno.test("read-only messages interleave with each other, and with nothing else", async () => {
  await using system = still();
  const actor = spawnBook(system);
  const log: string[] = [];
  const { job, end } = jobs(log);
  const all = [
    actor.ask(Book.read(job("r1"))),
    actor.ask(Book.read(job("r2"))),
    actor.ask(Book.write(job("w1"))),
    actor.ask(Book.read(job("r3"))),
    actor.ask(Book.write(job("w2"))),
  ];
  const order = ["r2", "r1", "w1", "r3", "w2"];
  for (const name of order) {
    await settle(system);
    log.push(".");
    end(name);
  }
  await settle(system);
  assertEquals(
    log.join(" "),
    "+r1 +r2 . -r2 . -r1 +w1 . -w1 +r3 . -r3 +w2 . -w2",
  );
  assertEquals(await Promise.all(all), ["r1", "r2", "w1", "r3", "w2"]);
});

Deno.test("messages that are not read-only do not interleave, also where a protocol has some that are", async () => {
  await using system = still();
  const actor = spawnBook(system);
  const log: string[] = [];
  const { job, end } = jobs(log);
  actor.tell(Book.write(job("w1")));
  actor.tell(Book.write(job("w2")));
  actor.tell(Book.read(job("r1")));
  for (const name of ["w1", "w2", "r1"]) {
    await settle(system);
    end(name);
  }
  await settle(system);
  assertEquals(log.join(" "), "+w1 -w1 +w2 -w2 +r1 -r1");
});

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

Deno.test("reentrancy 'all' begins messages in the order of their arrival while others wait", async () => {
  await using system = still();
  const actor = spawnBook(system, reentrant("all"));
  const log: string[] = [];
  const { job, end } = jobs(log);
  const all = ["a", "b", "c"].map((name) => actor.ask(Book.write(job(name))));
  await settle(system);
  for (const name of ["c", "a", "b"]) {
    end(name);
    await settle(system);
  }
  assertEquals(log.join(" "), "+a +b +c -c -a -b");
  assertEquals(await Promise.all(all), ["a", "b", "c"]);
});

Deno.test("an actor is not reentrant unless it is told", async () => {
  await using system = still();
  const actor = system.spawn(Plain, () => ({
    run: (job: Job, ctx: Context) => job(ctx),
  }));
  const log: string[] = [];
  const { job, end } = jobs(log);
  const all = ["a", "b"].map((name) => actor.ask(Plain.run(job(name))));
  await settle(system);
  assertEquals(log, ["+a"]);
  end("a");
  await settle(system);
  end("b");
  await Promise.all(all);
  assertEquals(log, ["+a", "-a", "+b", "-b"]);
});

Deno.test("maxInFlight caps the messages in work, and the next begins when one ends", async () => {
  await using system = still();
  const actor = spawnBook(system, reentrant("all", 2));
  const log: string[] = [];
  const { job, end } = jobs(log);
  const names = ["a", "b", "c", "d"];
  const all = names.map((name) => actor.ask(Book.write(job(name))));
  await settle(system);
  assertEquals(log.join(" "), "+a +b");
  end("b");
  await settle(system);
  assertEquals(log.join(" "), "+a +b -b +c");
  for (const name of ["a", "c", "d"]) {
    end(name);
    await settle(system);
  }
  assertEquals(await Promise.all(all), names);
});

Deno.test("maxInFlight caps read-only messages of a reentrant actor too", async () => {
  await using system = still();
  const actor = spawnBook(system, reentrant("call_chain", 2));
  const log: string[] = [];
  const { job, end } = jobs(log);
  const names = ["a", "b", "c"];
  const all = names.map((name) => actor.ask(Book.read(job(name))));
  await settle(system);
  assertEquals(log.join(" "), "+a +b");
  for (const name of names) {
    end(name);
    await settle(system);
  }
  assertEquals(await Promise.all(all), names);
});

Deno.test("maxInFlight has to be at least 1", async () => {
  await using system = still();
  for (const maxInFlight of [0, -1, NaN]) {
    assertThrows(
      () => spawnBook(system, reentrant("all", maxInFlight)),
      RangeError,
      `maxInFlight is ${maxInFlight}, a number >= 1 was expected`,
    );
  }
});

Deno.test("a kind is reentrant when it says so", async () => {
  await using system = still();
  const actor = system.spawn(
    kind(Book, () => book(), { reentrancy: { mode: "all" } }),
  );
  const open = gate();
  const first = actor.ask(Book.write(() => open.promise));
  await actor.ask(Book.write(() => open.resolve()));
  await first;
});

Deno.test("a reentrant actor gives each message a ctx of its own, also after an await", async () => {
  await using system = still();
  const actor = spawnBook(system, reentrant("all"));
  const asker = (name: string) =>
    system.spawn(Plain, () => ({
      run: (job: Job, ctx: Context) => job(ctx),
    }), { name });
  const opens = [gate(), gate()];
  const seen: unknown[] = [];
  const contexts: Context[] = [];
  const asked = ["x", "y"].map((name, i) =>
    asker(name).ask(Plain.run((outer) =>
      outer.ask(
        actor,
        Book.write(async (ctx) => {
          contexts.push(ctx);
          const { signal } = ctx;
          await opens[i]?.promise;
          seen.push([
            name,
            ctx.sender?.pid.path,
            ctx.remaining,
            ctx.signal === signal,
          ]);
        }),
        { timeout: 100 * (i + 1) },
      )
    ))
  );
  await settle(system);
  for (const open of opens.toReversed()) {
    open.resolve();
    await settle(system);
  }
  await Promise.all(asked);
  assertEquals(seen, [["y", "y", 200, true], ["x", "x", 100, true]]);
  assertEquals(contexts[0] === contexts[1], false);
  assertEquals(contexts.map((ctx) => ctx.sender?.pid.path), ["x", "y"]);
});

for (const mode of ["all", "call_chain"] as const) {
  Deno.test(`reentrancy '${mode}' handles what its own ask led to, one level and two`, async () => {
    await using system = still();
    const actor = spawnBook(system, reentrant(mode));
    const other = system.spawn(Plain, () => ({
      run: (job: Job, ctx: Context) => job(ctx),
    }));
    const back: Job = (ctx) => ctx.ask(actor, Book.write(() => "reached"));
    const reached = await actor.ask(
      Book.write((ctx) => ctx.ask(other, Plain.run(back))),
    );
    assertEquals(reached, "reached");
    assertEquals(await actor.ask(Book.write(back)), "reached");
  });

  Deno.test(`reentrancy '${mode}' does not let other mail or the order of asks block a call chain`, async () => {
    await using system = still();
    const log: string[] = [];
    const actor = system.spawn(Book, () => book(log), reentrant(mode));
    const other = system.spawn(Plain, () => ({
      run: (job: Job, ctx: Context) => job(ctx),
    }));
    const open = gate();
    const both = actor.ask(Book.write((ctx) =>
      ctx.ask(
        other,
        Plain.run(async (inner) => {
          await open.promise;
          const step = (name: string) =>
            inner.ask(actor, Book.write(() => void log.push(name)));
          await Promise.all([step("x"), step("y"), step("z")]);
        }),
      )
    ));
    await settle(system);
    actor.tell(Book.note("waits"));
    await settle(system);
    open.resolve();
    actor.tell(Book.note("too"));
    await both;
    await settle(system);
    assertEquals(log.filter((it) => it.length === 1).join(""), "xyz");
    assertEquals(
      log.join(" "),
      mode === "all" ? "waits too x y z" : "x y z waits too",
    );
  });

  Deno.test(`reentrancy '${mode}' without room fails an ask that led back instead of waiting`, async () => {
    await using system = still();
    const actor = spawnBook(system, reentrant(mode, 1));
    const other = system.spawn(Plain, () => ({
      run: (job: Job, ctx: Context) => job(ctx),
    }));
    const back: Job = (ctx) => ctx.ask(actor, Book.write(() => 1));
    for (
      const job of [
        back, // asked before it is known that the handler will wait
        async (ctx: Context) => await Promise.resolve().then(() => back(ctx)),
        (ctx: Context) => ctx.ask(other, Plain.run(back)),
      ]
    ) {
      await assertRejects(() => actor.ask(Book.write(job)), AskCycleError);
    }
  });

  Deno.test(`reentrancy '${mode}' does not let a poison pill block a call chain`, async () => {
    await using system = still();
    const actor = spawnBook(system, reentrant(mode));
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
            return await inner.ask(actor, Book.write(() => "reached"));
          }),
        )
      ),
    );
    await settle(system);
    actor.tell(PoisonPill);
    await settle(system);
    open.resolve();
    assertEquals(await asked, "reached");
    await settle(system);
    assertEquals(system.find(Book, "book"), undefined);
  });
}

Deno.test("reentrancy 'all' with a cap gives a call chain the last room before other mail", async () => {
  await using system = still();
  const log: string[] = [];
  const actor = system.spawn(Book, () => book(), reentrant("all", 2));
  const other = system.spawn(Plain, () => ({
    run: (job: Job, ctx: Context) => job(ctx),
  }));
  const open = gate();
  const asked = actor.ask(Book.write((ctx) =>
    ctx.ask(
      other,
      Plain.run(async (inner) => {
        await open.promise;
        // Both come before the actor has its next turn; the first would take the room and wait for the second.
        actor.tell(
          Book.write((ctx) => ctx.ask(other, Plain.run(() => log.push("b")))),
        );
        await inner.ask(actor, Book.write(() => log.push("a")));
      }),
    )
  ));
  await settle(system);
  open.resolve();
  await asked;
  await settle(system);
  assertEquals(log, ["a", "b"]);
});

/** An actor with room for two, and an ask of it by which another asks back three times at once. */
async function crowded(system: ActorSystem, log: string[]) {
  const actor = spawnBook(system, reentrant("call_chain", 2));
  const other = system.spawn(Plain, () => ({
    run: (job: Job, ctx: Context) => job(ctx),
  }));
  const { job, end } = jobs(log);
  const codes = actor.ask(Book.write((ctx) =>
    ctx.ask(
      other,
      Plain.run((inner) =>
        Promise.all(
          ["x", "y", "z"].map((name) =>
            inner.ask(actor, Book.write(job(name))).catch(({ code }) => code)
          ),
        )
      ),
    )
  ));
  await settle(system);
  assertEquals(log, ["+x"]);
  return { actor, codes, end };
}

Deno.test("asks of a call chain that wait for room keep their order", async () => {
  await using system = still();
  const log: string[] = [];
  const { actor, codes, end } = await crowded(system, log);
  actor.tell(Book.note("other"));
  for (const name of ["x", "y", "z"]) {
    await settle(system);
    end(name);
  }
  assertEquals(await codes, ["x", "y", "z"]);
  assertEquals(log.join(" "), "+x -x +y -y +z -z");
});

Deno.test("an ask of a call chain that is over does not block those of another behind it", async () => {
  await using system = still();
  const log: string[] = [];
  const actor = spawnBook(system, reentrant("call_chain", 4));
  const { job, end } = jobs(log);
  const opens = ["filler", "over", "last"].map((name) => ({ name, ...gate() }));
  /** Asks another actor to ask back for some of these jobs, each when it is told to. */
  const askBack = (ctx: Context, ...names: string[]) => {
    const other = system.spawn(Plain, () => ({
      run: (job: Job, ctx: Context) => job(ctx),
    }));
    const wanted = opens.filter(({ name }) => names.includes(name));
    const asking: Job = (inner) =>
      Promise.all(
        wanted.map(async ({ name, promise }) => {
          await promise;
          await inner.ask(actor, Book.write(job(name)));
        }),
      );
    return ctx.ask(other, Plain.run(asking));
  };
  const over = gate();
  const both = system.spawn(Plain, () => ({
    run: (job: Job, ctx: Context) => job(ctx),
  }));
  const left: Job = (ctx) => {
    askBack(ctx, "over"); // is not waited for
    return over.promise;
  };
  const right: Job = (ctx) => askBack(ctx, "filler", "last");
  const first = actor.ask(Book.write((ctx) => {
    const asking: Job = (inner) =>
      Promise.all(
        [left, right].map((job) => inner.ask(actor, Book.write(job))),
      );
    ctx.ask(both, Plain.run(asking)); // is not waited for
    return over.promise;
  }));
  await settle(system);
  // Three messages are in work. In one turn three more come: the first takes the last room.
  for (const { resolve } of opens) resolve();
  await settle(system);
  assertEquals(log, ["+filler"]);
  // There is room now, and nothing in work has led to "over" any more.
  over.resolve();
  await first;
  await settle(system);
  assertEquals(log, ["+filler", "+last"]);
  for (const name of ["filler", "last", "over"]) {
    end(name);
    await settle(system);
  }
  assertEquals(log.slice(2), ["-filler", "-last", "+over", "-over"]);
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

Deno.test("a read does not begin while a reentrant actor has a write in work", async () => {
  await using system = still();
  const actor = spawnBook(system, reentrant("call_chain"));
  const log: string[] = [];
  const { job, end } = jobs(log);
  const both = [
    actor.ask(Book.write(job("w"))),
    actor.ask(Book.read(job("r"))),
  ];
  for (const name of ["w", "r"]) {
    await settle(system);
    end(name);
  }
  await Promise.all(both);
  assertEquals(log.join(" "), "+w -w +r -r");
});

Deno.test("a read that is over is no part of a cycle, although another one is in work", async () => {
  await using system = still();
  const actor = spawnBook(system);
  const other = system.spawn(Plain, () => ({
    run: (job: Job, ctx: Context) => job(ctx),
  }));
  const [slow, later] = [gate(), gate()];
  const log: string[] = [];
  const reading = actor.ask(Book.read(() => slow.promise));
  actor.tell(Book.read((ctx) => {
    void ctx.ask(
      other,
      Plain.run(async (inner) => {
        await later.promise;
        await inner.ask(actor, Book.write(() => void log.push("second")));
      }),
    ); // it does not wait for it
  }));
  actor.tell(Book.write(() => void log.push("first")));
  await settle(system);
  later.resolve();
  await settle(system);
  assertEquals(log, []);
  slow.resolve();
  await reading;
  await settle(system);
  assertEquals(log, ["first", "second"]);
});

Deno.test("a write that waits for a read in work which asks its sender is a cycle", async () => {
  await using system = still();
  const actor = spawnBook(system);
  const other = system.spawn(Plain, () => ({
    run: (job: Job, ctx: Context) => job(ctx),
  }), { name: "other" });
  const open = gate();
  const reading = actor.ask(Book.read(async (ctx) => {
    await open.promise;
    return await ctx.ask(other, Plain.run(() => 1));
  }));
  const writing = other.ask(
    Plain.run((ctx) => ctx.ask(actor, Book.write(() => "written"))),
  );
  await settle(system);
  open.resolve();
  const error = await assertRejects(() => reading, AskCycleError);
  assertEquals(error.cycle.map(({ path }) => path), ["book", "other", "book"]);
  assertEquals(await writing, "written");
});

Deno.test("two actors that ask each other at the same time are both answered when one is reentrant", async () => {
  await using system = still();
  const actor = spawnBook(system, reentrant("all"));
  const other = system.spawn(Plain, () => ({
    run: (job: Job, ctx: Context) => job(ctx),
  }));
  const open = gate();
  const both = [
    actor.ask(Book.write(async (ctx) => {
      await open.promise;
      return await ctx.ask(other, Plain.run(() => 1));
    })),
    other.ask(Plain.run(async (ctx) => {
      await open.promise;
      return await ctx.ask(actor, Book.write(() => 2));
    })),
  ];
  await settle(system);
  open.resolve();
  assertEquals(await Promise.all(both), [1, 2]);
});

Deno.test("reentrancy 'call_chain' does not begin what is of another chain", async () => {
  await using system = still();
  const log: string[] = [];
  const actor = system.spawn(Book, () => book(), reentrant("call_chain"));
  const { job, end } = jobs(log);
  const first = actor.ask(Book.write(job("a")));
  const second = actor.ask(Book.write(job("b")));
  const other = system.spawn(Plain, () => ({
    run: (job: Job, ctx: Context) => job(ctx),
  }));
  const third = other.ask(
    Plain.run((ctx) => ctx.ask(actor, Book.write(job("c")))),
  );
  for (const name of ["a", "b", "c"]) {
    await settle(system);
    end(name);
  }
  await Promise.all([first, second, third]);
  assertEquals(log.join(" "), "+a -a +b -b +c -c");
});

Deno.test("a read that leads back to a read is handled before a write that waits", async () => {
  await using system = still();
  const actor = spawnBook(system);
  const other = system.spawn(Plain, () => ({
    run: (job: Job, ctx: Context) => job(ctx),
  }));
  const open = gate();
  const log: string[] = [];
  const asked = actor.ask(Book.read((ctx) =>
    ctx.ask(
      other,
      Plain.run(async (inner) => {
        await open.promise;
        await inner.ask(actor, Book.read(() => void log.push("read")));
      }),
    )
  ));
  await settle(system);
  actor.tell(Book.write(() => void log.push("write")));
  await settle(system);
  open.resolve();
  await asked;
  await settle(system);
  assertEquals(log, ["read", "write"]);
});

Deno.test("a write that leads back to a read or a write, and a read to a write, are cycles", async () => {
  await using system = still();
  const actor = spawnBook(system);
  const other = system.spawn(Plain, () => ({
    run: (job: Job, ctx: Context) => job(ctx),
  }));
  const { read, write } = Book;
  for (
    const [outer, inner] of [[write, read], [write, write], [read, write]]
  ) {
    const back: Job = (ctx) => ctx.ask(actor, inner?.(() => 1) as never);
    const viaOther: Job = (ctx) => ctx.ask(other, Plain.run(back));
    const later: Job = (ctx) => Promise.resolve().then(() => back(ctx));
    for (const job of [back, later, viaOther]) {
      await assertRejects(
        () => actor.ask(outer?.(job) as never),
        AskCycleError,
      );
    }
  }
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
