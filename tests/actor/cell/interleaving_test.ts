import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  AskCycleError,
  type Context,
  kind,
  PoisonPill,
} from "../../../actor/mod.ts";
import { settle } from "../../../testing/mod.ts";
import { gate, type Job } from "../fixtures.ts";
import {
  Book,
  book,
  crowded,
  jobs,
  Plain,
  reentrant,
  spawnBook,
  still,
} from "./books.ts";

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
