import { assert, assertEquals } from "@std/assert";
import {
  boundedMailbox,
  broadcast,
  kind,
  type KindMetrics,
  type KindSnapshot,
  MemoryMetrics,
  type Metrics,
  oneForOne,
  protocol,
  tell,
} from "../../../actor/mod.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import { LatencyHistogram } from "../../../actor/metrics/histogram.ts";
import { ManualClock, settle } from "../../../testing/mod.ts";
import {
  gate,
  quietSystem,
  raise,
  record,
  turn,
  Worker,
  worker,
} from "../fixtures.ts";

/** The figures of workers, without those of their handlers. */
function figures(metrics: MemoryMetrics): Omit<KindSnapshot, "handler"> {
  const { handler: _, ...rest } = metrics.snapshot().get("worker") ??
    raise(new Error("no workers were counted"));
  return rest;
}

Deno.test("metrics count spawned, living and stopped actors, messages, failures and restarts", async () => {
  const metrics = new MemoryMetrics();
  await using system = quietSystem({ metrics });
  const one = system.spawn(Worker, () => worker());
  const two = system.spawn(Worker, () => worker());
  for (const actor of [one, two]) {
    actor.tell(Worker.note("x"));
    await actor.ask(Worker.run(() => Promise.resolve(1)));
  }
  await one.ask(Worker.run(() => raise(new Error("no")))).catch(() => {});
  await one.ask(Worker.run(() => Promise.reject(new Error("no")))).catch(
    () => {},
  );
  await system.stop(two);
  await settle(system);
  assertEquals(figures(metrics), {
    live: 1,
    spawned: 2,
    stopped: 1,
    restarts: 2,
    failed: 2,
    processed: 6,
    waiting: 0,
    deadLetters: {},
    lateReplies: 0,
  });
});

Deno.test("metrics count dead letters by reason and do not count them as handled", async () => {
  const metrics = new MemoryMetrics();
  await using system = quietSystem({ metrics });
  const { promise, resolve } = gate();
  const actor = system.spawn(
    Worker,
    () => ({ run: worker().run, receive: () => {} }),
    { mailbox: boundedMailbox(2) },
  );
  actor.tell(Worker.run(() => promise));
  await turn();
  for (let i = 0; i < 5; i++) actor.tell(Worker.note("x"));
  assertEquals(figures(metrics).waiting, 2);
  const stopped = system.stop(actor);
  resolve();
  await stopped;
  actor.tell(Worker.note("late"));
  const { processed, waiting, deadLetters } = figures(metrics);
  assertEquals([processed, waiting, deadLetters], [1, 0, {
    "mailbox_full": 3,
    stopped: 3,
  }]);
});

Deno.test("an ask takes the first reply, and metrics count the later ones", async () => {
  const clock = new ManualClock();
  const metrics = new MemoryMetrics();
  await using system = quietSystem({ metrics, clock });
  const late = gate();
  const answers: unknown[] = ["first", late.promise, late.promise];
  const group = system.spawnPool(Worker, () => ({
    run: () => answers.shift(),
    note: () => {},
  }), { size: 3, strategy: broadcast() });
  const job = Worker.run(() => {});
  assertEquals(await group.ask(job), "first");
  await settle(system);
  assertEquals(figures(metrics).lateReplies, 0);
  late.resolve();
  await settle(system);
  assertEquals(figures(metrics).lateReplies, 2);

  const { promise, resolve } = gate();
  const slow = system.spawn(Worker, () => worker());
  const given = slow.ask(Worker.run(() => promise), { timeout: 100 })
    .catch(({ code }) => code);
  await clock.advance(120);
  assertEquals([await given, figures(metrics).lateReplies], [
    "ask_timeout_error",
    2,
  ]);
  resolve();
  await settle(system);
  assertEquals(figures(metrics).lateReplies, 3);
});

Deno.test("metrics count a message that was stashed once, when it is handled", async () => {
  const metrics = new MemoryMetrics();
  await using system = quietSystem({ metrics });
  const actor = system.spawn(Worker, () => worker());
  let isFirst = true;
  actor.tell(Worker.run((ctx) => {
    if (isFirst) ctx.stash();
    isFirst = false;
  }));
  await settle(system);
  assertEquals(figures(metrics).processed, 0);
  await actor.ask(Worker.run((ctx) => ctx.unstashAll()));
  await settle(system);
  assertEquals(figures(metrics).processed, 2);
});

