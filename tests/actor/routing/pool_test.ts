import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  ask,
  broadcast,
  consistentHash,
  input,
  kind,
  leastMailbox,
  NameTakenError,
  NoRouteesError,
  oneForOne,
  PoisonPill,
  protocol,
  randomRouting,
  roundRobin,
  type RoutingStrategy,
  scatterGatherFirst,
  StoppedError,
  tailChopping,
} from "../../../actor/mod.ts";
import { seededRandom } from "../../../internal/random.ts";
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
import { Desk, type DeskRef, desks } from "./fixtures.ts";

const STRATEGIES: Record<string, () => RoutingStrategy<typeof Desk>> = {
  "roundRobin()": () => roundRobin(),
  "randomRouting()": () => randomRouting(),
  "leastMailbox()": () => leastMailbox(),
  "broadcast()": () => broadcast(),
  "scatterGatherFirst()": () => scatterGatherFirst(),
  "tailChopping()": () => tailChopping(),
  "consistentHash()": () =>
    consistentHash(Desk, { note: String, serve: String, run: () => "" }),
};

const stopping = oneForOne({ decide: () => "stop" });

/** Asks `count` times one after the other and says who answered. */
async function answers(ref: DeskRef, count: number): Promise<string> {
  const all: string[] = [];
  for (let i = 0; i < count; i++) {
    all.push((await ref.ask(Desk.serve(""))).replace(":", ""));
  }
  return all.join(" ");
}

Deno.test("ActorSystem.spawnPool() makes the actors below the router and gives them messages in order", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const pool = system.spawnPool(Desk, desks(log), { name: "desks", size: 3 });
  for (const text of ["a", "b", "c", "d"]) {
    assertEquals(pool.tell(Desk.note(text)), true);
  }
  await settle(system);
  assertEquals(log.toSorted(), ["1:a", "1:d", "2:b", "3:c"]);
  assertEquals(pool.pid.path, "desks");
  assertEquals(system.select(Desk, "desks/*"), [...pool.routees]);
  assertEquals([pool.size, pool.routees.length], [3, 3]);
});

Deno.test("ActorSystem.spawnPool() takes the name of one actor and the default size of four", async () => {
  await using system = quietSystem();
  const pool = system.spawnPool(Desk, desks(), { name: "desks" });
  assertEquals(pool.size, 4);
  assertThrows(
    () => system.spawnPool(Desk, desks(), { name: "desks" }),
    NameTakenError,
  );
});

Deno.test("ActorSystem.spawnPool() takes a kind and its input", async () => {
  await using system = quietSystem();
  const Greeter = protocol("greeter", { greet: ask<void, string>() }, {
    input: input<{ word: string }>(),
  });
  const greeter = kind(Greeter, ({ word }) => ({ greet: () => word }));
  const pool = system.spawnPool(greeter, { input: { word: "hi" }, size: 2 });
  assertEquals(await pool.ask(Greeter.greet()), "hi");
  assertEquals(pool.routees.length, 2);
});

Deno.test("Pool lets a reply go from the actor to the asker, with the asker as its sender", async () => {
  await using system = quietSystem();
  const pool = system.spawnPool(Desk, desks(), { size: 2 });
  const asker = system.spawn(Worker, () => worker(), { name: "asker" });
  const senders = await asker.ask(Worker.run((ctx) =>
    ctx.askAll(pool, [
      Desk.run((desk, { sender }) => `${desk} for ${sender?.pid.path}`),
      Desk.run((desk, { sender }) => `${desk} for ${sender?.pid.path}`),
    ])
  ));
  assertEquals(senders, [
    { status: "fulfilled", value: "1 for asker" },
    { status: "fulfilled", value: "2 for asker" },
  ]);
});

Deno.test("Pool passes the failure of an actor on to the asker", async () => {
  await using system = quietSystem();
  const pool = system.spawnPool(Desk, desks());
  await assertRejects(
    () => pool.ask(Desk.run(() => raise(new RangeError("no")))),
    RangeError,
    "no",
  );
});

Deno.test("Pool is found by its path, and the reference that is found routes too", async () => {
  await using system = quietSystem();
  const pool = system.spawnPool(Desk, desks(), { name: "desks", size: 2 });
  const found = system.find(Desk, "desks") as DeskRef;
  assertEquals(await answers(found, 3), "1 2 1");
  assertEquals(found, pool);
});

