import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import {
  type ActorSystem,
  type Directive,
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

/** A chain of workers, from the top down, each with its own directive. */
async function chain(
  system: ActorSystem,
  log: string[],
  ...directives: Directive[]
): Promise<WorkerRef[]> {
  const refs: WorkerRef[] = [];
  for (const [level, directive] of directives.entries()) {
    const create = () => loggedWorker(log, `${level}`);
    const options = {
      name: `l${level}`,
      supervisor: oneForOne({ decide: () => directive }),
    };
    const parent = refs.at(-1);
    const ref = parent === undefined
      ? system.spawn(Worker, create, options)
      : await parent.ask(
        Worker.run((ctx) => ctx.spawn(Worker, create, options)),
      ) as WorkerRef;
    await ref.started();
    refs.push(ref);
  }
  log.length = 0;
  return refs;
}

const fail = (error: unknown = new Error("no")) =>
  Worker.run(() => raise(error));

Deno.test("escalate suspends the child and lets the parent resume it with its state and mail", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const failures = record(system, "actor_failed");
  const [parent, child] = await chain(system, log, "resume", "escalate") as [
    WorkerRef,
    WorkerRef,
  ];
  child.tell(fail());
  child.tell(Worker.note("mail"));
  await settle(system);
  assertEquals(log, ["1:mail"]);
  assertEquals(
    failures.map(({ pid, directive, during }) => [
      pid.path,
      directive,
      during,
    ]),
    [["l0/l1", "escalate", "worker.run"], ["l0", "resume", "child l1"]],
  );
  assertEquals(parent.tell(Worker.note("parent")), true);
});

Deno.test("escalate handles no mail of the child before the parent has decided", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const open = gate();
  const [parent, child] = await chain(system, log, "resume", "escalate") as [
    WorkerRef,
    WorkerRef,
  ];
  parent.tell(Worker.run(() => open.promise));
  await settle(system);
  for (const job of [() => raise(new Error("sync")), () => Promise.reject(1)]) {
    child.tell(Worker.run(job));
    child.tell(Worker.note("mail"));
  }
  await settle(system);
  assertEquals(log, []);
  open.resolve();
  await settle(system);
  assertEquals(log, ["1:mail", "1:mail"]);
});

Deno.test("escalate makes a restarting parent end its children and start anew", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const letters = record(system, "dead_letter");
  const [, child] = await chain(system, log, "restart", "escalate") as [
    WorkerRef,
    WorkerRef,
  ];
  child.tell(fail());
  child.tell(Worker.note("lost"));
  await settle(system);
  assertEquals(log, ["1 stops", "0 restarts", "0 starts"]);
  assertEquals(letters.map(({ reason }) => reason), ["stopped"]);
});

Deno.test("escalate makes a parent that stops end with the child's error", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const stops = record(system, "actor_stopped");
  const error = new Error("no");
  const [, child] = await chain(system, log, "stop", "escalate") as [
    WorkerRef,
    WorkerRef,
  ];
  child.tell(fail(error));
  await settle(system);
  assertEquals(log, ["1 stops", "0 stops"]);
  assertEquals(
    stops.map(({ pid, reason }) => [pid.path, reason]),
    [["l0/l1", "stopped"], ["l0", "failed"]],
  );
  assertStrictEquals(stops[1]?.error, error);
});

for (const levels of [1, 2, 3]) {
  Deno.test(`escalate over ${levels} levels ends the system with the error`, async () => {
    await using system = quietSystem();
    const log: string[] = [];
    const warnings = record(system, "warning");
    const error = new Error("no");
    const directives = new Array<Directive>(levels).fill("escalate");
    const refs = await chain(system, log, ...directives);
    const other = system.spawn(Worker, () => loggedWorker(log, "other"));
    await other.started();
    refs.at(-1)?.tell(fail(error));
    await settle(system);
    assertEquals(system.state, "stopped");
    assertStrictEquals(system.failure?.error, error);
    const names = ["2", "1", "0"].slice(3 - levels);
    assertEquals(
      log.filter((line) => !line.startsWith("other")),
      names.map((name) => `${name} stops`),
    );
    assertEquals(log.includes("other stops"), true);
    assertEquals(warnings.map(({ text }) => text), [
      '"goakt://test@:0/l0" failed and its failure was escalated to the system, which ends',
    ]);
    assertStrictEquals(warnings[0]?.cause, error);
  });
}

Deno.test("escalate over two levels resumes the child through both parents", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const [top, middle, bottom] = await chain(
    system,
    log,
    "resume",
    "escalate",
    "escalate",
  ) as [WorkerRef, WorkerRef, WorkerRef];
  bottom.tell(fail());
  for (const ref of [top, middle, bottom]) ref.tell(Worker.note("mail"));
  await settle(system);
  assertEquals(log.toSorted(), ["0:mail", "1:mail", "2:mail"]);
});

Deno.test("escalate waits for a parent that is busy in an asynchronous handler", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const error = new Error("no");
  const open = gate();
  const [parent, child] = await chain(system, log, "escalate", "escalate") as [
    WorkerRef,
    WorkerRef,
  ];
  const reply = parent.ask(Worker.run(() => open.promise));
  await settle(system);
  child.tell(fail(error));
  await settle(system);
  assertEquals(system.state, "running");
  open.resolve();
  await reply;
  await settle(system);
  assertEquals(system.state, "stopped");
  assertStrictEquals(system.failure?.error, error);
});

