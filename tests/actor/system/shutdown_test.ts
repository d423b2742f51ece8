import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type ActorSystem,
  oneForOne,
  StoppedError,
} from "../../../actor/mod.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import { ManualClock, settle } from "../../../testing/mod.ts";
import {
  gate,
  loggedWorker,
  quietSystem,
  raise,
  record,
  Worker,
  worker,
  type WorkerRef,
} from "../fixtures.ts";

Deno.test("ActorSystem.drain() lets every actor handle the mail that waits, then stops it", async () => {
  const system = quietSystem();
  const log: string[] = [];
  const letters = record(system, "dead_letter");
  const actors = ["a", "b"].map((name) =>
    system.spawn(Worker, () => loggedWorker(log, name))
  );
  for (const actor of actors) {
    for (const text of ["1", "2", "3"]) actor.tell(Worker.note(text));
  }
  const drained = system.drain();
  assertEquals(system.state, "draining");
  actors[0]?.tell(Worker.note("late"));
  await drained;
  assertEquals(log.filter((line) => line.startsWith("a")), [
    "a starts",
    "a:1",
    "a:2",
    "a:3",
    "a stops",
  ]);
  assertEquals(log.filter((line) => line.startsWith("b")).length, 5);
  assertEquals(system.state, "stopped");
  assertEquals(letters.map(({ message }) => message.body), ["late"]);
});

Deno.test("ActorSystem.drain() lets children handle what their parent sent them", async () => {
  const system = quietSystem({ clock: new ManualClock() });
  const log: string[] = [];
  const parent = system.spawn(Worker, () => loggedWorker(log, "parent"));
  parent.tell(Worker.run((ctx) => {
    const child = ctx.spawn(Worker, () => loggedWorker(log, "child"));
    for (const text of ["1", "2"]) ctx.tell(child, Worker.note(text));
  }));
  await system.drain();
  assertEquals(log, [
    "parent starts",
    "child starts",
    "child:1",
    "child:2",
    "child stops",
    "parent stops",
  ]);
});

Deno.test("a stop of a draining actor keeps its children from finishing their mail", async () => {
  const system = quietSystem({ clock: new ManualClock() });
  const log: string[] = [];
  const open = gate();
  const parent = system.spawn(Worker, () => loggedWorker(log, "parent"));
  const child = await parent.ask(
    Worker.run((ctx) => ctx.spawn(Worker, () => loggedWorker(log, "child"))),
  ) as WorkerRef;
  child.tell(Worker.run(() => open.promise));
  child.tell(Worker.note("lost"));
  const drained = system.drain();
  await settle(system);
  const stopped = system.stop(parent);
  open.resolve();
  await stopped;
  await drained;
  assertEquals(log, [
    "parent starts",
    "child starts",
    "child stops",
    "parent stops",
  ]);
});

Deno.test("ActorSystem.drain() is idempotent, and disposal drains", async () => {
  const system = quietSystem();
  let stops = 0;
  system.spawn(Worker, () => ({ ...worker(), onStop: () => void stops++ }));
  await settle(system);
  await Promise.all([
    system.drain(),
    system.drain(),
    system[Symbol.asyncDispose](),
  ]);
  await system.drain();
  await system[Symbol.asyncDispose]();
  assertEquals([stops, system.state], [1, "stopped"]);
});

Deno.test("ActorSystem.drain() of a system without actors resolves and leaves no timer", async () => {
  const clock = new ManualClock();
  await quietSystem({ clock }).drain();
  assertEquals(clock.pending, 0);
});

Deno.test("ActorSystem.drain() refuses a timeout that is not a number of at least 0", async () => {
  await using system = quietSystem();
  for (const timeout of [-1, NaN]) {
    await assertRejects(
      () => system.drain({ timeout }),
      RangeError,
      `Cannot drain system "test": the timeout is ${timeout}`,
    );
  }
  assertEquals(system.state, "running");
});

Deno.test("ActorSystem.drain() refuses new top-level actors from then on", async () => {
  const system = quietSystem();
  const open = gate();
  const actor = system.spawn(Worker, () => worker());
  actor.tell(Worker.run(() => open.promise));
  await settle(system);
  const drained = system.drain();
  assertThrows(
    () => system.spawn(Worker, () => worker()),
    StoppedError,
    'Cannot spawn an actor in "goakt://test@:0/": the system is draining',
  );
  open.resolve();
  await drained;
  assertThrows(
    () => system.spawn(Worker, () => worker()),
    StoppedError,
    "the system is stopped",
  );
});