Deno.test("Pool replaces an actor that was stopped, in its place, and never sends to it again", async () => {
  await using system = quietSystem();
  const letters = record(system, "dead_letter");
  const pool = system.spawnPool(Desk, desks(), { size: 3 });
  assertEquals(await answers(pool, 3), "1 2 3");
  const [, second] = pool.routees;
  await system.stop(second as DeskRef);
  assertEquals(await answers(pool, 6), "1 4 3 1 4 3");
  assertEquals([pool.size, letters], [3, []]);
});

Deno.test("Pool replaces an actor that its supervisor stopped", async () => {
  await using system = quietSystem();
  const pool = system.spawnPool(Desk, desks(), {
    size: 2,
    routees: { supervisor: stopping },
  });
  pool.tell(Desk.run(() => raise(new Error("boom"))));
  await settle(system);
  assertEquals(await answers(pool, 4), "2 3 2 3");
});

Deno.test("Pool sends nothing to an actor that is still ending", async () => {
  await using system = quietSystem();
  const letters = record(system, "dead_letter");
  const open = gate();
  const make = desks();
  const pool = system.spawnPool(Desk, () => ({
    ...make(),
    onStop: () => open.promise,
  }), { size: 1 });
  const [first] = pool.routees;
  await first?.started();
  const stopped = system.stop(first as DeskRef);
  assertEquals(await answers(pool, 2), "2 2");
  open.resolve();
  await stopped;
  assertEquals(await answers(pool, 2), "2 2");
  assertEquals([pool.routees.length, letters], [1, []]);
});

Deno.test("Pool gives its actors the supervisor of its options, and a restart keeps the place", async () => {
  await using system = quietSystem();
  const failures = record(system, "actor_failed");
  const pool = system.spawnPool(Desk, desks(), {
    size: 2,
    routees: { supervisor: oneForOne({ decide: () => "resume" }) },
  });
  pool.tell(Desk.run(() => raise(new Error("boom"))));
  await settle(system);
  assertEquals(failures.map(({ directive }) => directive), ["resume"]);
  assertEquals(await answers(pool, 2), "2 1");
});

Deno.test("Pool stops replacing an actor that ends too often, warns once, and goes on when the window has moved", async () => {
  const clock = new ManualClock();
  await using system = quietSystem({ clock });
  const warnings = record(system, "warning");
  let isBroken = true;
  let made = 0;
  const make = desks();
  const pool = system.spawnPool(
    Desk,
    () => ++made && isBroken ? raise(new Error("broken")) : make(),
    { name: "desks", size: 1, maxReplacements: 3, within: 1_000 },
  );
  await settle(system);
  await assertRejects(() => pool.ask(Desk.serve("")), NoRouteesError);
  await assertRejects(() => pool.ask(Desk.serve("")), NoRouteesError);
  await settle(system);
  assertEquals(made % 4, 0); // the first one and three replacements, each tried as often as any start
  assertEquals(warnings.map(({ text }) => text.includes("replaced 3 times")), [
    true,
  ]);
  isBroken = false;
  await clock.advance(1_001);
  assertEquals(await answers(pool, 1), "1");
});

Deno.test("Pool.resizeTo() adds actors, and lets those it gives up finish their mail", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const letters = record(system, "dead_letter");
  const pool = system.spawnPool(Desk, desks(log), { size: 2 });
  pool.resizeTo(4);
  assertEquals(await answers(pool, 5), "1 2 3 4 1");
  for (const text of ["a", "b", "c", "d"]) pool.tell(Desk.note(text));
  pool.resizeTo(1);
  assertEquals([pool.size, pool.routees.length], [1, 1]);
  await settle(system);
  assertEquals(log.toSorted(), ["1:d", "2:a", "3:b", "4:c"]);
  assertEquals(await answers(pool, 2), "1 1");
  assertEquals([pool.routees.length, letters], [1, []]);
});

