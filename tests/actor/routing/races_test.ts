import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  AskTimeoutError,
  NoRouteesError,
  oneForOne,
  RouteesFailedError,
  scatterGatherFirst,
  tailChopping,
} from "../../../actor/mod.ts";
import { seededRandom } from "../../../internal/random.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import { ManualClock, settle } from "../../../testing/mod.ts";
import { gate, quietSystem, raise, record } from "../fixtures.ts";
import { Desk, type DeskRef, desks, type Work } from "./fixtures.ts";

const resuming = oneForOne({ decide: () => "resume" });

Deno.test("scatterGatherFirst() asks all at once and answers with the first reply", async () => {
  await using system = quietSystem();
  const gates = [gate<string>(), gate<string>(), gate<string>()] as const;
  const asked: number[] = [];
  const pool = system.spawnPool(Desk, desks(), {
    size: 3,
    strategy: scatterGatherFirst(),
  });
  const reply = pool.ask(Desk.run((desk) => {
    asked.push(desk);
    return gates[(desk - 1) as 0 | 1 | 2].promise;
  }));
  await settle(system);
  assertEquals(asked, [1, 2, 3]);
  gates[1].resolve("second");
  assertEquals(await reply, "second");
  gates[0].resolve("first");
  gates[2].reject(new Error("late"));
  await settle(system);
  assertEquals(internalsOf(system).runtime.asks.size, 0);
});

Deno.test("scatterGatherFirst() does not keep the router from serving others meanwhile", async () => {
  await using system = quietSystem();
  const open = gate<string>();
  // Each desk handles one message at a time, so that what shows here is the router alone.
  const make = desks();
  const refs = [system.spawn(Desk, make), system.spawn(Desk, make)];
  const group = system.spawnGroup(Desk, refs, {
    strategy: scatterGatherFirst(),
  });
  const slow = group.ask(Desk.run(() => open.promise));
  await settle(system);
  group.add(system.spawn(Desk, make));
  assertEquals(await group.ask(Desk.serve("quick")), "3:quick");
  open.resolve("slow");
  assertEquals(await slow, "slow");
});

Deno.test("scatterGatherFirst() goes by the first good reply and fails when all have failed", async () => {
  await using system = quietSystem();
  const pool = system.spawnPool(Desk, desks(), {
    name: "desks",
    size: 3,
    strategy: scatterGatherFirst(),
    routees: { supervisor: resuming },
  });
  assertEquals(
    await pool.ask(
      Desk.run((desk) => desk === 1 ? raise(new Error("no")) : desk),
    ),
    2,
  );
  const error = await assertRejects(
    () => pool.ask(Desk.run((desk) => raise(new Error(`no ${desk}`)))),
    RouteesFailedError,
  );
  assertEquals([error.code, error.target.path, error.errors.length], [
    "routees_failed_error",
    "desks",
    3,
  ]);
});

Deno.test("scatterGatherFirst() rejects with AskTimeoutError when its time is over, naming the router", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const never = gate<string>();
  const pool = system.spawnPool(Desk, desks(), {
    name: "desks",
    size: 2,
    strategy: scatterGatherFirst({ within: 50 }),
  });
  const reply = pool.ask(Desk.run(() => never.promise), { timeout: 1_000 });
  const rejected = assertRejects(() => reply, AskTimeoutError);
  await settle(system);
  await clock.advance(70);
  const error = await rejected;
  assertEquals([error.target.path, error.timeout], ["desks", 50]);
  never.resolve("");
});

Deno.test("scatterGatherFirst() cancels the others after a reply and all when the asker gives up", async () => {
  await using system = quietSystem();
  const cancelled: string[] = [];
  const open = gate<string>();
  const wait: Work = (desk, { signal }) => {
    const ended = gate<string>();
    signal.addEventListener("abort", () => {
      cancelled.push(`${desk}`);
      ended.resolve("cancelled");
    });
    if (desk === 2) open.promise.then(ended.resolve);
    return ended.promise;
  };
  const pool = system.spawnPool(Desk, desks(), {
    size: 3,
    strategy: scatterGatherFirst(),
  });
  const reply = pool.ask(Desk.run(wait));
  await settle(system);
  open.resolve("won");
  assertEquals(await reply, "won");
  await settle(system);
  assertEquals(cancelled, ["1", "3"]);
  const controller = new AbortController();
  const given = pool.ask(
    Desk.run((desk, ctx) => desk === 2 ? gate().promise : wait(desk, ctx)),
    { signal: controller.signal },
  );
  const rejected = assertRejects(() => given, Error, "enough");
  await settle(system);
  controller.abort(new Error("enough"));
  await rejected;
  await settle(system);
  assertEquals(cancelled, ["1", "3", "1", "3"]);
  assertEquals(internalsOf(system).runtime.asks.size, 0);
  await system.drain({ timeout: 0 }); // the second one waits for ever
});

Deno.test("scatterGatherFirst() answers although listeners of those that it cancels throw, which is reported", async () => {
  await using system = quietSystem();
  const failures = record(system, "actor_failed");
  const pool = system.spawnPool(Desk, desks(), {
    size: 3,
    strategy: scatterGatherFirst(),
  });
  const open = gate<string>();
  const closed = gate<string>();
  const reply = pool.ask(Desk.run((desk, { signal }) => {
    if (desk === 2) return open.promise;
    signal.addEventListener("abort", () => raise(new Error(`desk ${desk}`)));
    return closed.promise;
  }));
  await settle(system);
  open.resolve("won");
  assertEquals(await reply, "won");
  closed.resolve("too late");
  await settle(system);
  assertEquals(
    failures.map(({ error, during, directive }) => [
      (error as Error).message,
      during,
      directive,
    ]),
    [["desk 1", "abort", undefined], ["desk 3", "abort", undefined]],
  );
  assertEquals(await pool.ask(Desk.serve("on")), "1:on");
});