Deno.test("ActorSystem.drain() ends an actor that keeps sending to itself", async () => {
  const system = quietSystem();
  let turns = 0;
  const actor = system.spawn(Worker, () => worker());
  const again = Worker.run((ctx) => {
    turns++;
    ctx.self.tell(again);
  });
  actor.tell(again);
  await system.drain();
  assertEquals(turns > 0, true);
  assertEquals(system.deadLetters, 1);
});

Deno.test("ActorSystem.drain() ends an actor that its supervisor suspends meanwhile, which nobody will reinstate", async () => {
  const clock = new ManualClock();
  const system = quietSystem({ clock });
  const warnings = record(system, "warning");
  const suspending = oneForOne({ decide: () => "suspend" });
  const top = system.spawn(Worker, () => worker(), { supervisor: suspending });
  const child = await top.ask(
    Worker.run((ctx) =>
      ctx.spawn(Worker, () => worker(), { supervisor: suspending })
    ),
  ) as WorkerRef;
  const letters = record(system, "dead_letter");
  for (const actor of [child, top]) {
    actor.tell(Worker.run(() => raise(new Error("no"))));
    actor.tell(Worker.note("lost"));
  }
  await system.drain(); // with time that stands still, its timeout never comes
  assertEquals(letters.map(({ message, reason }) => [message.body, reason]), [
    ["lost", "stopped"],
    ["lost", "stopped"],
  ]);
  assertEquals(warnings, []);
});

Deno.test("ActorSystem.drain() gives up after its timeout, naming who did not stop", async () => {
  const clock = new ManualClock();
  const system = quietSystem({ clock });
  const warnings = record(system, "warning");
  const stops = record(system, "actor_stopped");
  for (let i = 0; i < 12; i++) {
    system.spawn(Worker, () => worker(), { name: `a${i}` })
      .tell(Worker.run(() => new Promise(() => {})));
  }
  await clock.settle();
  const drained = system.drain({ timeout: 500 });
  await clock.advance(499);
  assertEquals(system.state, "draining");
  await clock.advance(1);
  await drained;
  assertEquals(warnings.map(({ text }) => text), [
    `12 actors did not stop within 500 ms: ${
      Array.from({ length: 10 }, (_, i) => `"a${i}" (in "worker.run")`)
        .join(", ")
    }, and 2 more`,
  ]);
  assertEquals([stops.length, clock.pending], [12, 0]);
});

Deno.test("ActorSystem.drain() that gives up says who hangs on what, and makes dead letters of what waits there", async () => {
  const clock = new ManualClock();
  const system = quietSystem({ clock });
  const warnings = record(system, "warning");
  const letters = record(system, "dead_letter");
  const never = new Promise<void>(() => {});
  const top = system.spawn(Worker, () => worker(), { name: "top" });
  const child = await top.ask(
    Worker.run((ctx) => ctx.spawn(Worker, () => worker(), { name: "child" })),
  ) as WorkerRef;
  child.tell(Worker.run(() => never));
  child.tell(Worker.note("1"));
  const reply = child.ask(Worker.note("2"), { timeout: Infinity });
  reply.catch(() => {}); // looked at below
  system.spawn(
    Worker,
    () => ({ ...worker(), onStart: () => never }),
    { name: "starts" },
  );
  system.spawn(
    Worker,
    () => ({ ...worker(), onStop: () => never }),
    { name: "stops" },
  );
  await clock.settle();
  const drained = system.drain({ timeout: 500 });
  await clock.advance(500);
  await drained;
  assertEquals(warnings.map(({ text }) => text), [
    '3 actors did not stop within 500 ms: "top/child" (in "worker.run", 2 messages waiting), "starts" (in "onStart"), "stops" (in "onStop")',
  ]);
  assertEquals(
    letters.map(({ message, reason, target }) => [
      message.body,
      reason,
      target.path,
    ]),
    [["1", "stopped", "top/child"], ["2", "stopped", "top/child"]],
  );
  await assertRejects(() => reply, StoppedError);
});

Deno.test("ActorSystem.drain() that gives up speaks of one actor as one, and names all that it works on", async () => {
  const clock = new ManualClock();
  const system = quietSystem({ clock });
  const warnings = record(system, "warning");
  const never = new Promise<void>(() => {});
  const actor = system.spawn(Worker, () => ({
    run: () => never,
    note: () => never,
  }), { name: "a", reentrancy: { mode: "all" } });
  for (const text of ["1", "2"]) actor.tell(Worker.note(text));
  actor.tell(Worker.run(() => {}));
  await clock.settle();
  const drained = system.drain({ timeout: 0 });
  await clock.advance(0);
  await drained;
  assertEquals(warnings.map(({ text }) => text), [
    '1 actor did not stop within 0 ms: "a" (in "worker.note", "worker.run")',
  ]);
});