Deno.test("Pool.resizeBy() changes the size by a difference", async () => {
  await using system = quietSystem();
  const pool = system.spawnPool(Desk, desks(), { size: 2 });
  pool.resizeBy(3);
  assertEquals(pool.size, 5);
  pool.resizeBy(-4);
  assertEquals(pool.size, 1);
  assertThrows(() => pool.resizeBy(-2), RangeError, "the size is -1");
  assertThrows(() => pool.resizeTo(1.5), RangeError, "the size is 1.5");
  assertEquals(pool.size, 1);
});

Deno.test("Pool without actors makes typed dead letters and rejects asks, and can grow again", async () => {
  await using system = quietSystem();
  const letters = record(system, "dead_letter");
  const pool = system.spawnPool(Desk, desks(), { name: "desks", size: 0 });
  await pool.started();
  assertEquals(pool.tell(Desk.note("lost")), false);
  const error = await assertRejects(
    () => pool.ask(Desk.serve("")),
    NoRouteesError,
    `Cannot route "desk.serve" by "goakt://test@:0/desks"`,
  );
  assertEquals([error.code, error.outcome], [
    "no_routees_error",
    "not_delivered",
  ]);
  await settle(system);
  assertEquals(letters.map(({ reason, target }) => [reason, target.path]), [
    ["no_routees", "desks"],
    ["no_routees", "desks"],
  ]);
  pool.resizeTo(1);
  assertEquals(await answers(pool, 1), "1");
});

Deno.test("Pool ends after its actors, and what comes later is a dead letter", async () => {
  await using system = quietSystem();
  const stopped = record(system, "actor_stopped");
  const pool = system.spawnPool(Desk, desks(), { name: "desks", size: 2 });
  await pool.started();
  await system.stop(pool);
  await settle(system);
  assertEquals(stopped.map(({ pid }) => pid.path).at(-1), "desks");
  assertEquals([stopped.length, system.select(Desk, "**")], [3, []]);
  assertEquals(pool.tell(Desk.note("late")), false);
  await assertRejects(() => pool.ask(Desk.serve("")), StoppedError);
  assertThrows(() => pool.resizeTo(2), StoppedError);
  assertEquals(pool.routees, []);
});

Deno.test("Pool handles what it was given before the system drains", async () => {
  const system = quietSystem();
  const log: string[] = [];
  const pool = system.spawnPool(Desk, desks(log), { size: 2 });
  for (const text of ["a", "b", "c"]) pool.tell(Desk.note(text));
  await system.drain();
  assertEquals(log.toSorted(), ["1:a", "1:c", "2:b"]);
  assertEquals(system.deadLetters, 0);
});

Deno.test("Pool restarts with all its actors when a failure is escalated to it, and holds mail meanwhile", async () => {
  await using system = quietSystem();
  const letters = record(system, "dead_letter");
  const open = gate();
  const make = desks();
  let endings = 0;
  const pool = system.spawnPool(Desk, () => ({
    ...make(),
    onStop: async () => {
      endings++;
      await open.promise;
    },
  }), {
    size: 2,
    routees: { supervisor: oneForOne({ decide: () => "escalate" }) },
  });
  pool.tell(Desk.run(() => raise(new Error("boom"))));
  await settle(system);
  assertEquals(endings, 2); // both are ending, none lives
  const reply = pool.ask(Desk.serve("held"));
  assertEquals(pool.tell(Desk.note("held too")), true);
  await settle(system);
  open.resolve();
  assertEquals(await reply, "4:held");
  assertEquals(await answers(pool, 2), "4 3");
  assertEquals([pool.routees.length, letters], [2, []]);
});

Deno.test("Pool that is resized while it restarts makes no actor before the old ones have ended", async () => {
  await using system = quietSystem();
  const open = gate();
  let made = 0;
  const pool = system.spawnPool(Desk, () => {
    made++;
    return { ...desks()(), onStop: () => open.promise };
  }, {
    size: 2,
    routees: { supervisor: oneForOne({ decide: () => "escalate" }) },
  });
  pool.tell(Desk.run(() => raise(new Error("boom"))));
  await settle(system);
  pool.resizeTo(3);
  await settle(system);
  assertEquals([pool.size, made], [3, 2]);
  open.resolve();
  await pool.started();
  await settle(system);
  assertEquals([pool.routees.length, made], [3, 5]);
});

