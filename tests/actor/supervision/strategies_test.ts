import { assertEquals, assertThrows } from "@std/assert";
import {
  type ActorRef,
  type ActorSystem,
  oneForAll,
  oneForOne,
  restForOne,
  type Supervisor,
} from "../../../actor/mod.ts";
import { backoffDelay } from "../../../actor/supervision/backoff.ts";
import { ManualClock } from "../../../testing/mod.ts";
import { quietSystem, Worker, worker } from "../fixtures.ts";

type Ref = ActorRef<typeof Worker>;

function fail(): void {
  throw new Error("fails");
}

/** Spawns a, b and c below one parent; each notes its starts and stops. */
async function family(
  system: ActorSystem,
  log: string[],
  supervisor: Supervisor,
): Promise<Ref[]> {
  const children: Ref[] = [];
  const parent = system.spawn(Worker, () => ({
    ...worker(),
    onStart(ctx) {
      for (const name of ["a", "b", "c"]) {
        children.push(ctx.spawn(Worker, () => ({
          ...worker(),
          onStart: () => void log.push(`${name} starts`),
          onStop: () => void log.push(`${name} stops`),
        }), { name, supervisor }));
      }
    },
  }));
  await parent.started();
  await Promise.all(children.map((child) => child.started()));
  log.length = 0;
  return children;
}

async function settled(children: readonly Ref[]): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await Promise.allSettled(
      children.map((child) => child.ask(Worker.run(() => {}))),
    );
  }
}

Deno.test("oneForAll() restarts all children of the parent when one fails", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const children = await family(system, log, oneForAll());
  children[1]?.tell(Worker.run(fail));
  await settled(children);
  assertEquals(log.toSorted(), [
    "a starts",
    "a stops",
    "b starts",
    "b stops",
    "c starts",
    "c stops",
  ]);
});

Deno.test("restForOne() restarts the failed child and those spawned after it", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const children = await family(system, log, restForOne());
  children[1]?.tell(Worker.run(fail));
  await settled(children);
  assertEquals(log.toSorted(), ["b starts", "b stops", "c starts", "c stops"]);
});

Deno.test("oneForOne() leaves the siblings alone", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const children = await family(system, log, oneForOne());
  children[1]?.tell(Worker.run(fail));
  await settled(children);
  assertEquals(log, ["b stops", "b starts"]);
});

Deno.test("oneForAll() stops all children when the directive is a stop", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const children = await family(
    system,
    log,
    oneForAll({ decide: () => "stop" }),
  );
  using ends = system.events.subscribe({ types: ["actor_stopped"] });
  children[2]?.tell(Worker.run(fail));
  for (const _ of children) await ends.next();
  assertEquals(log.toSorted(), ["a stops", "b stops", "c stops"]);
});

Deno.test("oneForAll() concerns top-level actors too", async () => {
  await using system = quietSystem();
  let starts = 0;
  const spawn = () =>
    system.spawn(
      Worker,
      () => ({ ...worker(), onStart: () => void starts++ }),
      {
        supervisor: oneForAll(),
      },
    );
  const actors = [spawn(), spawn()];
  await Promise.all(actors.map((actor) => actor.started()));
  actors[0]?.tell(Worker.run(fail));
  await settled(actors);
  assertEquals(starts, 4);
});

Deno.test("oneForAll() lets a sibling finish the message that it is handling", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const children = await family(system, log, oneForAll());
  const { promise, resolve } = Promise.withResolvers<void>();
  const busy = children[0]?.ask(Worker.run(() => promise.then(() => "done")));
  children[1]?.tell(Worker.run(fail));
  await settled([children[1] as Ref, children[2] as Ref]);
  assertEquals(log.includes("a stops"), false);
  resolve();
  assertEquals(await busy, "done");
  await settled(children);
  assertEquals(log.filter((line) => line.startsWith("a")), [
    "a stops",
    "a starts",
  ]);
});

Deno.test("a rule decides by class or by test, the first that matches", () => {
  const { decide } = oneForOne({
    rules: [
      { error: RangeError, directive: "resume" },
      { error: (error) => error === "text", directive: "stop" },
      { error: Error, directive: "escalate" },
    ],
    decide: () => "suspend",
  });
  assertEquals(
    [new RangeError(), "text", new TypeError(), 7].map((error) =>
      decide(error)
    ),
    ["resume", "stop", "escalate", "suspend"],
  );
});

Deno.test("a restart waits as long as the backoff says, longer each time, with its mail", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const starts: number[] = [];
  const actor = system.spawn(Worker, () => ({
    ...worker(),
    onStart: () => void starts.push(clock.now()),
  }), {
    supervisor: oneForOne({ backoff: { min: 100, max: 250, jitter: 0 } }),
  });
  await actor.started();
  for (let failure = 0; failure < 3; failure++) {
    actor.tell(Worker.run(fail));
    const waiting = actor.ask(Worker.run(() => "handled"), { timeout: 1_000 });
    await clock.advance(300);
    assertEquals(await waiting, "handled");
  }
  assertEquals(starts, [0, 100, 500, 850]);
});

Deno.test("a stop ends the wait of a restart at once", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const actor = system.spawn(Worker, () => worker(), {
    supervisor: oneForOne({ backoff: { min: 60_000, max: 60_000 } }),
  });
  await actor.ask(Worker.run(fail)).catch(() => {});
  await clock.advance(20); // the tick of the ask
  assertEquals(clock.pending, 1);
  await system.stop(actor);
  assertEquals(clock.pending, 0);
});

Deno.test("backoffDelay() stays within its jitter and its maximum", () => {
  const backoff = { min: 10, max: 1_000, factor: 3, jitter: 0.5 };
  const at = (attempt: number, chance: number) =>
    backoffDelay(backoff, attempt, { next: () => chance });
  assertEquals([at(0, 0.5), at(1, 0.5), at(2, 0), at(9, 0.5)], [
    10,
    30,
    45,
    1_000,
  ]);
});

Deno.test("a supervisor refuses a backoff that makes no sense", () => {
  for (
    const backoff of [
      { min: -1, max: 1 },
      { min: 2, max: 1 },
      { min: 1, max: 2, factor: 0.5 },
      { min: 1, max: 2, jitter: 2 },
      { min: NaN, max: 2 },
    ]
  ) assertThrows(() => oneForOne({ backoff }), RangeError, "min");
});
