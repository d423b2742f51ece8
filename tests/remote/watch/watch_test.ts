import { assert, assertEquals } from "@std/assert";
import {
  type ActorRef,
  type AnyProtocol,
  oneForOne,
  PoisonPill,
} from "../../../actor/mod.ts";
import { DisconnectedError } from "../../../remote/errors.ts";
import { MOST_WATCHES } from "../../../remote/watch/served_watches.ts";
import type { Transport } from "../../../remote/transport/transport.ts";
import { FrameKind } from "../../../remote/wire/kinds.ts";
import { Guard, guard, type GuardLog, watchers } from "./watch_world.ts";
import { addressOf, type Node, World } from "../world.ts";
import { encode, WirePeer } from "../wire/wire_peer.ts";

/** What fails ends. */
const system = { supervisor: oneForOne({ decide: () => "stop" as const }) };

interface Watching {
  a: Node;
  b: Node;
  /** On `b`. */
  actor: GuardLog;
  /** On `a`. */
  watcher: GuardLog;
  /** From `a` to the actor. */
  far: ActorRef<typeof Guard>;
}

async function nodes(world: World): Promise<Watching> {
  const a = await world.node("a", { system });
  const b = await world.node("b", { system });
  const actor = guard(b, "actor");
  const watcher = guard(a, "watcher");
  const far = a.remote.ref(Guard, addressOf(b, "actor"));
  await world.settle();
  return { a, b, actor, watcher, far };
}

/** A guard on `a` that watches one on `b`. */
async function watching(world: World): Promise<Watching> {
  const it = await nodes(world);
  it.watcher.ref.tell(Guard.watch(it.far));
  await world.settle();
  assertEquals(watchers(it.b, "actor"), 1);
  return it;
}

Deno.test("Context.watch() of an actor on another node tells why it has ended: stopped, failed", async () => {
  await using world = new World();
  const { a, b, actor, watcher, far } = await watching(world);
  const failing = guard(b, "failing");
  watcher.ref.tell(Guard.watch(a.remote.ref(Guard, addressOf(b, "failing"))));
  await world.settle();
  assertEquals(watcher.told, []);
  const { pid } = actor.ref;
  await a.remote.stop(far);
  await world.settle();
  failing.ref.tell(Guard.fail("no more paper"));
  await world.settle();
  assertEquals(watcher.told, [
    "end of actor stopped",
    "end of failing failed (range_error: RangeError: no more paper)",
  ]);
  assertEquals(watcher.ends.map((end) => end.pid.toJSON()), [
    pid.toJSON(),
    failing.ref.pid.toJSON(),
  ]);
  assertEquals([a.warnings, b.warnings], [[], []]);
});

Deno.test("Context.watch() of an actor on another node tells of a start that failed and of passivation", async () => {
  await using world = new World();
  const { a, b, watcher } = await nodes(world);
  const opened = Promise.withResolvers<void>();
  b.system.spawn(Guard, () => ({
    onStart: () => opened.promise,
    receive: () => {},
  }), { name: "starting" });
  b.system.spawn(Guard, () => ({ receive: () => {} }), {
    name: "resting",
    passivation: { idle: 5_000 },
  });
  for (const name of ["starting", "resting"]) {
    watcher.ref.tell(Guard.watch(a.remote.ref(Guard, addressOf(b, name))));
  }
  await world.settle();
  opened.reject(new RangeError("no ink"));
  await world.settle();
  await world.clock.advance(5_000);
  assertEquals(watcher.told.length, 2);
  assert(
    watcher.told[0]?.startsWith("end of starting not_started (start_error:"),
  );
  assert(watcher.told[0]?.includes("no ink"));
  assertEquals(watcher.told[1], "end of resting passivated");
});