Deno.test("Pool is watched like any actor, and ends once", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const pool = system.spawnPool(Desk, desks(), { name: "desks" });
  const eye = system.spawn(Worker, () => ({
    ...worker(),
    onTerminated: ({ pid, reason }) => void log.push(`${pid.path} ${reason}`),
  }));
  await eye.ask(Worker.run((ctx) => ctx.watch(pool)));
  await system.stop(pool);
  await settle(system);
  assertEquals(log, ["desks stopped"]);
});

Deno.test("Context.spawnPool() makes a pool below the actor, which ends with it", async () => {
  await using system = quietSystem();
  const parent = system.spawn(Worker, () => worker(), { name: "parent" });
  const path = await parent.ask(Worker.run((ctx) => {
    const pool = ctx.spawnPool(Desk, desks(), { name: "desks", size: 2 });
    assertEquals(ctx.children, [pool]);
    return pool.pid.path;
  }));
  assertEquals(path, "parent/desks");
  assertEquals(system.select(Desk, "parent/desks/*").length, 2);
  await system.stop(parent);
  assertEquals(system.select(Desk, "**"), []);
});

Deno.test("ActorSystem.spawnPool() refuses what cannot be, and leaves nothing behind", async () => {
  await using system = quietSystem();
  for (
    const options of [
      { size: -1 },
      { size: NaN },
      { maxReplacements: -1 },
      { within: NaN },
    ]
  ) assertThrows(() => system.spawnPool(Desk, desks(), options), RangeError);
  const strategy = { name: "mine" };
  assertThrows(
    () => system.spawnPool(Desk, desks(), { name: "desks", strategy }),
    TypeError,
    "it is not a strategy, one such as roundRobin() was expected",
  );
  await settle(system);
  assertEquals(system.select(Desk, "**"), []);
  assert(system.spawnPool(Desk, desks(), { strategy: roundRobin() }));
});

Deno.test("Pool refuses a message of another protocol", async () => {
  await using system = quietSystem();
  const pool = system.spawnPool(Desk, desks());
  assertThrows(
    () =>
      pool.tell(Worker.note("x") as unknown as ReturnType<typeof Desk.note>),
    TypeError,
    `"worker.note"`,
  );
});

Deno.test("Pool restarted by the system gives fresh actors; respawned, it routes under its old name", async () => {
  await using system = quietSystem();
  const pool = system.spawnPool(Desk, desks(), { name: "desks", size: 2 });
  assertEquals(await answers(pool, 2), "1 2");
  await system.restart(pool);
  assertEquals(await answers(pool, 2), "3 4");
  const respawned = await system.respawn(pool);
  assertEquals(await answers(respawned, 4), "5 6 5 6");
  assertEquals(pool.tell(Desk.note("old")), false);
  const found = system.find(Desk, "desks") as typeof pool;
  assertEquals([found.size, found.routees.length], [2, 2]);
});

Deno.test("Pool passes PoisonPill to nobody: it ends after what was sent before", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const pool = system.spawnPool(Desk, desks(log), { name: "desks", size: 2 });
  pool.tellAll([Desk.note("a"), Desk.note("b"), Desk.note("c")]);
  pool.tell(PoisonPill);
  await settle(system);
  assertEquals(log.toSorted(), ["1:a", "1:c", "2:b"]);
  assertEquals([system.find(Desk, "desks"), system.deadLetters], [
    undefined,
    0,
  ]);
});

Deno.test("Pool.resizeTo() ends the actors that it gives up for good, also one that is suspended then or later", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const letters = record(system, "dead_letter");
  const suspending = oneForOne({ decide: () => "suspend" });
  const pool = system.spawnPool(Desk, desks(log), {
    name: "desks",
    size: 4,
    routees: { supervisor: suspending },
  });
  const fail = Desk.run(() => raise(new Error("no")));
  const [, , third, fourth] = pool.routees as DeskRef[];
  third?.tell(fail);
  await settle(system);
  fourth?.tell(fail); // still waits when the actor is given up
  for (const ref of [third, fourth]) ref?.tell(Desk.note("lost"));
  pool.resizeTo(1);
  await settle(system);
  assertEquals(system.select(Desk, "desks/*"), [...pool.routees]);
  assertEquals([pool.routees.length, log.length], [1, 0]);
  assertEquals(
    letters.map(({ message, reason }) => [message.body, reason]),
    [["lost", "stopped"], ["lost", "stopped"]],
  );
});

