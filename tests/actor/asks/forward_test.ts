import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ActorRef,
  ask,
  AskCycleError,
  type Context,
  protocol,
  roundRobin,
  scatterGatherFirst,
  StoppedError,
  tell,
} from "../../../actor/mod.ts";
import { ManualClock, settle, simulateRemote } from "../../../testing/mod.ts";
import {
  gate,
  quietSystem,
  raise,
  record,
  Worker,
  worker,
  type WorkerRef,
} from "../fixtures.ts";

const Desk = protocol("desk", {
  serve: ask<string, string>(),
  note: tell<string>(),
});
type DeskRef = ActorRef<typeof Desk>;

/** Passes everything on. */
const front = (to: DeskRef) => ({
  receive: (_message: unknown, ctx: Context<typeof Desk>) => ctx.forward(to),
});

const clerk = (log: string[] = []) => ({
  serve: (name: string, ctx: Context<typeof Desk>) =>
    `${ctx.self.pid.path} serves ${name} of ${ctx.sender?.pid.path}`,
  note: (text: string, ctx: Context<typeof Desk>) =>
    void log.push(`${text} of ${ctx.sender?.pid.path}`),
});

Deno.test("Context.forward() has the target answer the asker, with the sender that was", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const last = system.spawn(Desk, () => clerk(log), { name: "clerk" });
  const first = system.spawn(Desk, () => front(last));
  const outer = system.spawn(Desk, () => front(first));
  const asker = system.spawn(Worker, () => worker(), { name: "asker" });
  assertEquals(
    await outer.ask(Desk.serve("Ada")),
    "clerk serves Ada of undefined",
  );
  assertEquals(
    await asker.ask(
      Worker.run((ctx) => ctx.ask(outer, Desk.serve("Bob"))),
    ),
    "clerk serves Bob of asker",
  );
  outer.tell(Desk.note("told"));
  await asker.ask(Worker.run((ctx) => ctx.tell(outer, Desk.note("sent"))));
  await settle(system);
  assertEquals(log, ["told of undefined", "sent of asker"]);
});

Deno.test("Context.forward() sends another message when it is given one", async () => {
  await using system = quietSystem();
  const desk = system.spawn(Desk, () => clerk(), { name: "clerk" });
  const actor = system.spawn(Worker, () => worker(), { name: "a" });
  const answer = await actor.ask(Worker.run((ctx) => {
    assertEquals(ctx.forward(desk, Desk.serve("Ada")), true);
    return "not this";
  }));
  assertEquals(answer, "clerk serves Ada of undefined");
});

Deno.test("a message that was forwarded after an await, or next to others, keeps its own asker", async () => {
  for (const options of [{}, { reentrancy: { mode: "all" } }] as const) {
    await using system = quietSystem();
    const desk = system.spawn(Desk, () => clerk(), { name: "clerk" });
    const open = gate();
    const first = system.spawn(Desk, () => ({
      async receive(_message, ctx) {
        await open.promise;
        ctx.forward(desk);
        return "not this";
      },
    }), options);
    const answers = ["Ada", "Bob"].map((name) => first.ask(Desk.serve(name)));
    await settle(system);
    open.resolve();
    assertEquals(await Promise.all(answers), [
      "clerk serves Ada of undefined",
      "clerk serves Bob of undefined",
    ]);
  }
});

Deno.test("what is forwarded has the time that its asker has left", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const last = system.spawn(Worker, () => worker());
  const open = gate();
  const first = system.spawn(Worker, () => ({
    ...worker(),
    async run(_job, ctx: Context<typeof Worker>) {
      await open.promise;
      ctx.forward(last);
    },
  }));
  const asked = first.ask(Worker.run((ctx) => ctx.remaining), {
    timeout: 1_000,
  });
  await clock.advance(400);
  open.resolve();
  assertEquals(await asked, 600);
});

Deno.test("an asker who gives up aborts the signal of the target, not that of whoever forwarded", async () => {
  await using system = quietSystem();
  const aborted: string[] = [];
  const follow = (name: string, { signal }: Context) =>
    signal.addEventListener("abort", () => aborted.push(name));
  const last = system.spawn(Worker, () => worker());
  const first = system.spawn(Worker, () => ({
    ...worker(),
    run: (_job, ctx: Context<typeof Worker>) => {
      follow("first", ctx);
      ctx.forward(last);
    },
  }));
  const controller = new AbortController();
  const open = gate();
  const jobs = [
    (ctx: Context) => {
      follow("last", ctx);
      return open.promise;
    },
    () => open.promise, // does not want to know
  ];
  const asked = jobs.map((job) =>
    first.ask(Worker.run(job), { signal: controller.signal })
  );
  await settle(system);
  controller.abort(new Error("changed my mind"));
  for (const ask of asked) {
    await assertRejects(() => ask, Error, "changed my mind");
  }
  open.resolve();
  assertEquals(aborted, ["last"]);
});