Deno.test("ActorSystem.drain() waits five minutes unless told otherwise", async () => {
  const clock = new ManualClock();
  const system = quietSystem({ clock });
  system.spawn(Worker, () => worker())
    .tell(Worker.run(() => new Promise(() => {})));
  await clock.settle();
  const drained = system.drain();
  await clock.advance(299_999);
  assertEquals(system.state, "draining");
  await clock.advance(1);
  await drained;
});

/** Where inside a handler something is called. */
type Ending = (
  ctx: {
    stop(ref?: WorkerRef): Promise<void>;
    drain(): Promise<void>;
    parent: unknown;
  },
  system: ActorSystem,
) => Promise<void>;

const ENDINGS: readonly (readonly [string, Ending])[] = [
  ["ctx.stop()", (ctx) => ctx.stop()],
  ["ctx.stop(parent)", (ctx) => ctx.stop(ctx.parent as WorkerRef)],
  ["ctx.drain()", (ctx) => ctx.drain()],
];

for (const [what, end] of ENDINGS) {
  for (const when of ["before", "after"] as const) {
    Deno.test(`${what} ${when} an await inside a handler does not hang`, async () => {
      const clock = new ManualClock();
      const system = quietSystem({ clock });
      const log: string[] = [];
      const parent = system.spawn(Worker, () => loggedWorker(log, "parent"));
      const child = await parent.ask(
        Worker.run((ctx) =>
          ctx.spawn(Worker, () => loggedWorker(log, "child"))
        ),
      ) as WorkerRef;
      const reply = await child.ask(Worker.run(async (ctx) => {
        if (when === "after") await null;
        await end(ctx as never, system);
        return "replied";
      }));
      assertEquals(reply, "replied");
      await clock.settle();
      assertEquals(
        log.filter((line) => line.endsWith("stops")),
        what === "ctx.stop()" ? ["child stops"] : [
          "child stops",
          "parent stops",
        ],
      );
      await system.drain();
    });
  }
}

Deno.test("system.stop() and system.drain() before the first await of a handler do not hang", async () => {
  for (const call of ["stop", "drain"] as const) {
    const system = quietSystem();
    const actor = system.spawn(Worker, () => worker());
    const reply = await actor.ask(Worker.run(async (ctx) => {
      await (call === "stop" ? system.stop(ctx.self) : system.drain());
      return "replied";
    }));
    assertEquals(reply, "replied");
    await system.drain();
  }
});

Deno.test("ctx.drain() waits for the actors that can stop before its handler returns", async () => {
  const system = quietSystem();
  const log: string[] = [];
  system.spawn(Worker, () => loggedWorker(log, "other"));
  const actor = system.spawn(Worker, () => loggedWorker(log, "self"));
  actor.tell(Worker.run(async (ctx) => {
    await ctx.drain();
    log.push("drained");
  }));
  await settle(system);
  await system.drain();
  assertEquals(log, [
    "other starts",
    "self starts",
    "other stops",
    "drained",
    "self stops",
  ]);
});

Deno.test("two handlers that drain the system at once do not wait for each other", async () => {
  const clock = new ManualClock();
  const system = quietSystem({ clock });
  const replies = [1, 2, 3].map((number) =>
    system.spawn(Worker, () => worker()).ask(Worker.run(async (ctx) => {
      await null;
      await ctx.drain();
      return number;
    }))
  );
  assertEquals(await Promise.all(replies), [1, 2, 3]);
  await system.drain();
  assertEquals(clock.now(), 0);
});

Deno.test("handlers that stop one another's actors in a circle do not wait for ever", async () => {
  for (const size of [2, 3, 5]) {
    const system = quietSystem();
    const refs: WorkerRef[] = [];
    const opens = Array.from({ length: size }, () => gate());
    for (let i = 0; i < size; i++) {
      refs.push(system.spawn(Worker, () => worker()));
    }
    const replies = refs.map((ref, i) =>
      ref.ask(Worker.run(async (ctx) => {
        await opens[i]?.promise;
        await ctx.stop(refs[(i + 1) % size]);
        return i;
      }))
    );
    for (const open of opens) {
      await settle(system);
      open.resolve();
    }
    assertEquals(await Promise.all(replies), refs.map((_, i) => i));
    await system.drain();
  }
});

