import { assert, assertEquals } from "@std/assert";
import { protocol, tell } from "../../../actor/mod.ts";
import { Dispatcher, TURN_MESSAGES } from "../../../actor/system/dispatcher.ts";
import type { Clock } from "../../../internal/clock.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import { settle } from "../../../testing/mod.ts";
import {
  quietSystem,
  turn,
  Worker,
  worker,
  type WorkerRef,
} from "../fixtures.ts";
import { nextTurn } from "../../../testing/turn.ts";

/** A clock that a test sets; nothing waits on it. */
class SetClock implements Clock {
  time = 0;
  now(): number {
    return this.time;
  }
  setTimer(): never {
    throw new Error("a dispatcher sets no timers");
  }
}

Deno.test("Dispatcher runs what is scheduled in a microtask, in order", async () => {
  const dispatcher = new Dispatcher(new SetClock());
  const log: string[] = [];
  for (const name of ["a", "b"]) {
    dispatcher.schedule({ run: () => void log.push(name) });
  }
  assertEquals(log, []);
  assertEquals(dispatcher.isIdle, false);
  await null;
  assertEquals(log, ["a", "b"]);
  assertEquals(dispatcher.isIdle, true);
  await turn();
});

Deno.test("Dispatcher lets the event loop turn when a millisecond has passed", async () => {
  const clock = new SetClock();
  const dispatcher = new Dispatcher(clock);
  const log: string[] = [];
  let left = 10;
  const busy = {
    run() {
      log.push("run");
      clock.time += 0.5;
      dispatcher.spend();
      if (--left > 0) dispatcher.schedule(busy);
    },
  };
  dispatcher.schedule(busy);
  while (left > 0) {
    await turn();
    log.push("turn");
  }
  // Two of half a millisecond make a burst; the burst of the microtask and the first of the loop may
  // both come before the first look of this test. Turns without a run are those in which the platform
  // looks at its sockets.
  const bursts = log.join("").split("turn").map((runs) => runs.length / 3);
  assertEquals(bursts.filter((runs) => runs > 0), [4, 2, 2, 2]);
});

Deno.test("Dispatcher lets the event loop turn with a clock that stands still", async () => {
  const dispatcher = new Dispatcher(new SetClock());
  let runs = 0;
  let isOver = false;
  const busy = {
    run() {
      runs++;
      dispatcher.spend();
      if (!isOver) dispatcher.schedule(busy);
    },
  };
  dispatcher.schedule(busy);
  await turn();
  assert(runs > 0 && runs < 40_000, `${runs}`);
  const before = runs;
  await turn();
  assert(runs > before, "it goes on after the turn");
  isOver = true;
  await turn();
  await turn();
  assertEquals(dispatcher.isIdle, true);
});

Deno.test("Dispatcher.spend() ends a turn after 0.2 ms, so a long handler ends its turn", async () => {
  const clock = new SetClock();
  const dispatcher = new Dispatcher(clock);
  const ends: boolean[] = [];
  dispatcher.schedule({
    run() {
      for (let i = 0; i < 4; i++) {
        clock.time += 0.07;
        ends.push(dispatcher.spend());
      }
    },
  });
  await null;
  assertEquals(ends, [false, false, true, true]);
  await turn();
});

const Flood = protocol("flood", { drop: tell() });

Deno.test("an actor with a flooded mailbox lets others run every 64 messages", async () => {
  await using system = quietSystem({
    clock: { now: () => 0, setTimer: () => ({ cancel() {} }) },
  });
  const order: string[] = [];
  const flooded = system.spawn(Flood, () => ({
    drop: () => void order.push("f"),
  }));
  const other = system.spawn(Flood, () => ({
    drop: () => void order.push("o"),
  }));
  await settle(system);
  for (let i = 0; i < 1_000; i++) flooded.tell(Flood.drop());
  other.tell(Flood.drop());
  await settle(system);
  assertEquals(order.indexOf("o"), TURN_MESSAGES);
  assertEquals(order.length, 1_001);
});