Deno.test("Context.watch() of an actor that is missing on its node says so, with its name", async () => {
  await using world = new World();
  const { a, b, actor, watcher } = await nodes(world);
  const exact = a.remote.ref(Guard, actor.ref.pid);
  await b.system.stop(actor.ref);
  guard(b, "actor"); // another one of that name
  for (const ref of [a.remote.ref(Guard, addressOf(b, "nobody")), exact]) {
    watcher.ref.tell(Guard.watch(ref));
  }
  await world.settle();
  assertEquals(watcher.ends.map(({ pid, reason }) => [pid.toJSON(), reason]), [
    [addressOf(b, "nobody"), "missing"],
    [exact.pid.toJSON(), "missing"],
  ]);
  assert(
    watcher.told[0]?.includes(
      `Cannot watch "${addressOf(b, "nobody")}": there is no such actor`,
    ),
    watcher.told[0],
  );
});

Deno.test("Context.unwatch() ends a watch on another node, whichever reference it is given", async () => {
  await using world = new World();
  const { a, b, actor, watcher, far } = await watching(world);
  watcher.ref.tell(Guard.watch(a.remote.ref(Guard, far.pid))); // watched already
  await world.settle();
  assertEquals(watchers(b, "actor"), 1);
  watcher.ref.tell(Guard.unwatch(a.remote.ref(Guard, far.pid)));
  await world.settle();
  assertEquals(watchers(b, "actor"), 0);
  // A watch that is taken back before it was sent is none either.
  watcher.ref.tell(Guard.watch(far));
  watcher.ref.tell(Guard.unwatch(far));
  await world.settle();
  assertEquals(watchers(b, "actor"), 0);
  await b.system.stop(actor.ref);
  await world.settle();
  assertEquals(watcher.told, []);
});

Deno.test("Watches of a watcher that has ended are ended on the other node, and so are those of a lost link", async () => {
  await using world = new World();
  const { a, b, watcher, far } = await watching(world);
  await a.system.stop(watcher.ref);
  await world.settle();
  assertEquals(watchers(b, "actor"), 0);
  const other = guard(a, "other");
  other.ref.tell(Guard.watch(far));
  await world.settle();
  assertEquals(watchers(b, "actor"), 1);
  world.network.cut("a", "b");
  await world.clock.advance(12_500);
  assertEquals(watchers(b, "actor"), 0);
});

Deno.test("Many watchers of one actor share one watch on its node, and each is told", async () => {
  await using world = new World();
  const { a, b, actor, watcher, far } = await watching(world);
  const others = [1, 2, 3].map((n) => guard(a, `other${n}`));
  for (const { ref } of others) ref.tell(Guard.watch(far));
  await world.settle();
  assertEquals(watchers(b, "actor"), 1);
  others[0]?.ref.tell(Guard.unwatch(far));
  await world.settle();
  await b.system.stop(actor.ref);
  await world.settle();
  assertEquals([watcher, ...others].map(({ told }) => told.length), [
    1,
    0,
    1,
    1,
  ]);
});

Deno.test("The end of an actor follows the messages that it has sent before, large ones too", async () => {
  await using world = new World({ capacity: 50_000 });
  const { actor, watcher } = await watching(world);
  const to = watcher.ref.pid.toJSON();
  actor.ref.tell(Guard.say({ to, words: 5, pad: "x".repeat(2_000_000) }));
  await world.settle();
  const before = watcher.told.length;
  actor.ref.tell(Guard.say({ to, words: 3, pad: "x".repeat(3_000_000) }));
  actor.ref.tell(PoisonPill);
  await world.settle();
  assertEquals([before, watcher.told], [5, [
    ...["0", "1", "2", "3", "4", "0", "1", "2"],
    "end of actor stopped",
  ]]);
});

Deno.test("The end of an actor is not told before what it has sent, while that is held up", async () => {
  await using world = new World({ capacity: 10_000 });
  const { actor, watcher } = await watching(world);
  const to = watcher.ref.pid.toJSON();
  actor.ref.tell(Guard.say({ to, words: 1, pad: "" }));
  await world.settle();
  world.network.degrade("b", "a", { delay: 300 });
  actor.ref.tell(Guard.say({ to, words: 2, pad: "x".repeat(200_000) }));
  actor.ref.tell(PoisonPill);
  await world.settle();
  await world.clock.advance(2_000); // far more than the news alone would need
  assertEquals(watcher.told, ["0"]);
  world.network.heal("a", "b");
  await world.clock.advance(20_000);
  assertEquals(watcher.told, ["0", "0", "1", "end of actor stopped"]);
});