Deno.test("metrics leave out the message that was stashed after an await, not another one in work", async () => {
  for (const isReentrant of [false, true]) {
    const metrics = new MemoryMetrics();
    const clock = new ManualClock();
    await using system = quietSystem({ metrics, clock });
    const actor = system.spawn(
      Worker,
      () => worker(),
      isReentrant ? { reentrancy: { mode: "all" } } : {},
    );
    const opens = [gate(), gate()];
    let isFirst = true;
    const stashed = actor.ask(Worker.run(async (ctx) => {
      await opens[0]?.promise;
      if (isFirst) ctx.stash();
      isFirst = false;
      return "done";
    }));
    const other = actor.ask(Worker.run(() => opens[1]?.promise));
    await clock.advance(10);
    opens[0]?.resolve();
    await settle(system);
    assertEquals(figures(metrics).processed, 0);
    await clock.advance(20);
    opens[1]?.resolve();
    await other;
    assertEquals(figures(metrics).processed, 1);
    assertEquals(
      metrics.snapshot().get("worker")?.handler.sum,
      isReentrant ? 30 : 20,
    );
    await actor.ask(Worker.run((ctx) => ctx.unstashAll()));
    assertEquals([await stashed, figures(metrics).processed], ["done", 3]);
  }
});

Deno.test("metrics know how many messages wait, whatever the mailbox", async () => {
  for (const mailbox of [undefined, boundedMailbox(10)]) {
    const metrics = new MemoryMetrics();
    await using system = quietSystem({ metrics });
    const { promise, resolve } = gate();
    const actor = system.spawn(Worker, () => worker(), {
      ...(mailbox === undefined ? {} : { mailbox }),
    });
    actor.tell(Worker.run(() => promise));
    await turn();
    for (let i = 0; i < 3; i++) actor.tell(Worker.note("x"));
    assertEquals(figures(metrics).waiting, 3);
    resolve();
    await settle(system);
    assertEquals(figures(metrics).waiting, 0);
  }
});

Deno.test("metrics time a handler to the end of its promise, on the clock of the system", async () => {
  const metrics = new MemoryMetrics();
  const clock = new ManualClock();
  await using system = quietSystem({ metrics, clock });
  const actor = system.spawn(Worker, () => worker());
  for (const duration of [5, 20]) {
    const { promise, resolve } = gate();
    const asked = actor.ask(Worker.run(() => promise));
    await turn();
    await clock.advance(duration);
    resolve();
    await asked;
  }
  actor.tell(Worker.note("x"));
  await settle(system);
  const { handler } = metrics.snapshot().get("worker") as KindSnapshot;
  assertEquals(
    [handler.count, handler.sum, handler.min, handler.max],
    [3, 25, 0, 20],
  );
});

Deno.test("metrics go by the name of the kind, else by that of the protocol, also after the end", async () => {
  const Till = protocol("till", { pay: tell() });
  const metrics = new MemoryMetrics();
  await using system = quietSystem({ metrics });
  const TillKind = kind(Till, () => ({ pay: () => {} }), { name: "express" });
  const express = system.spawn(TillKind);
  const plain = system.spawn(Till, () => ({ pay: () => {} }));
  await express.ask(Till.pay());
  await plain.ask(Till.pay());
  await system.stop(express);
  express.tell(Till.pay());
  const fresh = await system.respawn(system.spawn(TillKind));
  await fresh.ask(Till.pay());
  const snapshot = metrics.snapshot();
  assertEquals([...snapshot.keys()], ["express", "till"]);
  assertEquals(snapshot.get("express")?.deadLetters, { stopped: 1 });
  assertEquals(snapshot.get("express")?.processed, 2);
  assertEquals(snapshot.get("till")?.processed, 1);
});

