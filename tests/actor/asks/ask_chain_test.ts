import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ActorRef,
  type ActorSystem,
  AskCycleError,
  broadcast,
  type Context,
  leastMailbox,
  roundRobin,
  RouteesFailedError,
  scatterGatherFirst,
  tailChopping,
} from "../../../actor/mod.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import { ManualClock, settle, simulateRemote } from "../../../testing/mod.ts";
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

/** Time stands still in all of these tests: an ask that is not refused at once is never answered. */
const still = () => quietSystem({ clock: new ManualClock() });

const workers = (system: ActorSystem, ...names: string[]) =>
  names.map((name) => system.spawn(Worker, () => worker(), { name }));

/** A job that asks the first of `refs` to ask the second, and so on. */
function round([first, ...rest]: ActorRef<typeof Worker>[]): Job {
  if (first === undefined) return () => "done";
  return (ctx) => ctx.ask(first, Worker.run(round(rest)));
}

function cycleOf(error: unknown): string[] {
  assert(error instanceof AskCycleError, String(error));
  return error.cycle.map(({ path }) => path);
}

const openAsks = (system: ActorSystem) => {
  const { asks } = internalsOf(system).runtime;
  return [asks.size, asks.open.size];
};

Deno.test("Context.ask() to the actor itself rejects with an AskCycleError at once", async () => {
  await using system = still();
  const [a] = workers(system, "a") as [WorkerRef];
  const error = await assertRejects(
    () => a.ask(Worker.run(round([a]))),
    AskCycleError,
    'Cannot ask "worker.run": it would wait for itself, "a" -> "a"; a target that does not wait for the asker was expected',
  );
  assertEquals(
    [error.code, error.outcome, error.retryable, cycleOf(error)],
    ["ask_cycle_error", "not_delivered", false, ["a", "a"]],
  );
  assertEquals(openAsks(system), [0, 0]);
});

Deno.test("Context.ask() names the actors of a cycle of two and of four, and only those", async () => {
  for (
    const [way, expected] of [
      [["b", "a"], "a b a"],
      [["b", "c", "d", "a"], "a b c d a"],
      [["b", "c", "b"], "b c b"],
    ] as const
  ) {
    await using system = still();
    const [a] = workers(system, "a", "b", "c", "d") as [WorkerRef];
    const refs = way.map((name) => system.find(Worker, name) as WorkerRef);
    const error = await a.ask(Worker.run(round(refs))).catch((error) => error);
    assertEquals(cycleOf(error).join(" "), expected);
  }
});

Deno.test("Context.ask() in a circle fails also after an await, and the actors go on", async () => {
  await using system = still();
  const [a, b] = workers(system, "a", "b") as [WorkerRef, WorkerRef];
  const later: Job = async (ctx) => {
    await Promise.resolve();
    return await ctx.ask(a, Worker.run(() => "reached")).catch(cycleOf);
  };
  const found = await a.ask(Worker.run(async (ctx) => {
    await Promise.resolve();
    return await ctx.ask(b, Worker.run(later));
  }));
  assertEquals(found, ["a", "b", "a"]);
  assertEquals(await a.ask(Worker.run(round([b]))), "done");
});

Deno.test("two actors that ask each other at the same time form a cycle", async () => {
  await using system = still();
  const [a, b] = workers(system, "a", "b") as [WorkerRef, WorkerRef];
  const open = gate();
  const asking = (ref: WorkerRef): Job => async (ctx) => {
    await open.promise; // both are in work before one of them asks
    return await ctx.ask(ref, Worker.run(() => "answer"));
  };
  const outcomes = Promise.allSettled([
    a.ask(Worker.run(asking(b))),
    b.ask(Worker.run(asking(a))),
  ]);
  await settle(system);
  open.resolve();
  const [first, second] = await outcomes;
  // The ask that closes the circle fails; that ends the wait of the other.
  assertEquals(first, { status: "fulfilled", value: "answer" });
  assert(second.status === "rejected");
  assertEquals(cycleOf(second.reason), ["b", "a", "b"]);
});

Deno.test("three actors that wait for one another in a ring form a cycle, whoever closes it", async () => {
  for (let last = 0; last < 3; last++) {
    await using system = still();
    const ring = workers(system, "a", "b", "c");
    const opens = ring.map(() => gate());
    const outcomes = ring.map((actor, i) =>
      actor.ask(Worker.run(async (ctx) => {
        await opens[i]?.promise;
        const next = ring[(i + 1) % 3] as WorkerRef;
        return await ctx.ask(next, Worker.run(() => "answer"));
      })).catch((error) => cycleOf(error).length)
    );
    await settle(system);
    for (let i = 1; i <= 3; i++) {
      opens[(last + i) % 3]?.resolve();
      await settle(system);
    }
    const expected = ring.map((_, i) => i === last ? 4 : "answer");
    assertEquals(await Promise.all(outcomes), expected);
  }
});

