import { assertEquals } from "@std/assert";
import { type Logger, oneForOne } from "../../../actor/mod.ts";
import { EventBus } from "../../../actor/events/event_stream.ts";
import { EventLogger } from "../../../actor/logging/logger.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import { ManualClock, settle } from "../../../testing/mod.ts";
import { quietSystem, raise, record, Worker, worker } from "../fixtures.ts";

function listing(): { lines: unknown[][]; logger: Logger } {
  const lines: unknown[][] = [];
  return {
    lines,
    logger: {
      warn: (...line) => void lines.push(["warn", ...line]),
      error: (...line) => void lines.push(["error", ...line]),
    },
  };
}

Deno.test("the logger gets failures with actor, message, directive and error", async () => {
  const { lines, logger } = listing();
  await using system = quietSystem({ logger });
  const error = new RangeError("no");
  const actor = system.spawn(Worker, () => worker(), { name: "a" });
  actor.tell(Worker.run(() => raise(error)));
  actor.tell(Worker.run((ctx) => {
    void ctx.stop();
    throw error;
  }));
  await settle(system);
  assertEquals(lines, [
    [
      "error",
      '"goakt://test@:0/a" failed in "worker.run" (directive "restart"): RangeError: no',
      error,
    ],
    [
      "error",
      '"goakt://test@:0/a" failed in "worker.run" (it is stopping): RangeError: no',
      error,
    ],
  ]);
});

Deno.test("the logger gets warnings with what led to them", async () => {
  const { lines, logger } = listing();
  await using system = quietSystem({ logger });
  const fault = new Error("policy");
  const actor = system.spawn(Worker, () => worker(), {
    name: "a",
    supervisor: oneForOne({ decide: () => raise(fault) }),
  });
  actor.tell(Worker.run(() => raise(1)));
  await settle(system);
  assertEquals(lines[0], [
    "warn",
    'the supervisor of "goakt://test@:0/a" failed, the actor is stopped',
    fault,
  ]);
});

Deno.test("the logger gets at most ten dead letters in ten seconds, and the number of the rest", async () => {
  const { lines, logger } = listing();
  const clock = new ManualClock();
  const system = quietSystem({ logger, clock });
  const actor = system.spawn(Worker, () => worker(), { name: "a" });
  await system.stop(actor);
  const lose = (times: number) => {
    for (let i = 0; i < times; i++) actor.tell(Worker.note("x"));
  };
  lose(25);
  assertEquals(lines.length, 10);
  assertEquals(lines[0], [
    "warn",
    'dead letter "worker.note" to "goakt://test@:0/a": stopped',
  ]);
  await clock.advance(9_999);
  lose(1);
  assertEquals(lines.length, 10);
  await clock.advance(1);
  lose(1);
  assertEquals(lines.slice(10), [
    ["warn", '16 more dead letters: 16 stopped at "a"'],
    lines[0],
  ]);
  lose(12);
  await system.drain();
  assertEquals(lines.at(-1), [
    "warn",
    '3 more dead letters: 3 stopped at "a"',
  ]);
  assertEquals(clock.pending, 0);
});

Deno.test("the logger sums up a storm of dead letters that has ended, by receiver and reason", async () => {
  const { lines, logger } = listing();
  const clock = new ManualClock();
  await using system = quietSystem({ logger, clock });
  const actors = ["a", "b", "c", "d"].map((name) =>
    system.spawn(Worker, () => worker(), { name })
  );
  for (const actor of actors) await system.stop(actor);
  for (const [at, actor] of actors.entries()) {
    for (let i = 0; i < 10 + at; i++) actor.tell(Worker.note("x"));
  }
  await clock.advance(9_999);
  assertEquals(lines.length, 10);
  await clock.advance(1);
  assertEquals(lines.slice(10), [[
    "warn",
    '36 more dead letters: 13 stopped at "d", 12 stopped at "c", 11 stopped at "b"',
  ]]);
  for (let i = 0; i < 11; i++) actors[0]?.tell(Worker.note("x"));
  await clock.advance(10_000);
  assertEquals(lines.at(-1), ["warn", '1 more dead letter: 1 stopped at "a"']);
  assertEquals(clock.pending, 0);
});

Deno.test("the logger holds little of a storm of dead letters at very many receivers", async () => {
  const { lines, logger } = listing();
  const clock = new ManualClock();
  await using system = quietSystem({ logger, clock });
  for (let i = 0; i < 300; i++) {
    const actor = system.spawn(Worker, () => worker(), { name: `a${i}` });
    await system.stop(actor);
    actor.tell(Worker.note("x"));
  }
  await clock.advance(10_000);
  assertEquals(
    lines.at(-1)?.[1],
    '290 more dead letters: 190 elsewhere, 1 stopped at "a10", 1 stopped at "a11", and others',
  );
});

