import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { type Directive, oneForOne } from "../../../actor/mod.ts";
import { ManualClock, settle } from "../../../testing/mod.ts";
import {
  gate,
  loggedWorker,
  quietSystem,
  raise,
  record,
  Worker,
  worker,
} from "../fixtures.ts";

const hostile = Object.create(Error.prototype, {
  message: {
    get() {
      throw new Error("hostile");
    },
  },
});

/** Whatever a handler may throw. */
const THROWN: readonly (readonly [string, unknown])[] = [
  ["undefined", undefined],
  ["null", null],
  ["a string", "no"],
  ["a symbol", Symbol("no")],
  ["a frozen object", Object.freeze({ no: true })],
  ["an object without a prototype", Object.create(null)],
  ["an error with a getter that throws", hostile],
];

for (const [what, thrown] of THROWN) {
  Deno.test(`a handler that throws ${what} rejects the asker with it and is supervised`, async () => {
    const lines: string[] = [];
    await using system = quietSystem({
      logger: {
        warn: (text) => void lines.push(text),
        error: (text) => void lines.push(text),
      },
    });
    const failures = record(system, "actor_failed");
    const log: string[] = [];
    const actor = system.spawn(Worker, () => loggedWorker(log, "a"));
    for (const job of [() => raise(thrown), () => Promise.reject(thrown)]) {
      const settled = await actor.ask(Worker.run(job)).then(
        () => "fulfilled",
        (error) => [error],
      );
      assertStrictEquals((settled as unknown[])[0], thrown);
    }
    await settle(system);
    assertEquals(log, [
      "a starts",
      "a restarts",
      "a starts",
      "a restarts",
      "a starts",
    ]);
    assertEquals(failures.length, 2);
    assertStrictEquals(failures[1]?.error, thrown);
    assertEquals(lines.length, 2);
  });

  Deno.test(`an onStart that throws ${what} is a StartError`, async () => {
    await using system = quietSystem();
    const actor = system.spawn(Worker, () => ({
      ...worker(),
      onStart: () => raise(thrown),
    }));
    const error = await assertRejects(() => actor.started(), Error);
    assertEquals(error.name, "StartError");
    assertStrictEquals(error.cause, thrown);
  });
}

Deno.test("a thenable that a handler returns fails it by rejecting, throwing, or refusing to be read", async () => {
  await using system = quietSystem();
  const error = new Error("no");
  const thenables = [
    { then: (_: unknown, reject: (error: unknown) => void) => reject(error) },
    { then: () => raise(error) },
    Object.defineProperty({}, "then", { get: () => raise(error) }),
    Object.assign(Promise.resolve(), { then: () => raise(error) }),
  ];
  let made = 0;
  const actor = system.spawn(Worker, () => {
    made++;
    return worker();
  });
  for (const thenable of thenables) {
    const found = await assertRejects(
      () => actor.ask(Worker.run(() => thenable)),
    );
    assertStrictEquals(found, error);
  }
  await settle(system);
  assertEquals(made, 1 + thenables.length);
});

Deno.test("a thenable that calls back twice ends the wait once", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const open = gate();
  const actor = system.spawn(Worker, () => worker(log));
  actor.tell(Worker.run(() => ({
    then(done: (value: unknown) => void) {
      done(1);
      done(2);
    },
  })));
  actor.tell(Worker.run(() => open.promise));
  actor.tell(Worker.note("after"));
  await settle(system);
  assertEquals(log, []);
  open.resolve();
  await settle(system);
  assertEquals(log, ["after"]);
});

Deno.test("a thenable that calls back again later does not end another wait", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const open = gate();
  let again: ((value: unknown) => void) | undefined;
  const actor = system.spawn(Worker, () => worker(log));
  actor.tell(Worker.run(() => ({
    then(done: (value: unknown) => void) {
      again = done;
      done(1);
    },
  })));
  actor.tell(Worker.run(() => open.promise));
  actor.tell(Worker.note("after"));
  await settle(system);
  again?.(2);
  await settle(system);
  assertEquals(log, []);
  open.resolve();
  await settle(system);
  assertEquals(log, ["after"]);
});

Deno.test("an object that only looks like a promise of the language is a failure, not a crash", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Worker, () => worker());
  const fake = Object.create(Promise.prototype);
  await assertRejects(() => actor.ask(Worker.run(() => fake)), TypeError);
  assertEquals(await actor.ask(Worker.run(() => 1)), 1);
});