Deno.test("Pool loses nothing while its actors are stopped and it is resized in the middle of traffic", async () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const random = seededRandom(seed);
  const below = (bound: number) => Math.floor(random.next() * bound);
  await using system = quietSystem({ random });
  const handled: number[] = [];
  const letters = record(system, "dead_letter");
  let stops = 0;
  const waiting: Promise<number>[] = [];
  const pool = system.spawnPool(Desk, desks(), {
    name: "desks",
    maxReplacements: Infinity,
  });
  for (let id = 0; id < 20_000; id++) {
    const message = Desk.run((_, ctx) => {
      handled.push(id);
      if (id % 7 === 0) return turn().then(() => id);
      if (id % 97 === 0) void ctx.stop(); // what waits behind it is lost, with a word
      return id;
    });
    const taken = pool.ask(message) as Promise<number>;
    waiting.push(taken.catch(({ code }) => code === "stopped_error" ? -1 : -2));
    const dice = below(100);
    if (dice === 0) pool.resizeTo(1 + below(8));
    else if (dice === 1) {
      const ref = pool.routees[below(pool.routees.length)] as DeskRef;
      stops++;
      void system.stop(ref);
      assert(!pool.routees.includes(ref));
    } else if (dice === 2) await turn();
  }
  const replies = await Promise.all(waiting);
  await settle(system);
  const lost = letters.length;
  const told = replies.filter((reply) => reply === -1).length;
  assertEquals(
    { handled: new Set(handled).size + lost, twice: handled.length + lost },
    { handled: 20_000, twice: 20_000 },
    `seed ${seed}`,
  );
  assertEquals([told, replies.includes(-2)], [lost, false], `seed ${seed}`);
  assert(stops > 50 && lost > 0 && handled.length > 1_000, `seed ${seed}`);
  assertEquals(
    system.select(Desk, "desks/*").length,
    pool.size,
    `seed ${seed}`,
  );
  assert(
    letters.every(({ target, reason }) =>
      reason === "stopped" && target.path !== "desks"
    ),
  );
});

Deno.test("Pool resized up and down in the middle of traffic handles every message", async () => {
  await using system = quietSystem();
  let handled = 0;
  const pool = system.spawnPool(Desk, desks(), { size: 3 });
  for (let i = 0; i < 10_000; i++) {
    pool.tell(Desk.run(() => {
      handled++;
      return i % 5 === 0 ? turn() : undefined;
    }));
    if (i % 10 === 0) pool.resizeTo(1 + (i * 7) % 9);
    if (i % 100 === 0) await turn();
  }
  pool.resizeTo(2);
  await settle(system);
  assertEquals([handled, system.deadLetters], [10_000, 0]);
});

for (const [name, makeStrategy] of Object.entries(STRATEGIES)) {
  Deno.test(`${name} never sends to an actor that was stopped, not even the next message`, async () => {
    await using system = quietSystem();
    const letters = record(system, "dead_letter");
    const pool = system.spawnPool(Desk, desks(), {
      size: 3,
      strategy: makeStrategy(),
    });
    const others = Array.from({ length: 8 }, () => system.spawn(Desk, desks()));
    const group = system.spawnGroup(Desk, others, { strategy: makeStrategy() });
    await settle(system);
    for (let round = 0; round < 20; round++) {
      const [ref] = pool.routees as DeskRef[];
      void system.stop(ref as DeskRef); // is not awaited: it is still ending
      pool.tell(Desk.note("on"));
      await pool.ask(Desk.serve("on"));
    }
    // So many that whoever is ending would be chosen by chance or by key as well.
    const texts = Array.from({ length: 50 }, (_, i) => `${i}`);
    for (const ref of others.slice(1)) {
      void system.stop(ref);
      for (const text of texts) group.tell(Desk.note(text));
      await Promise.all(texts.map((text) => group.ask(Desk.serve(text))));
    }
    await settle(system);
    assertEquals(letters.length, 0);
  });
}