Deno.test("a handler that drains and one that stops its actor do not wait for each other", async () => {
  for (const first of [0, 1]) {
    const system = quietSystem();
    const opens = [gate(), gate()];
    const drainer = system.spawn(Worker, () => worker());
    const stopper = system.spawn(Worker, () => worker());
    const replies = [
      drainer.ask(Worker.run(async (ctx) => {
        await opens[0]?.promise;
        await ctx.drain();
      })),
      stopper.ask(Worker.run(async (ctx) => {
        await opens[1]?.promise;
        await ctx.stop(drainer);
      })),
    ];
    await settle(system);
    opens[first]?.resolve();
    await settle(system);
    opens[1 - first]?.resolve();
    await Promise.all(replies);
    await system.drain();
  }
});

Deno.test("a handler's stop of another actor resolves once that has stopped", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const open = gate();
  const other = system.spawn(Worker, () => ({
    ...worker(),
    async onStop() {
      await open.promise;
      log.push("other stopped");
    },
  }));
  await other.started();
  const actor = system.spawn(Worker, () => worker());
  const reply = actor.ask(Worker.run(async (ctx) => {
    await ctx.stop(other);
    log.push("told");
  }));
  await settle(system);
  assertEquals(log, []);
  open.resolve();
  await reply;
  assertEquals(log, ["other stopped", "told"]);
});

Deno.test("system.stop() refuses references of other systems and of nobody", async () => {
  await using system = quietSystem();
  await using other = quietSystem();
  const actor = other.spawn(Worker, () => worker());
  assertThrows(
    () => system.stop(actor),
    TypeError,
    'it is not of system "test", an actor of this system was expected',
  );
  assertThrows(
    () => system.stop({} as WorkerRef),
    TypeError,
    "it is not a reference, an ActorRef was expected",
  );
  await system.stop(system.ref(Worker, "goakt://test@:0/missing"));
});

Deno.test("an actor that is stopping cannot spawn, and says so", async () => {
  await using system = quietSystem();
  const errors: unknown[] = [];
  const open = gate();
  const actor = system.spawn(Worker, () => ({
    ...worker(),
    onStop(ctx) {
      try {
        ctx.spawn(Worker, () => worker());
      } catch (error) {
        errors.push(error);
      }
    },
  }), { name: "a" });
  actor.tell(Worker.run(async (ctx) => {
    await open.promise;
    ctx.spawn(Worker, () => worker());
  }));
  await settle(system);
  const failures = record(system, "actor_failed");
  const stopped = system.stop(actor);
  open.resolve();
  await stopped;
  await settle(system);
  assertEquals(failures.length, 1);
  errors.push(failures[0]?.error);
  for (const error of errors) {
    assertEquals(
      String(error),
      'StoppedError: Cannot spawn an actor below "goakt://test@:0/a": it is stopping, a running actor was expected',
    );
  }
  assertEquals(errors.length, 2);
});

Deno.test("ActorSystem.drain() waits for what is plugged in for the network, as long as its time allows", async () => {
  for (
    const [drain, expected] of [
      [() => Promise.resolve(), []],
      [() => Promise.reject(new Error("no")), [
        "remoting did not end as it should: Error: no",
      ]],
      [() => new Promise<void>(() => {}), [
        "remoting did not end within 500 ms",
      ]],
    ] as const
  ) {
    const clock = new ManualClock();
    const system = quietSystem({ clock });
    const log: string[] = [];
    internalsOf(system).runtime.network = {
      host: "here",
      port: 1,
      resolve: () => raise(new Error("not needed")),
      drain: () => {
        log.push("network drains");
        return drain();
      },
    };
    const warnings: string[] = [];
    internalsOf(system).runtime.events.tap(["warning"], (event) => {
      if (event.type === "warning") warnings.push(event.text);
    });
    const open = gate();
    system.spawn(Worker, () => ({
      ...loggedWorker(log, "a"),
      onStop: async () => {
        await open.promise;
        log.push("a stops");
      },
    }));
    await settle(system);
    const drained = system.drain({ timeout: 500 });
    await clock.advance(200);
    open.resolve();
    await clock.advance(299);
    assertEquals(
      system.state,
      expected[0]?.includes("500") ? "draining" : "stopped",
    );
    await clock.advance(1);
    await drained;
    assertEquals([log, warnings, clock.pending], [
      ["a starts", "a stops", "network drains"],
      [...expected],
      0,
    ]);
  }
});
