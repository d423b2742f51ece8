import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ActorRef,
  type AnyProtocol,
  ask,
  type Behavior,
  type Context,
  type Handlers,
  oneForOne,
  protocol,
  tell,
  type Terminated,
} from "../../../actor/mod.ts";
import { settle } from "../../../testing/mod.ts";
import { gate, quietSystem } from "../fixtures.ts";

/** Runs inside an actor. */
type Job = (ctx: Context<AnyProtocol>) => unknown;
const Lamp = protocol("lamp", {
  name: ask<void, string>(),
  do: ask<Job, unknown>(),
  note: tell<string>(),
});

/** Handlers that say which they are. */
function named(name: string, more: object = {}): Handlers<typeof Lamp> {
  return {
    name: () => name,
    do: (job, ctx) => job(ctx),
    note() {},
    ...more,
  };
}

type LampRef = ActorRef<typeof Lamp>;
const nameOf = (lamp: LampRef) => lamp.ask(Lamp.name());
const run = (lamp: LampRef, job: (ctx: Context<typeof Lamp>) => unknown) =>
  lamp.ask(Lamp.do((ctx) => job(ctx as unknown as Context<typeof Lamp>))); // it is a lamp's

Deno.test("Context.become() changes the handlers from the next message on", async () => {
  await using system = quietSystem();
  const lamp = system.spawn(Lamp, () => named("one"));
  const first = run(lamp, async (ctx) => {
    ctx.become(named("two"));
    await Promise.resolve();
    return "still handled to its end";
  });
  const second = nameOf(lamp);
  assertEquals(await first, "still handled to its end");
  assertEquals(await second, "two");
});

Deno.test("Context.becomeStacked() and unbecomeStacked() go up and down", async () => {
  await using system = quietSystem();
  const lamp = system.spawn(Lamp, () => named("one"));
  for (const name of ["two", "three"]) {
    await run(lamp, (ctx) => ctx.becomeStacked(named(name)));
  }
  const seen = [await nameOf(lamp)];
  for (let i = 0; i < 3; i++) {
    seen.push(String(await run(lamp, (ctx) => ctx.unbecomeStacked())));
    seen.push(await nameOf(lamp));
  }
  assertEquals(seen, ["three", "true", "two", "true", "one", "false", "one"]);
});

Deno.test("Context.unbecome() clears the stack: nothing comes back from below", async () => {
  await using system = quietSystem();
  const lamp = system.spawn(Lamp, () => named("one"));
  await run(lamp, (ctx) => ctx.unbecome()); // nothing to reset
  await run(lamp, (ctx) => ctx.becomeStacked(named("two")));
  await run(lamp, (ctx) => ctx.becomeStacked(named("three")));
  await run(lamp, (ctx) => ctx.unbecome());
  assertEquals(await nameOf(lamp), "one");
  assertEquals(await run(lamp, (ctx) => ctx.unbecomeStacked()), false);
  assertEquals(await nameOf(lamp), "one");
});

Deno.test("Context.become() clears the stack and unbecome() goes to the first behavior", async () => {
  await using system = quietSystem();
  const lamp = system.spawn(Lamp, () => named("one"));
  await run(lamp, (ctx) => ctx.becomeStacked(named("two")));
  await run(lamp, (ctx) => ctx.become(named("three")));
  assertEquals(await run(lamp, (ctx) => ctx.unbecomeStacked()), false);
  assertEquals(await nameOf(lamp), "three");
  await run(lamp, (ctx) => ctx.becomeStacked(named("four")));
  await run(lamp, (ctx) => ctx.unbecomeStacked());
  assertEquals(await nameOf(lamp), "three");
  await run(lamp, (ctx) => ctx.unbecome());
  assertEquals(await nameOf(lamp), "one");
});

Deno.test("a changed behavior is gone after a restart, and stays after a resume", async () => {
  for (const [directive, expected] of [["restart", "new"], ["resume", "two"]]) {
    await using system = quietSystem();
    let made = 0;
    const lamp = system.spawn(Lamp, () => named(made++ === 0 ? "one" : "new"), {
      supervisor: oneForOne({ decide: () => directive as "restart" }),
    });
    await run(lamp, (ctx) => ctx.becomeStacked(named("two")));
    await assertRejects(() => run(lamp, () => Promise.reject(new Error("x"))));
    assertEquals(await nameOf(lamp), expected);
    await run(lamp, (ctx) => ctx.unbecome());
    assertEquals(await nameOf(lamp), directive === "restart" ? "new" : "one");
  }
});

Deno.test("Context.become() with a class calls its methods on the instance given", async () => {
  await using system = quietSystem();
  class Counting {
    #count = 0;
    name(): string {
      return `count ${++this.#count}`;
    }
    do(job: Job, ctx: Context): unknown {
      return job(ctx);
    }
    note(): void {}
  }
  const lamp = system.spawn(Lamp, () => named("one"));
  const counting = new Counting();
  await run(lamp, (ctx) => ctx.becomeStacked(counting));
  assertEquals([await nameOf(lamp), await nameOf(lamp)], [
    "count 1",
    "count 2",
  ]);
  await run(lamp, (ctx) => ctx.unbecomeStacked());
  await run(lamp, (ctx) => ctx.becomeStacked(counting));
  assertEquals(await nameOf(lamp), "count 3");
});

