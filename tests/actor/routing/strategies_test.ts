import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  ask,
  broadcast,
  consistentHash,
  leastMailbox,
  oneForOne,
  type Pool,
  protocol,
  type Random,
  randomRouting,
  roundRobin,
  RouteesFailedError,
  type RoutingStrategy,
  tell,
} from "../../../actor/mod.ts";
import { rendezvous } from "../../../internal/hash.ts";
import { seededRandom } from "../../../internal/random.ts";
import { settle } from "../../../testing/mod.ts";
import { gate, quietSystem, raise, record } from "../fixtures.ts";
import { Desk, type DeskRef, desks } from "./fixtures.ts";

/** Counts the entries of `log` by the desk that wrote them. */
function shares(log: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const entry of log) {
    const [desk = ""] = entry.split(":");
    counts[desk] = (counts[desk] ?? 0) + 1;
  }
  return counts;
}

Deno.test("roundRobin() is in true order for any number of messages", async () => {
  await using system = quietSystem();
  const order: number[] = [];
  const pool = system.spawnPool(Desk, desks(), { size: 5 });
  for (let i = 0; i < 1_000; i++) {
    order.push(Number((await pool.ask(Desk.serve(""))).split(":")[0]));
  }
  assertEquals(order, Array.from({ length: 1_000 }, (_, i) => i % 5 + 1));
});

Deno.test("roundRobin() begins again when the pool has shrunk below its position", async () => {
  await using system = quietSystem();
  const pool = system.spawnPool(Desk, desks(), { size: 4 });
  for (let i = 0; i < 3; i++) await pool.ask(Desk.serve(""));
  pool.resizeTo(2);
  assertEquals(await pool.ask(Desk.serve("")), "1:");
  assertEquals(await pool.ask(Desk.serve("")), "2:");
});

Deno.test("a strategy is a value: two routers that share one do not share a position", async () => {
  await using system = quietSystem();
  const strategy = roundRobin();
  const one = system.spawnPool(Desk, desks(), { size: 2, strategy });
  const other = system.spawnPool(Desk, desks(), { size: 2, strategy });
  assertEquals(await one.ask(Desk.serve("")), "1:");
  assertEquals(await other.ask(Desk.serve("")), "1:");
  assertEquals([strategy.name, Object.isFrozen(strategy)], [
    "round_robin",
    true,
  ]);
});

Deno.test("randomRouting() is evenly spread and repeatable with the injected randomness", async () => {
  const run = async () => {
    const log: string[] = [];
    await using system = quietSystem({ random: seededRandom(7) });
    const pool = system.spawnPool(Desk, desks(log), {
      size: 4,
      strategy: randomRouting(),
    });
    for (let i = 0; i < 4_000; i++) pool.tell(Desk.note(String(i)));
    await settle(system);
    return log.toSorted(); // the desks take turns by the clock
  };
  const first = await run();
  assertEquals(first, await run());
  for (const [desk, share] of Object.entries(shares(first))) {
    assert(share > 900 && share < 1_100, `${desk} has ${share} of 4000`);
  }
});

Deno.test("randomRouting() gives everybody else the same chance while one is ending", async () => {
  const log: string[] = [];
  await using system = quietSystem({ random: seededRandom(7) });
  const open = gate();
  const make = desks(log);
  const refs = Array.from(
    { length: 4 },
    () => system.spawn(Desk, () => ({ ...make(), onStop: () => open.promise })),
  );
  const group = system.spawnGroup(Desk, refs, { strategy: randomRouting() });
  await group.started();
  const stopped = system.stop(refs[1] as DeskRef);
  for (let i = 0; i < 3_000; i++) group.tell(Desk.note(String(i)));
  await settle(system);
  open.resolve();
  await stopped;
  const counts = shares(log);
  assertEquals(Object.keys(counts), ["1", "3", "4"]);
  for (const [desk, share] of Object.entries(counts)) {
    assert(share > 900 && share < 1_100, `${desk} has ${share} of 3000`);
  }
});

Deno.test("randomRouting() survives a source of randomness at its edges", async () => {
  for (const value of [0, 1 - Number.EPSILON / 2]) {
    const random: Random = { next: () => value };
    await using system = quietSystem({ random });
    const pool = system.spawnPool(Desk, desks(), {
      size: 3,
      strategy: randomRouting(),
    });
    assertEquals(await pool.ask(Desk.serve("")), value === 0 ? "1:" : "3:");
  }
});

Deno.test("broadcast() gives a message to all, and one dead does not hinder the others", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const make = desks(log);
  const refs = Array.from({ length: 3 }, () => system.spawn(Desk, make));
  const group = system.spawnGroup(Desk, refs, { strategy: broadcast() });
  assertEquals(group.tell(Desk.note("a")), true);
  await settle(system);
  await system.stop(refs[0] as DeskRef);
  assertEquals(group.tell(Desk.note("b")), true);
  await settle(system);
  assertEquals(log.toSorted(), ["1:a", "2:a", "2:b", "3:a", "3:b"]);
  assertEquals(system.deadLetters, 0);
});

Deno.test("broadcast() answers an ask with the first reply, and fails only when all have failed", async () => {
  await using system = quietSystem();
  const pool = system.spawnPool(Desk, desks(), {
    size: 3,
    strategy: broadcast(),
    routees: { supervisor: oneForOne({ decide: () => "resume" }) },
  });
  const reply = await pool.ask(
    Desk.run((desk) => desk < 3 ? raise(new Error(`no ${desk}`)) : desk),
  );
  assertEquals(reply, 3);
  const error = await assertRejects(
    () => pool.ask(Desk.run((desk) => raise(new Error(`no ${desk}`)))),
    RouteesFailedError,
    "all 3 actors behind it failed",
  );
  assertEquals(error.errors.map(String), [
    "Error: no 1",
    "Error: no 2",
    "Error: no 3",
  ]);
});