Deno.test("an asker hears of what becomes of its message at the target, and of nothing else", async () => {
  await using system = quietSystem();
  const failures = record(system, "actor_failed");
  const last = system.spawn(Worker, () => worker(), { name: "last" });
  const first = system.spawn(Worker, () => ({
    ...worker(),
    run: (_job, ctx: Context<typeof Worker>) => {
      ctx.forward(last);
      throw new Error("after it was forwarded");
    },
  }), { name: "first" });
  const late = system.spawn(Worker, () => ({
    ...worker(),
    run: async (_job, ctx: Context<typeof Worker>) => {
      ctx.forward(last);
      await Promise.resolve();
      throw new Error("after an await");
    },
  }), { name: "late" });
  assertEquals(await first.ask(Worker.run(() => "done")), "done");
  assertEquals(await late.ask(Worker.run(() => "done too")), "done too");
  await assertRejects(
    () => first.ask(Worker.run(() => raise(new Error("by the target")))),
    Error,
    "by the target",
  );
  await settle(system);
  assertEquals(
    failures.map(({ pid, error }) => [pid.path, (error as Error).message]),
    [
      ["first", "after it was forwarded"],
      ["late", "after an await"],
      ["first", "after it was forwarded"],
      ["last", "by the target"],
    ],
  );
});

Deno.test("Context.forward() to a dead actor returns false, and the asker is told at once", async () => {
  await using system = quietSystem({ clock: new ManualClock() });
  const dead = system.spawn(Worker, () => worker(), { name: "dead" });
  await system.stop(dead);
  const first = system.spawn(Worker, () => worker());
  let isTaken: boolean | undefined;
  const error = await assertRejects(
    () =>
      first.ask(Worker.run((ctx) => {
        isTaken = ctx.forward(dead, Worker.note("x"));
      })),
    StoppedError,
  );
  assertEquals([error.target.path, error.outcome, isTaken], [
    "dead",
    "not_delivered",
    false,
  ]);
  assertEquals(system.deadLetters, 1);
});

Deno.test("an ask is forwarded once, and not stashed as well", async () => {
  await using system = quietSystem();
  const desk = system.spawn(Desk, () => clerk(), { name: "clerk" });
  const actor = system.spawn(Worker, () => worker(), { name: "a" });
  const refused = async (
    again: (ctx: Context) => unknown,
    begin = (ctx: Context): unknown => ctx.forward(desk, Desk.serve("Ada")),
  ) => {
    let message = "";
    const asked = actor.ask(Worker.run((ctx) => {
      begin(ctx);
      try {
        again(ctx);
      } catch (error) {
        message = `${error}`;
      }
      ctx.self.tell(Worker.run((ctx) => ctx.unstashAll()));
    }));
    await settle(system);
    return [message, asked] as const;
  };
  const twice = (ctx: Context) => ctx.forward(desk, Desk.serve("Bob"));
  const [forwarded, first] = await refused(twice);
  assertEquals(
    forwarded,
    'TypeError: Cannot forward from "goakt://test@:0/a": it was forwarded already, a message that was not was expected',
  );
  assertEquals(await first, "clerk serves Ada of undefined");
  const [stashed, second] = await refused((ctx) => ctx.stash());
  assertEquals(
    stashed,
    'TypeError: Cannot stash a message of "goakt://test@:0/a": it was forwarded already, a message that was not was expected',
  );
  assertEquals(await second, "clerk serves Ada of undefined");
  let isFirst = true;
  const [both] = await refused(twice, (ctx) => {
    if (isFirst) ctx.stash();
    isFirst = false;
  });
  assertEquals(
    both,
    'TypeError: Cannot forward from "goakt://test@:0/a": it was stashed already, a message that was not was expected',
  );
});