Deno.test("scatterGatherFirst() gives a message without an asker to all", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const pool = system.spawnPool(Desk, desks(log), {
    size: 3,
    strategy: scatterGatherFirst(),
  });
  assertEquals(pool.tell(Desk.note("a")), true);
  await settle(system);
  assertEquals(log, ["1:a", "2:a", "3:a"]);
  pool.resizeTo(0);
  await assertRejects(() => pool.ask(Desk.serve("")), NoRouteesError);
  assertEquals(pool.tell(Desk.note("b")), false);
});

Deno.test("tailChopping() asks one after another, each once, and answers with the first reply", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock, random: seededRandom(3) });
  const asked: number[] = [];
  const replies = new Map<number, PromiseWithResolvers<string>>();
  const pool = system.spawnPool(Desk, desks(), {
    size: 3,
    strategy: tailChopping({ interval: 20 }),
  });
  const reply = pool.ask(Desk.run((desk) => {
    asked.push(desk);
    const open = gate<string>();
    replies.set(desk, open);
    return open.promise;
  }));
  await settle(system);
  assertEquals(asked.length, 1);
  await clock.advance(19);
  await settle(system);
  assertEquals(asked.length, 1);
  await clock.advance(1);
  await settle(system);
  assertEquals(asked.length, 2);
  await clock.advance(500);
  await settle(system);
  assertEquals(asked.toSorted(), [1, 2, 3]);
  replies.get(asked[1] as number)?.resolve("second asked");
  assertEquals(await reply, "second asked");
  for (const open of replies.values()) open.resolve("late");
  await settle(system);
  assertEquals(internalsOf(system).runtime.asks.size, 0);
});

Deno.test("tailChopping() goes on at once after a failure, and fails when all have failed", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const asked: number[] = [];
  const pool = system.spawnPool(Desk, desks(), {
    size: 4,
    strategy: tailChopping({ interval: 1_000 }),
    routees: { supervisor: resuming },
  });
  const reply = await pool.ask(Desk.run((desk) => {
    asked.push(desk);
    return asked.length < 3 ? raise(new Error("no")) : desk;
  }));
  assertEquals([reply, new Set(asked).size], [asked[2], 3]);
  const error = await assertRejects(
    () => pool.ask(Desk.run((desk) => raise(new Error(`no ${desk}`)))),
    RouteesFailedError,
  );
  assertEquals(error.errors.map(String).toSorted(), [
    "Error: no 1",
    "Error: no 2",
    "Error: no 3",
    "Error: no 4",
  ]);
});

Deno.test("tailChopping() asks nobody more once it is over, and leaves no timer", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const asked: number[] = [];
  const pool = system.spawnPool(Desk, desks(), {
    size: 3,
    strategy: tailChopping({ interval: 20, within: 30 }),
  });
  const never = gate<string>();
  const work = Desk.run((desk) => {
    asked.push(desk);
    return never.promise;
  });
  const rejected = assertRejects(() => pool.ask(work), AskTimeoutError);
  await settle(system);
  for (let i = 0; i < 10; i++) {
    await clock.advance(10);
    await settle(system);
  }
  assertEquals((await rejected).timeout, 30);
  const { length } = asked;
  assert(length === 2 || length === 3, `${length} were asked`);
  await clock.advance(1_000);
  await settle(system);
  assertEquals([asked.length, internalsOf(system).runtime.asks.size], [
    length,
    0,
  ]);
  never.resolve("");
});

Deno.test("tailChopping() skips an actor that has ended since, and one without an asker gets one message", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const log: string[] = [];
  const make = desks(log);
  const refs = Array.from({ length: 3 }, () => system.spawn(Desk, make));
  const group = system.spawnGroup(Desk, refs, {
    strategy: tailChopping({ interval: 20 }),
  });
  const asked: number[] = [];
  const open = gate<string>();
  const reply = group.ask(Desk.run((desk) => {
    asked.push(desk);
    return open.promise;
  }));
  await settle(system);
  for (const [index, ref] of refs.entries()) {
    if (index + 1 !== asked[0]) await system.stop(ref as DeskRef);
  }
  await clock.advance(100);
  await settle(system);
  open.resolve("the only one");
  assertEquals([await reply, asked.length], ["the only one", 1]);
  group.tell(Desk.note("a"));
  await settle(system);
  assertEquals(log, [`${asked[0]}:a`]);
  assertEquals(system.deadLetters, 0);
});

Deno.test("tailChopping() and scatterGatherFirst() refuse times that are none", () => {
  assertThrows(() => tailChopping({ interval: -1 }), RangeError, "interval");
  assertThrows(() => tailChopping({ within: NaN }), RangeError, "within");
  assertThrows(() => scatterGatherFirst({ within: -1 }), RangeError, "within");
});

Deno.test("RouteesFailedError says whether a handler saw the message", async () => {
  await using system = quietSystem();
  const make = desks();
  const spawn = () => system.spawn(Desk, make, { supervisor: resuming });
  const refs = [spawn(), spawn()];
  const group = system.spawnGroup(Desk, refs, {
    strategy: scatterGatherFirst(),
  });
  const outcome = async (work: Work) =>
    (await assertRejects(() => group.ask(Desk.run(work)), RouteesFailedError))
      .outcome;
  assertEquals(await outcome(() => raise(new Error("no"))), "done");
  const open = gate();
  for (const ref of refs) ref.tell(Desk.run(() => open.promise));
  const waiting = outcome(() => "never handled");
  await settle(system);
  const stopped = refs.map((ref) => system.stop(ref));
  open.resolve();
  await Promise.all(stopped);
  assertEquals(await waiting, "not_delivered");
});