Deno.test("an ask that waits in the mailbox of an actor counts when that asks back for other work", async () => {
  await using system = still();
  const [a, b] = workers(system, "a", "b") as [WorkerRef, WorkerRef];
  const open = gate();
  const busy = b.ask(Worker.run(async (ctx) => {
    await open.promise;
    return await ctx.ask(a, Worker.run(() => "answer")).catch(cycleOf);
  }));
  const asked = a.ask(Worker.run(round([b])));
  await settle(system);
  open.resolve();
  assertEquals([await busy, await asked], [["b", "a", "b"], "done"]);
});

Deno.test("an ask that its target has stashed counts too", async () => {
  await using system = still();
  const [a, b] = workers(system, "a", "b") as [WorkerRef, WorkerRef];
  let isStashed = false;
  const asked = a.ask(
    Worker.run((ctx) =>
      ctx.ask(
        b,
        Worker.run((inner) => {
          if (isStashed) return "unstashed";
          isStashed = true;
          inner.stash();
        }),
      )
    ),
  );
  await settle(system);
  const found = await b.ask(
    Worker.run((ctx) => ctx.ask(a, Worker.run(() => 1)).catch(cycleOf)),
  );
  assertEquals(found, ["b", "a", "b"]);
  await b.ask(Worker.run((ctx) => ctx.unstashAll()));
  assertEquals(await asked, "unstashed");
});

Deno.test("a wait in a circle that nothing depends on is no cycle", async () => {
  await using system = still();
  const [a, b] = workers(system, "a", "b") as [WorkerRef, WorkerRef];
  // a does not wait for its ask: it is free when b asks back.
  const { promise, resolve } = gate<unknown>();
  await a.ask(
    Worker.run((ctx) => void ctx.ask(b, Worker.run(round([a]))).then(resolve)),
  );
  assertEquals(await promise, "done");
  // Two ways to one target are no circle.
  const [c, d] = workers(system, "c", "d") as [WorkerRef, WorkerRef];
  assertEquals(
    await a.ask(
      Worker.run((ctx) =>
        Promise.all([
          ctx.ask(b, Worker.run(round([d]))),
          ctx.ask(c, Worker.run(round([d]))),
          ctx.ask(d, Worker.run(() => "done")),
        ])
      ),
    ),
    ["done", "done", "done"],
  );
});

Deno.test("an ask counts as a wait as long as the handler that began it runs, awaited or not", async () => {
  await using system = still();
  const [a, b] = workers(system, "a", "b") as [WorkerRef, WorkerRef];
  const open = gate();
  const begun = gate<unknown>();
  const first = a.ask(Worker.run(async (ctx) => {
    ctx.ask(b, Worker.run(round([a]))).catch(begun.resolve);
    await open.promise; // of the ask it knows nothing
  }));
  assertEquals(cycleOf(await begun.promise), ["a", "b", "a"]);
  open.resolve();
  await first;
  // Piped by a handler that ends, the same ask is answered.
  const piped = gate<unknown>();
  await a.ask(
    Worker.run((ctx) =>
      ctx.pipeTo(
        ctx.ask(b, Worker.run(round([a]))),
        a,
        (answer) => Worker.run(() => piped.resolve(answer)),
      )
    ),
  );
  assertEquals(await piped.promise, "done");
});

Deno.test("an ask whose asker gave up is no part of a cycle any more", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const [a, b] = workers(system, "a", "b") as [WorkerRef, WorkerRef];
  const open = gate();
  const asked = a.ask(
    Worker.run((ctx) =>
      ctx.ask(
        b,
        Worker.run(async (inner) => {
          await open.promise;
          return await inner.ask(a, Worker.run(() => "answer"));
        }),
        { timeout: 100 },
      ).catch((error) => error.code)
    ),
  );
  await clock.advance(110);
  assertEquals(await asked, "ask_timeout_error");
  const answered = record(system, "actor_failed");
  open.resolve();
  await settle(system);
  assertEquals([answered.length, openAsks(system)], [0, [0, 0]]);
});

Deno.test("Context.askAll() to the actor itself fails for each message", async () => {
  await using system = still();
  const [a] = workers(system, "a") as [WorkerRef];
  const outcomes = await a.ask(
    Worker.run((ctx) =>
      ctx.askAll(a, [Worker.run(() => 1), Worker.run(() => 2)])
    ),
  ) as PromiseSettledResult<unknown>[];
  assertEquals(
    outcomes.map((one) => one.status === "rejected" && cycleOf(one.reason)),
    [["a", "a"], ["a", "a"]],
  );
});