Deno.test("an actor that floods itself does not keep others from running", async () => {
  await using system = quietSystem();
  let isOver = false;
  const flooding = system.spawn(Worker, () => worker());
  const again = Worker.run((ctx) => {
    if (!isOver) ctx.self.tell(again);
  });
  flooding.tell(again);
  const log: string[] = [];
  const others = Array.from(
    { length: 10 },
    () => system.spawn(Worker, () => worker(log)),
  );
  for (const other of others) await other.ask(Worker.note("x"));
  assertEquals(log.length, 10);
  isOver = true;
});

/** Two workers that throw a ball to each other until told to stop. */
function volley(
  system: ReturnType<typeof quietSystem>,
  isAsync: boolean,
): { stop(): void; readonly hits: number } {
  const Ball = protocol("ball", { hit: tell() });
  let isOver = false;
  let hits = 0;
  const create = () => ({
    hit: isAsync
      ? async (
        _: void,
        ctx: { sender: unknown; tell: (...a: never[]) => boolean },
      ) => {
        hits++;
        await null;
        if (!isOver) ctx.tell(ctx.sender as never, Ball.hit() as never);
      }
      : (
        _: void,
        ctx: { sender: unknown; tell: (...a: never[]) => boolean },
      ) => {
        hits++;
        if (!isOver) ctx.tell(ctx.sender as never, Ball.hit() as never);
      },
  });
  const one = system.spawn(Ball, create);
  system.spawn(Ball, () => ({
    ...create(),
    onStart: (ctx) => void ctx.tell(one, Ball.hit()),
  }));
  return {
    stop: () => {
      isOver = true;
    },
    get hits() {
      return hits;
    },
  };
}

for (const isAsync of [false, true]) {
  const handlers = isAsync ? "asynchronous" : "synchronous";

  Deno.test(`timers get their turn while two actors with ${handlers} handlers volley`, async () => {
    await using system = quietSystem();
    const game = volley(system, isAsync);
    // A timer of the platform is what has to get its turn here; its time does not matter.
    for (let i = 0; i < 5; i++) {
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
    }
    const { hits } = game;
    await nextTurn(1);
    assert(game.hits > hits, "the actors still play");
    game.stop();
  });

  Deno.test(`sockets get their turn while two actors with ${handlers} handlers volley`, async () => {
    await using system = quietSystem();
    const game = volley(system, isAsync);
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepted = listener.accept();
    using client = await Deno.connect({
      hostname: "127.0.0.1",
      port: listener.addr.port,
    });
    using server = await accepted;
    const buffer = new Uint8Array(1);
    const { dispatcher } = internalsOf(system).runtime;
    const passed: number[] = [];
    for (let round = 0; round < 31; round++) {
      const before = dispatcher.bursts;
      const read = server.read(buffer); // before there is anything to read
      await client.write(buffer);
      await read;
      passed.push(dispatcher.bursts - before);
    }
    assert(game.hits > 0);
    game.stop();
    // Every fourth burst looks at sockets; left to itself the platform would after about sixty bursts.
    assert(
      passed.every((bursts) => bursts <= 8),
      `so many bursts passed before a message was read: ${passed}`,
    );
  });
}

Deno.test("a program that asks in an endless loop lets timers run", async () => {
  await using system = quietSystem();
  const actor: WorkerRef = system.spawn(Worker, () => worker());
  let isOver = false;
  const timer = setTimeout(() => isOver = true, 1); // the platform's own, as above
  let asks = 0;
  while (!isOver) {
    await actor.ask(Worker.run(() => 1));
    asks++;
  }
  clearTimeout(timer);
  assert(asks > 0);
});

Deno.test("starting many actors lets timers run", async () => {
  await using system = quietSystem();
  let started = 0;
  for (let i = 0; i < 50_000; i++) {
    system.spawn(Worker, () => {
      started++;
      return worker();
    });
  }
  await turn();
  assert(started > 0 && started < 50_000, `${started} started in one turn`);
  await settle(system);
  assertEquals(started, 50_000);
});