Deno.test("escalate to a parent that is draining stops the child instead of waiting for ever", async () => {
  const clock = new ManualClock();
  const system = quietSystem({ clock });
  const log: string[] = [];
  const open = gate();
  const [, child] = await chain(system, log, "resume", "escalate") as [
    WorkerRef,
    WorkerRef,
  ];
  child.tell(Worker.run(() => open.promise));
  child.tell(fail());
  child.tell(Worker.note("lost"));
  await clock.settle();
  const drained = system.drain();
  await clock.settle();
  open.resolve();
  await clock.settle();
  await drained;
  assertEquals(log, ["1 stops", "0 stops"]);
  assertEquals(clock.pending, 0);
});

Deno.test("the failure of a child that has been stopped since is forgotten", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const open = gate();
  const [parent, child] = await chain(system, log, "stop", "escalate") as [
    WorkerRef,
    WorkerRef,
  ];
  parent.tell(Worker.run(() => open.promise));
  child.tell(fail());
  await settle(system);
  await system.stop(child);
  open.resolve();
  await settle(system);
  assertEquals(log, ["1 stops"]);
  assertEquals(parent.tell(Worker.note("alive")), true);
});

Deno.test("a suspended child that is drained ends without its mail", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const open = gate();
  const [parent, child] = await chain(system, log, "resume", "escalate") as [
    WorkerRef,
    WorkerRef,
  ];
  parent.tell(Worker.run(() => open.promise));
  child.tell(fail());
  child.tell(Worker.note("lost"));
  await settle(system);
  internalsOf(system).find(child.pid.path)?.drain();
  await settle(system);
  assertEquals(log, ["1 stops"]);
  assertEquals(system.deadLetters, 1);
  open.resolve();
});

Deno.test("a suspended child can be stopped, drained and watched", async () => {
  for (const how of ["stop", "drain"] as const) {
    const system = quietSystem();
    const log: string[] = [];
    const open = gate();
    const [parent, child] = await chain(system, log, "resume", "escalate") as [
      WorkerRef,
      WorkerRef,
    ];
    parent.tell(Worker.run(() => open.promise));
    child.tell(fail());
    await settle(system);
    if (how === "stop") {
      await system.stop(child);
      open.resolve();
      assertEquals(parent.tell(Worker.note("alive")), true);
      await settle(system);
      assertEquals(log, ["1 stops", "0:alive"]);
    } else {
      open.resolve();
    }
    await system.drain();
    assertEquals(log.at(-1), "0 stops");
  }
});

Deno.test("a parent decides about each child that escalates, also while it is suspended itself", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const open = gate();
  const top = system.spawn(Worker, () => worker(), {
    supervisor: oneForOne({ decide: () => "resume" }),
  });
  const middle = await top.ask(
    Worker.run((ctx) =>
      ctx.spawn(Worker, () => worker(), {
        // The first failure goes up; the one that comes meanwhile is for this actor to decide.
        supervisor: oneForOne({
          decide: (error) =>
            (error as Error).message === "mine" ? "escalate" : "stop",
        }),
      })
    ),
  ) as WorkerRef;
  const child = await middle.ask(
    Worker.run((ctx) =>
      ctx.spawn(Worker, () => loggedWorker(log, "child"), {
        supervisor: oneForOne({ decide: () => "escalate" }),
      })
    ),
  ) as WorkerRef;
  await child.started();
  top.tell(Worker.run(() => open.promise));
  await settle(system);
  middle.tell(fail(new Error("mine")));
  await settle(system);
  child.tell(fail(new Error("child's")));
  child.tell(Worker.note("mail"));
  await settle(system);
  open.resolve();
  await settle(system);
  assertEquals(log, ["child starts", "child stops"]);
  assertEquals(middle.tell(Worker.note("dead")), false);
});

Deno.test("a child that failed between two instances ends when its parent resumes it", async () => {
  await using system = quietSystem();
  const letters = record(system, "dead_letter");
  const log: string[] = [];
  let made = 0;
  const parent = system.spawn(Worker, () => worker(), {
    supervisor: oneForOne({ decide: () => "resume" }),
  });
  const child = await parent.ask(Worker.run((ctx) =>
    ctx.spawn(Worker, () => ({
      ...worker(log),
      onStart() {
        if (++made > 1) throw new Error("start");
      },
    }), {
      supervisor: oneForOne({
        decide: (error) =>
          (error as Error).message === "start" ? "escalate" : "restart",
      }),
    })
  )) as WorkerRef;
  child.tell(fail());
  child.tell(Worker.note("lost"));
  await settle(system);
  assertEquals([made, log.length, letters.length], [2, 0, 1]);
  await assertRejects(() => child.ask(Worker.run(() => {})), StoppedError);
});

Deno.test("the failures of children count in the parent's restart window", async () => {
  await using system = quietSystem({ clock: new ManualClock() });
  const log: string[] = [];
  let made = 0;
  const parent = system.spawn(Worker, () => {
    made++;
    return {
      ...worker(log),
      onStart(ctx) {
        ctx.spawn(Worker, () => worker(), {
          name: "child",
          supervisor: oneForOne({ decide: () => "escalate" }),
        });
      },
    };
  }, { supervisor: oneForOne({ maxRestarts: 2 }) });
  await parent.started();
  for (let i = 0; i < 3; i++) {
    system.find(Worker, `${parent.pid.path}/child`)?.tell(fail());
    await settle(system);
  }
  assertEquals(made, 3);
  assertEquals(parent.tell(Worker.note("dead")), false);
});