Deno.test("the hooks stay those of the first instance, whatever handles the messages", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const note = (text: string) => void log.push(text);
  const hooks = {
    onStop: () => note("stops"),
    onRestart: () => note("restarts"),
    onTerminated: ({ pid }: Terminated) => note(`sees ${pid.path}`),
    onExit: ({ pid }: Terminated) => note(`feels ${pid.path}`),
  };
  const wrong = Object.fromEntries(
    Object.keys(hooks).map((hook) => [hook, () => note(`wrong ${hook}`)]),
  );
  const spawn = (name: string) =>
    system.spawn(Lamp, () => named(name), { name });
  for (const more of [{}, wrong]) {
    const lamp = system.spawn(Lamp, () => named("one", hooks));
    const [seen, felt] = [spawn("seen"), spawn("felt")];
    await run(lamp, (ctx) => {
      ctx.watch(seen);
      ctx.link(felt);
      ctx.becomeStacked(named("two", more));
    });
    for (const ref of [seen, felt]) {
      await system.stop(ref);
      await settle(system);
    }
    assertEquals(await nameOf(lamp), "two");
    await run(lamp, () => Promise.reject(new Error("x"))).catch(() => {});
    await run(lamp, (ctx) => ctx.become(named("three", more)));
    await system.stop(lamp);
    assertEquals(log.splice(0), [
      "sees seen",
      "feels felt",
      "restarts",
      "stops",
    ]);
  }
});

Deno.test("a behavior may have a receive for what it does not claim, and only it is asked", async () => {
  await using system = quietSystem();
  const lamp = system.spawn(Lamp, () => named("one"));
  await run(lamp, (ctx) =>
    ctx.becomeStacked({
      do: (job, inner) => job(inner),
      receive: (message) => "type" in message && `received ${message.type}`,
    } as Behavior<typeof Lamp>));
  assertEquals(await nameOf(lamp), "received lamp.name");
  await run(lamp, (ctx) => ctx.unbecomeStacked());
  assertEquals(await nameOf(lamp), "one");
});

Deno.test("Context.become() refuses handlers that lack one, and changes nothing then", async () => {
  await using system = quietSystem();
  const lamp = system.spawn(Lamp, () => named("one"), {
    supervisor: oneForOne({ decide: () => "resume" }),
  });
  await run(lamp, (ctx) => ctx.becomeStacked(named("two")));
  for (const how of ["become", "becomeStacked"] as const) {
    await assertRejects(
      () => run(lamp, (ctx) => ctx[how]({ name: () => "x" } as never)),
      TypeError,
      'found none for "do", "note", wanted one for each message or a receive method',
    );
  }
  assertEquals(await nameOf(lamp), "two");
  assertEquals(await run(lamp, (ctx) => ctx.unbecomeStacked()), true);
  assertEquals(await run(lamp, (ctx) => ctx.unbecomeStacked()), false);
});

Deno.test("Context.becomeStacked() takes 256 behaviors on one another and refuses one more", async () => {
  await using system = quietSystem();
  const lamp = system.spawn(Lamp, () => named("0"), {
    name: "lamp",
    supervisor: oneForOne({ decide: () => "resume" }),
  });
  for (let i = 1; i <= 256; i++) {
    await run(lamp, (ctx) => ctx.becomeStacked(named(`${i}`)));
  }
  await assertRejects(
    () => run(lamp, (ctx) => ctx.becomeStacked(named("too many"))),
    RangeError,
    'Cannot stack a behavior in "goakt://test@:0/lamp": 256 lie on one another, fewer were expected',
  );
  assertEquals(await nameOf(lamp), "256");
  const popped = await run(lamp, (ctx) => {
    let count = 0;
    while (ctx.unbecomeStacked()) count++;
    return count;
  });
  assertEquals([popped, await nameOf(lamp)], [256, "0"]);
});

Deno.test("Context.become() in a start hook is refused, with the way out", async () => {
  await using system = quietSystem();
  const lamp = system.spawn(Lamp, () =>
    named("one", {
      onStart: (ctx: Context<typeof Lamp>) => ctx.become(named("two")),
    }), { start: { tries: 1 } });
  const error = await lamp.started().catch((error) => error);
  assert(error.cause instanceof TypeError, String(error));
  assert(
    error.message.includes("it has no instance, a running actor was expected"),
    error.message,
  );
});

Deno.test("a behavior that is changed while handlers interleave holds for those that begin later", async () => {
  await using system = quietSystem();
  const lamp = system.spawn(Lamp, () => named("one"), {
    reentrancy: { mode: "all" },
  });
  const open = gate();
  const slow = run(lamp, async () => (await open.promise, "begun by one"));
  await run(lamp, (ctx) => ctx.become(named("two")));
  assertEquals(await nameOf(lamp), "two");
  open.resolve();
  assertEquals(await slow, "begun by one");
});

Deno.test("mail that waits and mail that is unstashed is handled by the behavior that is in force then", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const noting = (name: string) =>
    named(name, {
      note: (text: string) => void log.push(`${text} by ${name}`),
    });
  const lamp = system.spawn(Lamp, () =>
    named("shut", {
      note: (_: string, ctx: Context<typeof Lamp>) => ctx.stash(),
    }));
  lamp.tell(Lamp.note("a"));
  const opened = run(lamp, (ctx) => {
    ctx.become(noting("open"));
    ctx.unstashAll();
  });
  lamp.tell(Lamp.note("b"));
  await opened;
  await settle(system);
  assertEquals(log, ["a by open", "b by open"]);
});