Deno.test("metrics and actors agree after failures, stops and floods: sent = handled + dead letters", async () => {
  const metrics = new MemoryMetrics();
  await using system = quietSystem({ metrics });
  let sent = 0;
  let random = 11;
  const next = () => random = (random * 48_271) % 2_147_483_647;
  const spawn = () =>
    system.spawn(Worker, () => worker(), {
      mailbox: boundedMailbox(20),
      supervisor: oneForOne({ maxRestarts: 5 }),
    });
  const actors = Array.from({ length: 10 }, spawn);
  for (let step = 0; step < 5_000; step++) {
    const at = next() % actors.length;
    const actor = actors[at] ?? spawn();
    const dice = next() % 1_000;
    if (dice < 5) {
      void system.stop(actor);
      actors[at] = spawn();
    } else {
      sent++;
      actor.tell(
        dice < 100
          ? Worker.run(() => raise(new Error("no")))
          : dice < 300
          ? Worker.run(() => Promise.resolve())
          : Worker.note("x"),
      );
    }
    if (dice > 990) await turn();
  }
  await settle(system);
  const { processed, deadLetters, waiting } = figures(metrics);
  const lost = Object.values(deadLetters).reduce((sum, n) => sum + n, 0);
  assert(lost > 0 && processed > 0);
  assertEquals([processed + lost, waiting], [sent, 0]);
  assertEquals(lost, system.deadLetters);
  await system.drain();
  assertEquals(figures(metrics).live, 0);
});

/** Metrics of which everything throws. */
const BROKEN: KindMetrics = {
  spawned: fail,
  stopped: fail,
  restarted: fail,
  failed: fail,
  processed: fail,
  deadLetter: fail,
  lateReply: fail,
  waiting: fail,
};

function fail(): never {
  throw new Error("scrape failed");
}

for (
  const [what, metrics] of [
    ["cannot give what figures go to", { forKind: fail }],
    ["throw at each figure", { forKind: () => BROKEN }],
    ["reject at each figure", {
      forKind: () => ({
        ...BROKEN,
        processed: () => Promise.reject(new Error("no")),
        spawned: () => {},
      }),
    }],
  ] satisfies [string, Metrics][]
) {
  Deno.test(`metrics that ${what} reach no user code and are reported once`, async () => {
    const system = quietSystem({ metrics });
    const warnings = record(system, "warning");
    const actor = system.spawn(Worker, () => worker());
    assertEquals(await actor.ask(Worker.run(() => 1)), 1);
    assertEquals(await actor.ask(Worker.run(() => Promise.resolve(2))), 2);
    actor.tell(Worker.run(() => raise(new Error("no"))));
    assertEquals(await actor.ask(Worker.run(() => 3)), 3);
    await system.stop(actor);
    assertEquals(actor.tell(Worker.note("late")), false);
    await system.drain();
    assertEquals(warnings.map(({ text }) => text), [
      "the metrics failed; this and what they miss from now on is not reported again",
    ]);
  });
}

Deno.test("a system without metrics keeps nothing for them in its actors", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Worker, () => worker(), { name: "a" });
  await actor.ask(Worker.run(() => 1));
  assertEquals(internalsOf(system).runtime.meters, undefined);
  assertEquals(internalsOf(system).find("a")?.hasRare, false);
});

Deno.test("LatencyHistogram tells quantiles within 19 %, and sum and extremes exactly", () => {
  const histogram = new LatencyHistogram();
  for (let i = 1; i <= 1_000; i++) histogram.record(i / 10);
  const { count, sum, min, max, p50, p90, p99, buckets } = histogram
    .snapshot();
  assertEquals([count, Math.round(sum), min, max], [1_000, 50_050, 0.1, 100]);
  for (const [found, exact] of [[p50, 50], [p90, 90], [p99, 99]] as const) {
    assert(found >= exact && found <= exact * 1.19, `${found} for ${exact}`);
  }
  assertEquals(buckets.reduce((sum, { count }) => sum + count, 0), 1_000);
  assertEquals(
    buckets.map(({ upTo }) => upTo),
    buckets.map(({ upTo }) => upTo).toSorted((a, b) => a - b),
  );
});

Deno.test("LatencyHistogram takes nothing, nothing at all and very long", () => {
  const empty = new LatencyHistogram().snapshot();
  assertEquals(empty, {
    count: 0,
    sum: 0,
    min: 0,
    max: 0,
    p50: 0,
    p90: 0,
    p99: 0,
    buckets: [],
  });
  const histogram = new LatencyHistogram();
  histogram.record(0);
  histogram.record(1e9);
  assertEquals(histogram.snapshot().buckets, [
    { upTo: 0.001, count: 1 },
    { upTo: Infinity, count: 1 },
  ]);
  assertEquals(histogram.snapshot().p99, 1e9);
});