Deno.test("an actor that asks itself while it starts does not wait for itself", async () => {
  await using system = still();
  let found: unknown;
  const actor = system.spawn(Worker, () => ({
    ...worker(),
    async onStart(ctx: Context<typeof Worker>) {
      found = await ctx.ask(ctx.self, Worker.run(() => 1)).catch(cycleOf);
    },
  }), { name: "a" });
  await actor.started();
  assertEquals(found, ["a", "a"]);
});

Deno.test("a parent and a child that ask each other from their start hooks form a cycle", async () => {
  await using system = still();
  let found: unknown;
  const parent = system.spawn(Worker, () => ({
    ...worker(),
    async onStart(ctx: Context<typeof Worker>) {
      const child = ctx.spawn(Worker, () => ({
        ...worker(),
        async onStart(inner: Context<typeof Worker>) {
          await Promise.resolve();
          const above = inner.parent as unknown as WorkerRef;
          found = await inner.ask(above, Worker.run(() => 1)).catch(cycleOf);
        },
      }), { name: "b" });
      await ctx.ask(child, Worker.run(() => 1));
    },
  }), { name: "a" });
  await parent.started();
  assertEquals(found, ["a/b", "a", "a/b"]);
});

for (const strategy of [roundRobin(), leastMailbox()]) {
  Deno.test(`an ask through a router by ${strategy.name} that comes back to the asker is a cycle`, async () => {
    await using system = still();
    const pool = system.spawnPool(Worker, () => worker(), {
      name: "pool",
      size: 1,
      strategy,
    });
    const path = pool.routees[0]?.pid.path;
    const direct = await pool.ask(Worker.run(round([pool])))
      .catch((error) => error);
    assertEquals(cycleOf(direct), [path, path]);
    const [a] = workers(system, "a") as [WorkerRef];
    const around = await a.ask(Worker.run(round([pool, a])))
      .catch((error) => error);
    assertEquals(cycleOf(around), ["a", path, "a"]);
    assertEquals(await pool.ask(Worker.run(round([a]))), "done");
  });
}

Deno.test("an ask through a router that asks several fails as a cycle only when all of them would wait", async () => {
  const strategies = [
    broadcast(),
    scatterGatherFirst(),
    tailChopping({ interval: 10 }),
  ];
  for (const strategy of strategies) {
    await using system = still();
    const one = system.spawnPool(Worker, () => worker(), { size: 1, strategy });
    const error = await one.ask(Worker.run(round([one])))
      .catch((error) => error);
    assert(error instanceof RouteesFailedError, strategy.name);
    assertEquals(error.errors.length, 1, strategy.name);
    const [inner] = error.errors;
    const cause = inner instanceof RouteesFailedError ? inner.errors[0] : inner;
    assertEquals(cycleOf(cause).length, 2, strategy.name);
  }
  await using system = still();
  const a = system.spawn(Worker, () => worker(), { name: "a" });
  const b = system.spawn(Worker, () => worker(), { name: "b" });
  const both = system.spawnGroup(Worker, [a, b], {
    strategy: scatterGatherFirst(),
  });
  assertEquals(await a.ask(Worker.run(round([both]))), "done");
  assertEquals(openAsks(system), [0, 0]);
});

Deno.test("an ask over a simulated wire that comes back is a cycle too", async () => {
  await using system = quietSystem({
    clock: new ManualClock(),
    simulateRemote: { ...simulateRemote, codecs: () => asItIs },
  });
  const [a, b] = workers(system, "a", "b") as [WorkerRef, WorkerRef];
  const found = await a.ask(
    Worker.run(async (ctx) => {
      const inner = Worker.run((ctx) =>
        ctx.ask(a, Worker.run(() => 1)).catch(cycleOf)
      );
      return await ctx.ask(b, inner);
    }),
  );
  assertEquals(found, ["a", "b", "a"]);
});

/** Lets functions pass, which have no encoding. */
const kept: unknown[] = [];
const codec = {
  encode: (value: unknown) => new Uint8Array([kept.push(value) - 1]),
  decode: ([index = 0]: Uint8Array) => kept[index],
};
const asItIs = { input: codec, output: codec } as never;