Deno.test("a message that nobody waits for may be forwarded to several", async () => {
  await using system = quietSystem();
  const logs: string[][] = [[], []];
  const clerks = logs.map((log) => system.spawn(Desk, () => clerk(log)));
  const first = system.spawn(Desk, () => ({
    receive: (_message, ctx) => clerks.forEach((ref) => ctx.forward(ref)),
  }));
  first.tell(Desk.note("x"));
  await settle(system);
  assertEquals(logs, [["x of undefined"], ["x of undefined"]]);
});

Deno.test("Context.forward() of another protocol throws, and the handler still owes the reply", async () => {
  await using system = quietSystem({ clock: new ManualClock() });
  const desk = system.spawn(Desk, () => clerk(), { name: "clerk" });
  const a = system.spawn(Worker, () => worker(), { name: "a" });
  const b = system.spawn(Worker, () => worker(), { name: "b" });
  const attempt = (ctx: Context) => {
    try {
      return ctx.forward(desk as never);
    } catch (error) {
      return `${error}`;
    }
  };
  const text =
    'TypeError: Cannot send "worker.run" to "goakt://test@:0/clerk": it is a message of protocol "worker", a message of protocol "desk" was expected';
  assertEquals(await a.ask(Worker.run(attempt)), text);
  // b still has the ask of a, so that waiting for whoever waits for a is a cycle.
  const d = system.spawn(Worker, () => worker(), { name: "d" });
  const open = gate();
  const around = a.ask(Worker.run((ctx) =>
    ctx.ask(
      b,
      Worker.run(async (inner) => {
        attempt(inner);
        await open.promise;
        return await inner.ask(d, Worker.run(() => 1)).catch(pathsOf);
      }),
    )
  ));
  await settle(system);
  const other = d.ask(
    Worker.run((ctx) => ctx.ask(a, Worker.run(() => "answer"))),
  );
  await settle(system);
  open.resolve();
  assertEquals([await around, await other], [["b", "d", "a", "b"], "answer"]);
  const controller = new AbortController();
  let aborted: AbortSignal | undefined;
  const asked = a.ask(
    Worker.run((ctx) => {
      aborted = ctx.signal;
      attempt(ctx);
      return new Promise<void>((resolve) =>
        ctx.signal.addEventListener("abort", () => resolve())
      );
    }),
    { signal: controller.signal },
  );
  await settle(system);
  controller.abort(new Error("changed my mind"));
  await assertRejects(() => asked, Error, "changed my mind");
  assertEquals(aborted?.aborted, true);
});

Deno.test("Context.forward() outside of a message is refused, also in hooks", async () => {
  await using system = quietSystem();
  const desk = system.spawn(Desk, () => clerk(), { name: "clerk" });
  const found: string[] = [];
  const attempt = (ctx: Context) => {
    try {
      ctx.forward(desk, Desk.note("x"));
    } catch (error) {
      found.push(`${error}`);
    }
  };
  let kept: Context | undefined;
  const watched = system.spawn(Worker, () => worker());
  const actor = system.spawn(Worker, () => ({
    ...worker(),
    onStart(ctx: Context<typeof Worker>) {
      attempt(ctx);
      ctx.watch(watched);
    },
    onTerminated: (_terminated: unknown, ctx: Context<typeof Worker>) =>
      attempt(ctx),
    onStop: attempt,
  }), { name: "a", reentrancy: { mode: "all" } });
  await actor.ask(Worker.run((ctx) => void (kept = ctx)));
  assert(kept !== undefined);
  attempt(kept); // its message was answered
  await system.stop(watched);
  await settle(system);
  await system.stop(actor);
  const text =
    'TypeError: Cannot forward from "goakt://test@:0/a": no message is being handled, a handler was expected';
  assertEquals(found, [text, text, text, text]);
});

Deno.test("Context.forward() to the actor itself comes behind what waits", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  let isLate = false;
  const actor = system.spawn(Desk, () => ({
    note: (text) => void log.push(text),
    serve(name, ctx) {
      if (isLate) return `late ${name}`;
      isLate = true;
      ctx.self.tell(Desk.note("first"));
      ctx.forward(ctx.self);
      return "not this";
    },
  }));
  assertEquals(await actor.ask(Desk.serve("Ada")), "late Ada");
  assertEquals(log, ["first"]);
});