for (const directive of ["resume", "restart", "stop"] as const) {
  for (const how of ["throws", "rejects"] as const) {
    Deno.test(`directive "${directive}" applies to a handler that ${how} before the next message`, async () => {
      await using system = quietSystem();
      const log: string[] = [];
      const failures = record(system, "actor_failed");
      const letters = record(system, "dead_letter");
      const actor = system.spawn(Worker, () => loggedWorker(log, "a"), {
        supervisor: oneForOne({ decide: () => directive }),
      });
      actor.tell(
        Worker.run(() =>
          how === "throws"
            ? raise(new Error("no"))
            : Promise.reject(new Error())
        ),
      );
      actor.tell(Worker.note("next"));
      await settle(system);
      assertEquals(
        log,
        {
          resume: ["a starts", "a:next"],
          restart: ["a starts", "a restarts", "a starts", "a:next"],
          stop: ["a starts", "a stops"],
        }[directive],
      );
      assertEquals(failures.map(({ directive }) => directive), [directive]);
      assertEquals(letters.length, directive === "stop" ? 1 : 0);
    });
  }
}

Deno.test("the supervisor's decide is given the error, and sees each failure once", async () => {
  await using system = quietSystem();
  const seen: unknown[] = [];
  const errors = [new Error("1"), "2", undefined];
  const actor = system.spawn(Worker, () => worker(), {
    supervisor: oneForOne({
      decide(error): Directive {
        seen.push(error);
        return "resume";
      },
    }),
  });
  for (const error of errors) actor.tell(Worker.run(() => raise(error)));
  await settle(system);
  assertEquals(seen, errors);
});

Deno.test("a supervisor that throws or says something unknown stops the actor with a warning", async () => {
  for (
    const decide of [
      () => raise(undefined),
      () => "reboot" as Directive,
      () => Promise.reject(new Error("late")) as unknown as Directive,
    ]
  ) {
    await using system = quietSystem();
    const warnings = record(system, "warning");
    const actor = system.spawn(Worker, () => worker(), {
      name: "a",
      supervisor: oneForOne({ decide }),
    });
    actor.tell(Worker.run(() => raise(new Error("no"))));
    await settle(system);
    assertEquals(actor.tell(Worker.note("dead")), false);
    assertEquals(warnings.map(({ text }) => text), [
      'the supervisor of "goakt://test@:0/a" failed, the actor is stopped',
    ]);
  }
});

Deno.test("the default supervisor restarts ten times in a minute and then stops", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  let made = 0;
  const actor = system.spawn(Worker, () => {
    made++;
    return worker();
  });
  const fail = async (times: number) => {
    for (let i = 0; i < times; i++) {
      actor.tell(Worker.run(() => raise(new Error("no"))));
      await settle(system);
    }
  };
  await fail(10);
  assertEquals(made, 11);
  await clock.advance(60_000);
  await fail(10);
  assertEquals(made, 21);
  await clock.advance(59_999);
  await fail(1);
  assertEquals(made, 21);
  assertEquals(actor.tell(Worker.note("dead")), false);
});

Deno.test("a failure while a stop is on its way is reported without a directive", async () => {
  await using system = quietSystem();
  const failures = record(system, "actor_failed");
  const log: string[] = [];
  const actor = system.spawn(Worker, () => loggedWorker(log, "a"));
  const asked = assertRejects(
    () =>
      actor.ask(Worker.run((ctx) => {
        void ctx.stop();
        throw new Error("no");
      })),
    Error,
    "no",
  );
  await asked;
  await settle(system);
  assertEquals(log, ["a starts", "a stops"]);
  assertEquals(failures.map(({ directive }) => directive), [undefined]);
});

Deno.test("a failing onRestart is reported and does not keep the restart from going on", async () => {
  await using system = quietSystem();
  const failures = record(system, "actor_failed");
  const log: string[] = [];
  const actor = system.spawn(Worker, () => ({
    ...worker(log),
    onRestart: () => raise(new Error("hook")),
  }));
  actor.tell(Worker.run(() => raise(new Error("no"))));
  actor.tell(Worker.note("alive"));
  await settle(system);
  assertEquals(log, ["alive"]);
  assertEquals(failures.map(({ during }) => during), [
    "worker.run",
    "onRestart",
  ]);
});

Deno.test("a hook that cannot even be read is a failure of the hook", async () => {
  await using system = quietSystem();
  const failures = record(system, "actor_failed");
  const actor = system.spawn(
    Worker,
    () =>
      Object.defineProperties(worker(), {
        onStop: { get: () => raise(new Error("no")) },
      }),
  );
  await actor.started();
  await system.stop(actor);
  assertEquals(failures.map(({ during }) => during), ["onStop"]);
});