Deno.test("leastMailbox() prefers who has the least to do, and takes turns among equals", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const pool = system.spawnPool(Desk, desks(log), {
    size: 3,
    strategy: leastMailbox(),
  });
  const open = gate();
  const [first, second] = pool.routees as readonly [DeskRef, DeskRef];
  first.tell(Desk.run(() => open.promise)); // in work
  second.tell(Desk.run(() => open.promise)); // in work, and one waits
  second.tell(Desk.note("own"));
  await settle(system);
  pool.tell(Desk.note("a")); // the third is free
  pool.tell(Desk.note("b")); // now the first and the third have one each
  pool.tell(Desk.note("c"));
  pool.tell(Desk.note("d")); // now all have two, and the first is next
  open.resolve();
  await settle(system);
  assertEquals(shares(log.filter((entry) => !entry.includes("own"))), {
    "1": 2,
    "3": 2,
  });
  log.length = 0;
  for (let i = 0; i < 6; i++) {
    pool.tell(Desk.note("even"));
    await settle(system);
  }
  assertEquals(shares(log), { "1": 2, "2": 2, "3": 2 });
});

const Cart = protocol("cart", {
  add: ask<{ user: string }, number>(),
  drop: tell<number>(),
});

/** A pool of carts, each with a number, that write down which keys they get. */
function carts(seen: Map<string, Set<number>>) {
  let made = 0;
  const note = (key: string, cart: number) => {
    const known = seen.get(key) ?? new Set<number>();
    seen.set(key, known.add(cart));
    return cart;
  };
  return () => {
    const cart = ++made;
    return {
      add: ({ user }: { user: string }) => note(user, cart),
      drop: (number: number) => void note(String(number), cart),
    };
  };
}

const byUser = consistentHash(Cart, {
  add: ({ user }) => user,
  drop: (number) => number,
});

Deno.test("consistentHash() gives one key to one actor, whichever message it is in", async () => {
  await using system = quietSystem();
  const seen = new Map<string, Set<number>>();
  const pool = system.spawnPool(Cart, carts(seen), {
    size: 5,
    strategy: byUser,
  });
  for (let i = 0; i < 300; i++) {
    await pool.ask(Cart.add({ user: String(i % 100) }));
    pool.tell(Cart.drop(i % 100));
  }
  await settle(system);
  assertEquals(seen.size, 100);
  for (const [key, known] of seen) assertEquals(known.size, 1, key);
  const used = new Set([...seen.values()].flatMap((known) => [...known]));
  assertEquals(used.size, 5);
});

Deno.test("consistentHash() chooses the place that rendezvous hashing names", async () => {
  await using system = quietSystem();
  const pool = system.spawnPool(Cart, carts(new Map()), {
    size: 4,
    strategy: byUser,
  });
  for (const user of ["ada", "grace", "alan", "käthe", ""]) {
    const place = Number(rendezvous(user, ["0", "1", "2", "3"]));
    assertEquals(await pool.ask(Cart.add({ user })), place + 1, user);
  }
});

Deno.test("consistentHash() moves only the keys of a place that comes or goes, and a successor gets its keys", async () => {
  await using system = quietSystem();
  const pool = system.spawnPool(Cart, carts(new Map()), {
    size: 4,
    strategy: byUser,
  });
  const users = Array.from({ length: 200 }, (_, index) => `user-${index}`);
  const where = async (of: Pool<typeof Cart>) => {
    const carts: number[] = [];
    for (const user of users) carts.push(await of.ask(Cart.add({ user })));
    return carts;
  };
  const before = await where(pool);
  const [, second] = pool.routees;
  await system.stop(second as typeof pool);
  assertEquals(await where(pool), before.map((cart) => cart === 2 ? 5 : cart));
  pool.resizeTo(5);
  for (const [index, cart] of (await where(pool)).entries()) {
    const old = before[index] === 2 ? 5 : before[index];
    assert(cart === old || cart === 6, `${users[index]} moved to ${cart}`);
  }
  pool.resizeTo(4);
  assertEquals(await where(pool), before.map((cart) => cart === 2 ? 5 : cart));
});

Deno.test("consistentHash() needs a key for each message and reports one that throws", async () => {
  assertThrows(
    () =>
      consistentHash(Cart, { add: () => "" } as unknown as {
        add: () => string;
        drop: () => string;
      }),
    TypeError,
    `found no key for "drop"`,
  );
  await using system = quietSystem();
  const letters = record(system, "dead_letter");
  const strategy = consistentHash(Cart, {
    add: () => raise(new RangeError("no key")),
    drop: () => raise(new RangeError("no key")),
  });
  const pool = system.spawnPool(Cart, carts(new Map()), { strategy });
  await assertRejects(
    () => pool.ask(Cart.add({ user: "" })),
    RangeError,
    "no key",
  );
  assertEquals(pool.tell(Cart.drop(1)), false);
  await settle(system);
  assertEquals(letters.map(({ reason, error }) => [reason, String(error)]), [
    ["no_routees", "RangeError: no key"],
    ["no_routees", "RangeError: no key"],
  ]);
});

Deno.test("RoutingStrategy of one protocol does not fit a router of another", async () => {
  await using system = quietSystem();
  const general: RoutingStrategy<typeof Desk> = roundRobin();
  system.spawnPool(Desk, desks(), { strategy: general });
  // @ts-expect-error the keys are those of another protocol
  const pool = system.spawnPool(Desk, desks(), { strategy: byUser });
  assertEquals(pool.size, 4);
});