Deno.test("A node that cannot be reached for longer than nodeDownTimeout is down for every watcher, once", async () => {
  await using world = new World();
  const { a, b, actor, watcher, far } = await watching(world);
  const other = guard(a, "other");
  other.ref.tell(Guard.watch(far));
  await world.clock.advance(60_000); // idle, and still watched
  world.network.cut("a", "b");
  await world.clock.advance(9_000);
  assertEquals([watcher.told, other.told], [[], []]);
  await world.clock.advance(6_000);
  const text =
    'end of actor node_down (Cannot watch actors of "b:49153": it was out of reach for 10000 ms, an open connection was expected)';
  assertEquals([watcher.told, other.told], [[text], [text]]);
  assertEquals(watcher.ends[0]?.pid.toJSON(), actor.ref.pid.toJSON());
  assert(watcher.ends[0]?.error instanceof DisconnectedError);
  // Nothing more is told, also when the node is back and the actor ends.
  world.network.heal("a", "b");
  await world.clock.advance(60_000);
  await b.system.stop(actor.ref);
  await world.clock.advance(60_000);
  assertEquals([watcher.told.length, other.told.length], [1, 1]);
});

Deno.test("A node that refuses connections is down after nodeDownTimeout, one that was never reached too", async () => {
  await using world = new World();
  const { a, b, watcher } = await watching(world);
  await world.drain(b);
  const started = world.clock.now();
  const nowhere = a.remote.ref(Guard, "goakt://c@a:9/actor");
  watcher.ref.tell(Guard.watch(nowhere));
  await world.clock.advance(9_900);
  assertEquals(watcher.told, []);
  await world.clock.advance(200);
  assertEquals(world.clock.now() - started, 10_100);
  assertEquals(watcher.ends.map(({ pid, reason }) => [pid.path, reason]), [
    ["actor", "node_down"],
    ["actor", "node_down"],
  ]);
  // Whoever watches again is told again.
  watcher.ref.tell(Guard.watch(nowhere));
  await world.clock.advance(10_100);
  assertEquals(watcher.told.length, 3);
});

Deno.test("A watch survives a link that is lost for a while, and what happened meanwhile is told", async () => {
  await using world = new World();
  const { a, b, actor, watcher } = await watching(world);
  const brief = guard(b, "brief");
  watcher.ref.tell(Guard.watch(a.remote.ref(Guard, addressOf(b, "brief"))));
  await world.settle();
  world.network.cut("a", "b");
  await world.clock.advance(2_000);
  world.network.reset("a", "b"); // lost, and not to be had again for a while
  await b.system.stop(brief.ref);
  await world.clock.advance(4_000);
  assertEquals(watcher.told, []);
  world.network.heal("a", "b");
  await world.clock.advance(4_000);
  assertEquals(watcher.told.length, 1);
  assert(watcher.told[0]?.startsWith("end of brief missing"), watcher.told[0]);
  assertEquals(watchers(b, "actor"), 1);
  await world.clock.advance(60_000);
  await b.system.stop(actor.ref);
  await world.settle();
  assertEquals(watcher.told.slice(1), ["end of actor stopped"]);
});

Deno.test("A node that was started anew is told as down at once", async () => {
  await using world = new World();
  const { b, watcher } = await watching(world);
  const { port } = b.remote;
  await world.drain(b);
  const next = await world.node("b", { remote: { port } });
  guard(next, "actor"); // of the same name, but another one
  await world.clock.advance(200); // less than nodeDownTimeout by far
  assertEquals(watcher.told.length, 1);
  assert(watcher.told[0]?.includes("node_down"), watcher.told[0]);
  assert(watcher.told[0]?.includes("it has been started anew"));
});