Deno.test("the logger gets at most 100 failures and 100 warnings in ten seconds, and the number of the rest", async () => {
  const { lines, logger } = listing();
  const clock = new ManualClock();
  const system = quietSystem({ logger, clock });
  const fault = new Error("policy");
  const often = system.spawn(Worker, () => worker(), {
    name: "often",
    supervisor: oneForOne({ decide: () => "resume" }),
  });
  for (let i = 0; i < 130; i++) often.tell(Worker.run(() => raise("no")));
  await settle(system);
  const texts = () => lines.splice(0).map(([level, text]) => [level, text]);
  const failure =
    '"goakt://test@:0/often" failed in "worker.run" (directive "resume"): no';
  assertEquals(texts(), Array.from({ length: 100 }, () => ["error", failure]));
  const { events } = internalsOf(system).runtime;
  for (let i = 0; i < 103; i++) {
    events.publish({ type: "warning", text: `of ${i % 2}`, cause: fault });
  }
  assertEquals(texts().length, 100);
  await clock.advance(10_000);
  assertEquals(texts(), [
    ["error", '30 more failures: 30 in "worker.run" of "often"'],
    ["warn", "3 more warnings: 2 of 0, 1 of 1"],
  ]);
  often.tell(Worker.run(() => raise("no")));
  await settle(system);
  assertEquals(texts(), [["error", failure]]);
  await system.drain();
  assertEquals(clock.pending, 0);
});

Deno.test("the logger lets the program end while a summary is due", async () => {
  const clock = new ManualClock();
  let unrefs = 0;
  const { lines, logger } = listing();
  await using system = quietSystem({
    logger,
    clock: {
      now: () => clock.now(),
      setTimer: (delay, run) => ({
        ...clock.setTimer(delay, run),
        unref: () => void unrefs++,
      }),
    },
  });
  const actor = system.spawn(Worker, () => worker(), { name: "a" });
  await system.stop(actor);
  for (let i = 0; i < 12; i++) actor.tell(Worker.note("x"));
  assertEquals([lines.length, unrefs], [10, 1]);
});

Deno.test("the logger says that a stop is due to a restart budget that is used up", async () => {
  const { lines, logger } = listing();
  await using system = quietSystem({ logger });
  const failures = record(system, "actor_failed");
  for (const maxRestarts of [2, 0]) {
    const actor = system.spawn(Worker, () => worker(), {
      name: `a${maxRestarts}`,
      supervisor: oneForOne({ maxRestarts, within: 500 }),
    });
    for (let i = 0; i <= maxRestarts; i++) {
      actor.tell(Worker.run(() => raise("no")));
    }
    await settle(system);
  }
  assertEquals(lines.map(([, text]) => text), [
    '"goakt://test@:0/a2" failed in "worker.run" (directive "restart"): no',
    '"goakt://test@:0/a2" failed in "worker.run" (directive "restart"): no',
    '"goakt://test@:0/a2" failed in "worker.run" (directive "stop", since 2 restarts within 500 ms are used up): no',
    '"goakt://test@:0/a0" failed in "worker.run" (directive "stop", since no restart is allowed): no',
  ]);
  assertEquals(failures.map(({ exhausted }) => exhausted), [
    undefined,
    undefined,
    { maxRestarts: 2, within: 500 },
    { maxRestarts: 0, within: 500 },
  ]);
});

for (
  const [how, fail] of [
    ["throws", () => raise(new Error("full disk"))],
    ["rejects", () => Promise.reject(new Error("full disk"))],
  ] as const
) {
  Deno.test(`a logger that ${how} keeps neither failures, dead letters nor the end from going on`, async () => {
    const system = quietSystem({ logger: { warn: fail, error: fail } });
    const actor = system.spawn(Worker, () => worker());
    actor.tell(Worker.run(() => raise(new Error("no"))));
    assertEquals(await actor.ask(Worker.run(() => 1)), 1);
    await system.stop(actor);
    for (let i = 0; i < 20; i++) actor.tell(Worker.note("x"));
    await system.drain();
    assertEquals(system.deadLetters, 20);
  });
}

Deno.test("EventLogger.close() ends the writing", () => {
  const { lines, logger } = listing();
  const bus = new EventBus();
  const log = new EventLogger(logger, bus, new ManualClock());
  bus.publish({ type: "warning", text: "1" });
  log.close();
  bus.publish({ type: "warning", text: "2" });
  assertEquals(lines, [["warn", "1", undefined]]);
});

Deno.test("the logger says who sent a dead letter, and what led to it", async () => {
  const { lines, logger } = listing();
  await using system = quietSystem({ logger });
  const actor = system.spawn(Worker, () => raise(new Error("no")), {
    name: "a",
  });
  const sender = system.spawn(Worker, () => worker(), { name: "s" });
  await actor.started().catch(() => {});
  await sender.ask(Worker.run((ctx) => ctx.tell(actor, Worker.note("x"))));
  assertEquals(
    lines.at(-1)?.[1],
    'dead letter "worker.note" from "goakt://test@:0/s" to "goakt://test@:0/a": not_started (StartError: Cannot start "goakt://test@:0/a": Error: no)',
  );
});

Deno.test("a logger that throws or sends messages harms nothing", async () => {
  let calls = 0;
  await using system = quietSystem({
    logger: {
      warn() {
        calls++;
        actor.tell(Worker.note("again"));
      },
      error() {
        calls++;
        throw new Error("full disk");
      },
    },
  });
  const actor = system.spawn(Worker, () => worker(), {
    supervisor: oneForOne({ decide: () => "stop" }),
  });
  actor.tell(Worker.run(() => raise(new Error("no"))));
  await settle(system);
  actor.tell(Worker.note("first"));
  assertEquals(calls, 11);
  assertEquals(system.deadLetters, 11);
});