Deno.test("a crowd that asks an actor which asks many others is answered", async () => {
  await using system = still();
  const [hub] = workers(system, "hub") as [WorkerRef];
  const open = gate();
  const many = Array.from(
    { length: 2_000 },
    () => system.spawn(Worker, () => worker()),
  );
  const fanned = hub.ask(
    Worker.run((ctx) =>
      Promise.all(
        many.map((ref) => ctx.ask(ref, Worker.run(() => open.promise))),
      )
    ),
  );
  await settle(system);
  const crowd = Array.from(
    { length: 2_000 },
    () => system.spawn(Worker, () => worker()).ask(Worker.run(round([hub]))),
  );
  await settle(system);
  open.resolve();
  assertEquals((await fanned as unknown[]).length, 2_000);
  assertEquals(new Set(await Promise.all(crowd)), new Set(["done"]));
  assertEquals(openAsks(system), [0, 0]);
});

Deno.test("a ring of 300 waits is too long to be found: the timeout ends it", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const outcomes = async (size: number) => {
    const open = gate();
    const ring = Array.from(
      { length: size },
      () => system.spawn(Worker, () => worker()),
    );
    const asked = ring.map((actor, i) =>
      actor.ask(Worker.run(async (ctx) => {
        await open.promise;
        const next = ring[(i + 1) % size] as WorkerRef;
        return await ctx.ask(next, Worker.run(() => "answer"));
      })).catch((error) => error.code)
    );
    await settle(system);
    open.resolve();
    await clock.advance(5_010);
    return new Set(await Promise.all(asked));
  };
  assertEquals(await outcomes(200), new Set(["answer", "ask_cycle_error"]));
  assertEquals(await outcomes(300), new Set(["ask_timeout_error"]));
});

Deno.test("an ask back to an actor that is stopping finds it stopped, as anybody does", async () => {
  await using system = still();
  const [a, b] = workers(system, "a", "b") as [WorkerRef, WorkerRef];
  const open = gate();
  const asked = a.ask(
    Worker.run((ctx) =>
      ctx.ask(
        b,
        Worker.run(async (inner) => {
          await open.promise;
          return await inner.ask(a, Worker.run(() => 1)).catch((e) => e.code);
        }),
      )
    ),
  );
  await settle(system);
  const stopped = system.stop(a);
  open.resolve();
  assertEquals(await asked, "stopped_error");
  await stopped;
});

Deno.test("open asks of one actor are forgotten in any order", async () => {
  const names = ["1", "2", "3"];
  for (const order of ["123", "132", "213", "231", "312", "321"]) {
    await using system = still();
    const [a] = workers(system, "a") as [WorkerRef];
    const opens = new Map(names.map((name) => [name, gate()]));
    const asked = a.ask(
      Worker.run((ctx) =>
        Promise.all(names.map((name) =>
          ctx.ask(
            system.spawn(Worker, () => worker()),
            Worker.run(() => opens.get(name)?.promise),
          )
        ))
      ),
    );
    const { open } = internalsOf(system).runtime.asks;
    const cell = internalsOf(system).find("a");
    assert(cell !== undefined);
    const count = () => {
      let count = 0;
      for (let link = cell.newestAsk; link !== undefined; link = link.next) {
        count++;
      }
      return count;
    };
    const counts: number[] = [];
    for (const name of order) {
      await settle(system);
      counts.push(count());
      opens.get(name)?.resolve();
    }
    await asked;
    assertEquals([...counts, count(), open.size], [3, 2, 1, 0, 0], order);
  }
});

Deno.test("open asks are forgotten however they end", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const [a, b, dead] = workers(system, "a", "b", "dead") as [
    WorkerRef,
    WorkerRef,
    WorkerRef,
  ];
  await system.stop(dead);
  const open = gate();
  const { signal } = new AbortController();
  const codes = a.ask(
    Worker.run((ctx) =>
      Promise.all(
        [
          ctx.ask(b, Worker.run(() => "reply")),
          ctx.ask(b, Worker.run(() => raise({ code: "thrown" }))),
          ctx.ask(dead, Worker.run(() => 1)),
          ctx.ask(a, Worker.run(() => 1)),
          ctx.ask(b, Worker.run(() => 1), { signal: AbortSignal.abort({}) }),
          ctx.ask(b, Worker.run(() => open.promise), { timeout: 10, signal }),
        ].map((asked) => asked.catch((error) => error.code)),
      )
    ),
  );
  await settle(system);
  assertEquals(openAsks(system), [2, 1]);
  await clock.advance(20);
  assertEquals(await codes, [
    "reply",
    "thrown",
    "stopped_error",
    "ask_cycle_error",
    undefined,
    "ask_timeout_error",
  ]);
  open.resolve();
  await settle(system);
  assertEquals(openAsks(system), [0, 0]);
});