Deno.test("The end of one's own remoting is told to all who watch", async () => {
  await using world = new World();
  const { a, watcher, far } = await watching(world);
  await world.drain(a);
  assertEquals(watcher.ends.map(({ reason }) => reason), ["node_down"]);
  assert(watcher.told[0]?.includes("remoting of this node has ended"));
  watcher.ref.tell(Guard.watch(far));
  await world.settle();
  assertEquals(watcher.ends.map(({ reason }) => reason), [
    "node_down",
    "node_down",
  ]);
});

Deno.test("Watching and unwatching without end leaves nothing behind, and closes no link that is needed", async () => {
  await using world = new World();
  const { a, b, actor, watcher, far } = await watching(world);
  for (let round = 0; round < 1_000; round++) {
    watcher.ref.tell(Guard.unwatch(far));
    watcher.ref.tell(Guard.watch(far));
  }
  await world.clock.advance(10 * 60_000);
  assertEquals([watchers(b, "actor"), a.remote.connections], [1, 1]);
  await b.system.stop(actor.ref);
  await world.settle();
  assertEquals(watcher.told, ["end of actor stopped"]);
});

Deno.test("A link is not idle while something is watched over it", async () => {
  await using world = new World();
  const transport = world.transport("a");
  let dialled = 0;
  const connect: Transport["connect"] = (options) => {
    dialled++;
    return transport.connect(options);
  };
  const a = await world.node("a", {
    remote: {
      idleTimeout: 20_000,
      transport: {
        scheme: "noting",
        listen: (options) => transport.listen(options),
        connect,
      },
    },
  });
  const b = await world.node("b");
  guard(b, "actor");
  const watcher = guard(a, "watcher");
  const far = a.remote.ref(Guard, addressOf(b, "actor"));
  watcher.ref.tell(Guard.watch(far));
  await world.clock.advance(120_000);
  assertEquals([dialled, watchers(b, "actor")], [1, 1]);
  watcher.ref.tell(Guard.unwatch(far));
  await world.clock.advance(120_000);
  assertEquals([dialled, a.remote.connections], [1, 0]);
});

Deno.test("A peer may watch 65,536 actors over a link, and is told when it wants more", async () => {
  await using world = new World();
  const b = await world.node("b");
  const actor = guard(b, "actor");
  const peer = await WirePeer.dial(world, b, "control");
  const address = addressOf(b, "actor");
  const watch = (correlation: number) => ({
    kind: FrameKind.WATCH,
    correlation,
    address,
  });
  const reading = (async () => {
    for (let count = 0; count < MOST_WATCHES; count++) {
      await peer.expect(FrameKind.WATCHED);
    }
  })();
  for (let first = 1; first <= MOST_WATCHES; first += 1_024) {
    await peer.connection.write(
      encode(...Array.from({ length: 1_024 }, (_, n) => watch(first + n))),
    );
  }
  await reading;
  await peer.send(watch(MOST_WATCHES + 1));
  const { failure } = await peer.expect(FrameKind.FAILURE);
  assertEquals(failure?.code, "overloaded_error");
  assertEquals(watchers(b, "actor"), MOST_WATCHES);
  await peer.send({ kind: FrameKind.UNWATCH, correlation: 7 }, watch(7));
  await peer.expect(FrameKind.WATCHED);
  peer.connection.close();
  await world.settle();
  assertEquals(watchers(b, "actor"), 0);
  await b.system.stop(actor.ref);
});

/** Two guards on two nodes, the first linked with the second. */
async function linked(
  world: World,
  links: "survives" | "dies" = "survives",
): Promise<Watching> {
  const it = await nodes(world);
  const one = guard(it.a, "one", links);
  const other = guard(it.b, "other", links);
  const far: ActorRef<AnyProtocol> = it.a.remote.ref(
    Guard,
    addressOf(it.b, "other"),
  );
  one.ref.tell(Guard.link(far));
  await world.settle();
  return {
    ...it,
    actor: other,
    watcher: one,
    far: far as ActorRef<typeof Guard>,
  };
}