for (const strategy of [roundRobin(), scatterGatherFirst()]) {
  Deno.test(`Context.forward() to a router by ${strategy.name} has one of its actors answer`, async () => {
    await using system = quietSystem();
    const pool = system.spawnPool(Desk, () => clerk(), {
      name: "pool",
      size: 1,
      strategy,
    });
    const first = system.spawn(Desk, () => front(pool));
    const path = pool.routees[0]?.pid.path;
    assertEquals(
      await first.ask(Desk.serve("Ada")),
      `${path} serves Ada of undefined`,
    );
  });
}

Deno.test("Context.forward() over a simulated wire keeps sender, asker and the wish to be cancelled", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock, simulateRemote });
  const desk = system.spawn(Desk, () => clerk(), { name: "clerk" });
  const first = system.spawn(Desk, () => front(desk), { name: "front" });
  const asker = system.spawn(Desk, () => ({
    note() {},
    serve: (name, ctx) => ctx.ask(first, Desk.serve(name)),
  }), { name: "asker" });
  assertEquals(
    await asker.ask(Desk.serve("Ada")),
    "clerk serves Ada of asker",
  );
  let signal: AbortSignal | undefined;
  const slow = system.spawn(Desk, () => ({
    note() {},
    serve(_name, ctx) {
      signal = ctx.signal;
      return new Promise<string>((resolve) =>
        ctx.signal.addEventListener("abort", () => resolve(""))
      );
    },
  }));
  const second = system.spawn(Desk, () => front(slow));
  const controller = new AbortController();
  const asked = second.ask(Desk.serve("Ada"), { signal: controller.signal });
  await settle(system);
  controller.abort(new Error("changed my mind"));
  await assertRejects(() => asked, Error, "changed my mind");
  assertEquals(signal?.aborted, true);
});

/** An actor that hands every ask on to `to`, until it is told to run something. */
const handing = (to: () => WorkerRef) => {
  let isHanding = true;
  return {
    ...worker(),
    run(job: (ctx: Context) => unknown, ctx: Context<typeof Worker>) {
      if (!isHanding) return job(ctx);
      isHanding = false;
      ctx.forward(to());
    },
  };
};
const pathsOf = (error: unknown) => {
  assert(error instanceof AskCycleError, String(error));
  return error.cycle.map(({ path }) => path);
};

Deno.test("an ask that is forwarded to its own asker is a cycle", async () => {
  await using system = quietSystem({ clock: new ManualClock() });
  const a: WorkerRef = system.spawn(Worker, () => worker(), { name: "a" });
  const b = system.spawn(Worker, () => handing(() => a), { name: "b" });
  assertEquals(
    await a.ask(
      Worker.run((ctx) => ctx.ask(b, Worker.run(() => 1)).catch(pathsOf)),
    ),
    ["a", "a"],
  );
});

Deno.test("who forwarded an ask is no part of its wait, and who has it now is", async () => {
  await using system = quietSystem({ clock: new ManualClock() });
  const a = system.spawn(Worker, () => worker(), { name: "a" });
  const c = system.spawn(Worker, () => worker(), { name: "c" });
  const b = system.spawn(Worker, () => handing(() => c), { name: "b" });
  const open = gate();
  const outer = a.ask(Worker.run((ctx) =>
    ctx.ask(
      b,
      Worker.run(async (inner) => {
        await open.promise;
        return await inner.ask(a, Worker.run(() => 1)).catch(pathsOf);
      }),
    )
  ));
  await settle(system);
  // b is free: what it asks a is answered once a is done.
  const free = b.ask(
    Worker.run((ctx) => ctx.ask(a, Worker.run(() => "answer"))),
  );
  await settle(system);
  open.resolve();
  assertEquals(await outer, ["a", "c", "a"]);
  assertEquals(await free, "answer");
});

Deno.test("who forwarded an ask to a router that asks several is no part of its wait", async () => {
  await using system = quietSystem({ clock: new ManualClock() });
  const a = system.spawn(Worker, () => worker(), { name: "a" });
  const all = system.spawnPool(Worker, () => worker(), {
    size: 2,
    strategy: scatterGatherFirst(),
  });
  const b = system.spawn(Worker, () => handing(() => all), { name: "b" });
  const open = gate();
  const outer = a.ask(
    Worker.run((ctx) =>
      ctx.ask(b, Worker.run(() => open.promise.then(() => "won")))
    ),
  );
  await settle(system);
  const free = b.ask(
    Worker.run((ctx) => ctx.ask(a, Worker.run(() => "answer"))),
  );
  await settle(system);
  open.resolve();
  assertEquals([await outer, await free], ["won", "answer"]);
});
