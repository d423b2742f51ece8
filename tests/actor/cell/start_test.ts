import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { StartError } from "../../../actor/mod.ts";
import { ManualClock } from "../../../testing/mod.ts";
import { quietSystem, Worker, worker } from "../fixtures.ts";

Deno.test("an onStart that throws is tried five times, each time on a fresh instance", async () => {
  await using system = quietSystem();
  const instances: object[] = [];
  const actor = system.spawn(Worker, () => {
    const instance = {
      ...worker(),
      onStart() {
        instances.push(instance);
        throw new Error(`try ${instances.length}`);
      },
    };
    return instance;
  });
  const error = await assertRejects(() => actor.started(), StartError);
  assertEquals((error.cause as Error).message, "try 5");
  assertEquals(new Set(instances).size, 5);
});

Deno.test("an onStart that throws at first and then does not starts the actor once", async () => {
  await using system = quietSystem();
  let tries = 0;
  let started = 0;
  const stop = system.events.subscribe({ types: ["actor_started"] });
  const actor = system.spawn(Worker, () => ({
    ...worker(),
    onStart() {
      if (++tries < 3) throw new Error("not yet");
    },
  }));
  await actor.ask(Worker.run(() => started++));
  stop.unsubscribe();
  let events = 0;
  for await (const _ of stop) events++;
  assertEquals([tries, started, events], [3, 1, 1]);
});

Deno.test("a start is not tried again when its time is over", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const tries: PromiseWithResolvers<void>[] = [];
  const actor = system.spawn(Worker, () => ({
    ...worker(),
    onStart() {
      const start = Promise.withResolvers<void>();
      tries.push(start);
      return start.promise;
    },
  }), { start: { within: 100 } });
  await clock.settle();
  tries[0]?.reject(new Error("first"));
  await clock.settle();
  await clock.advance(100);
  tries[1]?.reject(new Error("late"));
  await assertRejects(() => actor.started(), StartError);
  assertEquals(tries.length, 2);
});

Deno.test("the children of a try that failed end before the next try begins", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  let tries = 0;
  const actor = system.spawn(Worker, () => ({
    ...worker(),
    onStart(ctx) {
      log.push(`try ${++tries}, ${ctx.children.length} children`);
      ctx.spawn(
        Worker,
        () => ({ ...worker(), onStop: () => void log.push("child ends") }),
      );
      if (tries < 2) throw new Error("no");
    },
  }));
  await actor.started();
  assertEquals(log, ["try 1, 0 children", "child ends", "try 2, 0 children"]);
});

Deno.test("a factory that throws is not tried again", async () => {
  await using system = quietSystem();
  let tries = 0;
  const actor = system.spawn(Worker, () => {
    tries++;
    throw new Error("no");
  });
  await assertRejects(() => actor.started(), StartError);
  assertEquals(tries, 1);
});

Deno.test("a stop between two tries ends the actor without another try", async () => {
  await using system = quietSystem();
  let tries = 0;
  const actor = system.spawn(Worker, () => ({
    ...worker(),
    onStart(ctx) {
      tries++;
      if (tries === 2) ctx.stop();
      throw new Error("no");
    },
  }));
  await assertRejects(() => actor.started());
  assertEquals(tries, 2);
});

Deno.test("spawn() refuses a start without a try", async () => {
  await using system = quietSystem();
  const error = assertThrows(
    () => system.spawn(Worker, () => worker(), { start: { tries: 0 } }),
    RangeError,
  );
  assert(error.message.includes("tries: 0"));
});