Deno.test("Context.link() with an actor on another node has each feel the end of the other", async () => {
  for (const ends of ["watcher", "actor"] as const) {
    await using world = new World();
    const it = await linked(world);
    const survivor = ends === "watcher" ? it.actor : it.watcher;
    it[ends].ref.tell(Guard.fail("broken"));
    await world.settle();
    const name = ends === "watcher" ? "one" : "other";
    assertEquals(survivor.told, [
      `exit of ${name} failed (range_error: RangeError: broken)`,
    ]);
    assertEquals(it[ends].told, []);
    assertEquals([watchers(it.a, "one"), watchers(it.b, "other")], [0, 0]);
  }
});

Deno.test("A linked actor without onExit fails with the end of the other, across nodes", async () => {
  await using world = new World();
  const { a, b, actor } = await linked(world, "dies");
  actor.ref.tell(Guard.fail("broken"));
  await world.settle();
  assertEquals(a.system.find(Guard, "one"), undefined);
  assertEquals(b.system.find(Guard, "other"), undefined);
});

Deno.test("A linked actor without onExit outlives an end by request, across nodes", async () => {
  await using world = new World();
  const { a, b, actor } = await linked(world, "dies");
  await b.system.stop(actor.ref);
  await world.settle();
  assert(a.system.find(Guard, "one") !== undefined);
});

Deno.test("Context.unlink() ends a link on both nodes, also when they cannot talk at that moment", async () => {
  await using world = new World();
  const { a, b, actor, watcher, far } = await linked(world);
  assertEquals([watchers(a, "one"), watchers(b, "other")], [2, 2]);
  watcher.ref.tell(Guard.unlink(far));
  await world.settle();
  assertEquals([watchers(a, "one"), watchers(b, "other")], [0, 0]);
  watcher.ref.tell(Guard.link(far));
  await world.settle();
  assertEquals([watchers(a, "one"), watchers(b, "other")], [2, 2]);
  world.network.cut("a", "b");
  world.network.reset("a", "b");
  watcher.ref.tell(Guard.unlink(far));
  await world.clock.advance(3_000);
  world.network.heal("a", "b");
  await world.clock.advance(5_000);
  assertEquals([watchers(a, "one"), watchers(b, "other")], [0, 0]);
  watcher.ref.tell(Guard.fail("alone"));
  await world.settle();
  assertEquals([watcher.told, actor.told], [[], []]);
});

Deno.test("The loss of a node is felt by linked actors on both sides", async () => {
  await using world = new World();
  const { actor, watcher } = await linked(world);
  world.network.cut("a", "b");
  await world.clock.advance(15_000);
  assertEquals(
    [watcher, actor].map(({ ends }) =>
      ends.map(({ pid, reason }) => `${pid.path} ${reason}`)
    ),
    [["other node_down"], ["one node_down"]],
  );
});

Deno.test("A link survives a connection that is lost for a while", async () => {
  await using world = new World();
  const { actor, watcher } = await linked(world);
  world.network.reset("a", "b");
  await world.clock.advance(5_000);
  assertEquals([watcher.told, actor.told], [[], []]);
  watcher.ref.tell(Guard.fail("broken"));
  await world.settle();
  assertEquals(actor.told, [
    "exit of one failed (range_error: RangeError: broken)",
  ]);
});

Deno.test("A peer may link its own actors only", async () => {
  await using world = new World();
  const [b, c] = [await world.node("b"), await world.node("c")];
  guard(b, "actor");
  const victim = guard(c, "victim");
  const peer = await WirePeer.dial(world, b, "control");
  await peer.send({
    kind: FrameKind.LINK,
    correlation: 1,
    address: addressOf(b, "actor"),
    payload: new TextEncoder().encode(victim.ref.pid.toJSON()),
  });
  const { failure } = await peer.expect(FrameKind.FAILURE);
  assert(
    failure?.text.includes("an actor of the node that asks was expected"),
    failure?.text,
  );
  assertEquals([watchers(b, "actor"), c.remote.connections], [0, 0]);
  peer.connection.close();
  await world.settle();
});
