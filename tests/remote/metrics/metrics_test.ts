import { assert, assertEquals, assertThrows } from "@std/assert";
import { MemoryMetrics } from "../../../actor/mod.ts";
import { LatencyHistogram } from "../../../actor/metrics/histogram.ts";
import { peerName } from "../../../remote/metrics/meter.ts";
import {
  MemoryRemoteMetrics,
  type PeerMetrics,
  type PeerSnapshot,
  type RemoteMetrics,
} from "../../../remote/metrics/metrics.ts";
import { Box, BoxKind, spawnBox, upTo } from "../actors.ts";
import { addressOf, type Node, World } from "../world.ts";

interface Pair {
  readonly a: Node;
  readonly b: Node;
  /** What one node counts of the other. */
  seenBy(node: Node): PeerSnapshot;
}

const NOTHING: PeerSnapshot = {
  links: { connecting: 0, open: 0, parting: 0 },
  waiting: 0,
  sent: { messages: 0, bytes: 0 },
  received: { messages: 0, bytes: 0 },
  asks: new Map(),
  errors: {},
  lateReplies: 0,
};

async function pair(world: World): Promise<Pair> {
  const [ofA, ofB] = [new MemoryRemoteMetrics(), new MemoryRemoteMetrics()];
  const a = await world.node("a", { remote: { metrics: ofA } });
  const b = await world.node("b", {
    system: { kinds: [BoxKind] },
    remote: { metrics: ofB },
  });
  const name = ({ remote }: Node) => `${remote.host}:${remote.port}`;
  const seenBy = (node: Node) =>
    (node === a ? ofA.snapshot().get(name(b)) : ofB.snapshot().get(name(a))) ??
      NOTHING;
  return { a, b, seenBy };
}

/** The codes of what failed, with how often. */
async function errorsOf(
  fail: (pair: Pair, world: World) => Promise<unknown> | unknown,
): Promise<PeerSnapshot["errors"]> {
  await using world = new World();
  const both = await pair(world);
  spawnBox(both.b.system, "box");
  await fail(both, world);
  await world.settle();
  return both.seenBy(both.a).errors;
}

Deno.test("RemoteMetrics counts messages and bytes by peer, and both ends agree", async () => {
  await using world = new World();
  const { a, b, seenBy } = await pair(world);
  const box = spawnBox(b.system, "box");
  assertEquals(seenBy(a), NOTHING);
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  for (const id of upTo(10)) ref.tell(Box.put({ id }));
  ref.tell(Box.raw(new Uint8Array(300_000)));
  await world.settle();
  await Promise.all(upTo(5).map(() => ref.ask(Box.ids())));
  await world.settle();
  assertEquals([box.ids.length, box.sizes], [10, [300_000]]);
  const [near, far] = [seenBy(a), seenBy(b)];
  assertEquals([near.sent.messages, near.received.messages], [16, 0]);
  assertEquals([far.received.messages, far.sent.messages], [16, 0]);
  assertEquals(near.sent.bytes, far.received.bytes);
  assertEquals(near.received.bytes, far.sent.bytes);
  assert(near.sent.bytes > 300_000 && near.received.bytes > 0);
  assertEquals([near.errors, near.lateReplies, near.waiting], [{}, 0, 0]);
  assertEquals([...far.asks], []);
});

Deno.test("RemoteMetrics times asks by protocol, from the call to the reply", async () => {
  await using world = new World();
  const { a, b, seenBy } = await pair(world);
  spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  await world.clock.advance(1_000);
  await ref.ask(Box.ids());
  assertEquals(seenBy(a).asks.get("box")?.max, 0);
  world.network.degrade("a", "b", { delay: 30 });
  world.network.degrade("b", "a", { delay: 12 });
  const asked = Promise.all([ref.ask(Box.ids()), ref.ask(Box.ids())]);
  await world.clock.advance(50);
  await asked;
  const { count, min, max, sum } = seenBy(a).asks.get("box") ?? raise();
  assertEquals([count, min, max, sum], [3, 0, 42, 84]);
  assertEquals([...seenBy(a).asks.keys()], ["box"]);
});

Deno.test("RemoteMetrics counts what failed by the code of the error", async () => {
  const cases: [Record<string, number>, Parameters<typeof errorsOf>[0]][] = [
    [{ range_error: 2 }, async ({ a, b }) => {
      const ref = a.remote.ref(Box, addressOf(b, "box"));
      for (const _ of upTo(2)) await ref.ask(Box.boom("no")).catch(() => {});
    }],
    [{ stopped_error: 1 }, async ({ a, b }) => {
      const ref = a.remote.ref(Box, addressOf(b, "nobody"));
      await ref.ask(Box.ids()).catch(() => {});
      ref.tell(Box.put({ id: 1 })); // known over there only
    }],
    [{ ask_timeout_error: 1, aborted: 1 }, async ({ a, b }, { clock }) => {
      const ref = a.remote.ref(Box, addressOf(b, "box"));
      const abort = new AbortController();
      const { signal } = abort;
      const asked = [{ timeout: 50 }, { signal }].map((options) =>
        ref.ask(Box.never(), options).catch(() => {})
      );
      abort.abort("enough");
      await clock.advance(100);
      await Promise.all(asked);
    }],
    [{ codec_error: 2, frame_error: 1 }, ({ a, b }) => {
      const ref = a.remote.ref(Box, addressOf(b, "box"));
      ref.tell(Box.put({ id: NaN }));
      ref.ask(Box.echo(() => {})).catch(() => {});
      ref.tell(Box.raw(new Uint8Array(17 * 1024 * 1024)));
    }],
    [{ overloaded_error: 3 }, ({ a, b }, { network }) => {
      const ref = a.remote.ref(Box, addressOf(b, "box"));
      network.degrade("a", "b", { stalled: true });
      ref.tell(Box.raw(new Uint8Array(15 * 1024 * 1024)));
      ref.tell(Box.put({ id: 1 }));
      ref.tell(Box.put({ id: 2 }));
      ref.ask(Box.ids()).catch(() => {});
      network.heal("a", "b");
    }],
    [{ unknown_kind_error: 1, name_taken_error: 1 }, async ({ a, b }) => {
      for (const options of [{ kind: "nothing" }, { name: "box" }]) {
        await a.remote.spawn(b.remote.address, Box, options).catch(() => {});
      }
    }],
    [{ disconnected_error: 3 }, async ({ a, b }, { network }) => {
      const ref = a.remote.ref(Box, addressOf(b, "box"));
      await ref.ask(Box.ids());
      network.degrade("a", "b", { stalled: true });
      ref.ask(Box.ids()).catch(() => {});
      ref.tell(Box.put({ id: 1 }));
      ref.tell(Box.put({ id: 2 }));
      await Promise.resolve();
      network.reset("a", "b");
    }],
  ];
  for (const [codes, fail] of cases) assertEquals(await errorsOf(fail), codes);
});

Deno.test("RemoteMetrics counts a node that cannot be reached under its address", async () => {
  await using world = new World();
  const metrics = new MemoryRemoteMetrics();
  const a = await world.node("a", { remote: { metrics } });
  const ref = a.remote.ref(Box, "goakt://b@b:1/box");
  ref.tell(Box.put({ id: 1 }));
  await ref.ask(Box.ids()).catch(() => {});
  await world.settle();
  assertEquals([...metrics.snapshot()], [
    ["b:1", { ...NOTHING, errors: { connect_error: 2 } }],
  ]);
});

Deno.test("RemoteMetrics counts a message that turns out to be larger than its peer takes", async () => {
  await using world = new World();
  const metrics = new MemoryRemoteMetrics();
  const a = await world.node("a", { remote: { metrics } });
  const b = await world.node("b", { remote: { maxMessageBytes: 16_384 } });
  spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  assertEquals(ref.tell(Box.raw(new Uint8Array(100_000))), true);
  await world.settle();
  const [figures] = [...metrics.snapshot().values()];
  assertEquals([figures?.errors, figures?.waiting], [{ frame_error: 1 }, 0]);
});

Deno.test("RemoteMetrics knows the state of every link", async () => {
  await using world = new World();
  const { a, b, seenBy } = await pair(world);
  spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  world.network.degrade("a", "b", { delay: 10 });
  const states = () => Object.values(seenBy(a).links);
  ref.tell(Box.put({ id: 1 }));
  assertEquals(states(), [1, 0, 0]);
  await world.clock.advance(50);
  const found = a.remote.lookup(Box, ref.pid);
  assertEquals(states(), [1, 1, 0]);
  await world.clock.advance(50);
  await found;
  assertEquals([states(), Object.values(seenBy(b).links)], [
    [0, 2, 0],
    [0, 2, 0],
  ]);
  const asked = ref.ask(Box.never(), { timeout: 1_000 }).catch(() => {});
  const drained = a.remote.drain();
  assertEquals(states(), [0, 0, 2]);
  await world.clock.advance(2_000);
  await Promise.all([asked, drained]);
  assertEquals([states(), Object.values(seenBy(b).links)], [
    [0, 0, 0],
    [0, 0, 0],
  ]);
});

Deno.test("RemoteMetrics knows what waits for a peer that does not read", async () => {
  await using world = new World();
  const { a, b, seenBy } = await pair(world);
  const { sizes } = spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  world.network.degrade("a", "b", { stalled: true });
  const seen = [];
  for (const _ of upTo(5)) {
    ref.tell(Box.raw(new Uint8Array(50_000)));
    seen.push(Math.floor(seenBy(a).waiting / 50_000));
  }
  assertEquals(seen, [1, 2, 3, 4, 5]);
  ref.tell(Box.raw(new Uint8Array(1_000_000)));
  await world.settle();
  assertEquals(Math.floor(seenBy(a).waiting / 50_000), 25);
  world.network.heal("a", "b");
  await world.settle();
  assertEquals([seenBy(a).waiting, sizes.length], [0, 6]);
  world.network.degrade("a", "b", { stalled: true });
  ref.tell(Box.raw(new Uint8Array(50_000)));
  world.network.reset("a", "b");
  await world.settle();
  assertEquals(seenBy(a).waiting, 0);
});

Deno.test("RemoteMetrics counts an answer for which nobody waits any more", async () => {
  await using world = new World();
  const { a, b, seenBy } = await pair(world);
  spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  await ref.ask(Box.ids());
  world.network.degrade("b", "a", { delay: 100 });
  const asked = ref.ask(Box.ids(), { timeout: 50 }).catch(({ code }) => code);
  await world.clock.advance(80);
  assertEquals([await asked, seenBy(a).lateReplies], ["ask_timeout_error", 0]);
  await world.clock.advance(80);
  assertEquals([seenBy(a).lateReplies, seenBy(a).asks.get("box")?.count], [
    1,
    1,
  ]);
});

Deno.test("A reply to an asker elsewhere that gave up is counted where it was made", async () => {
  await using world = new World();
  const metrics = new MemoryMetrics();
  const a = await world.node("a");
  const b = await world.node("b", { system: { metrics } });
  const late = Promise.withResolvers<unknown>();
  b.system.spawn(Box, () => ({
    echo: () => late.promise,
    receive: () => {},
  }), { name: "box" });
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  const asked = ref.ask(Box.echo(1), { timeout: 50 }).catch(({ code }) => code);
  await world.clock.advance(100);
  assertEquals([await asked, metrics.snapshot().get("box")?.lateReplies], [
    "ask_timeout_error",
    0,
  ]);
  late.resolve("too late");
  await world.settle();
  assertEquals(metrics.snapshot().get("box")?.lateReplies, 1);
});

function raise(): never {
  throw new Error("no metrics");
}

/** Metrics of which everything throws. */
const BROKEN: PeerMetrics = {
  link: raise,
  waiting: raise,
  sent: raise,
  received: raise,
  answered: raise,
  failed: raise,
  lateReply: raise,
};

for (
  const [what, metrics] of [
    ["cannot give what figures go to", { forPeer: raise }],
    ["throw at each figure", { forPeer: () => BROKEN }],
    ["reject at each figure", {
      forPeer: () => ({
        ...BROKEN,
        link: () => Promise.reject(raise),
        waiting: () => Promise.reject(raise),
        answered: () => Promise.reject(raise),
      }),
    }],
  ] satisfies [string, RemoteMetrics][]
) {
  Deno.test(`RemoteMetrics that ${what} disturb nobody and are reported once`, async () => {
    await using world = new World();
    const a = await world.node("a", { remote: { metrics } });
    const b = await world.node("b", {
      system: { kinds: [BoxKind] },
      remote: { metrics },
    });
    const ref = await a.remote.spawn(b.remote.address, Box);
    for (const id of upTo(3)) ref.tell(Box.put({ id }));
    assertEquals(await ref.ask(Box.ids()), [0, 1, 2]);
    const failed = await ref.ask(Box.boom("no")).catch(({ code }) => code);
    assertEquals(failed, "remote_error");
    await world.settle();
    for (const { warnings } of [a, b]) {
      assertEquals(warnings.map(({ text }) => text), [
        "the metrics of remoting failed; this and what they miss from now on is not reported again",
      ]);
    }
  });
}

Deno.test("RemoteMetrics that fail for links and for closed connections are reported once", async () => {
  await using world = new World();
  const a = await world.node("a");
  const b = await world.node("b", {
    remote: {
      metrics: { forPeer: raise, refusedConnection: raise },
      connectionRate: { perSecond: 1, burst: 1 },
    },
  });
  spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  assertEquals(await ref.ask(Box.ids()), []);
  const { port } = b.remote;
  const late = await world.transport("a").connect({ hostname: "b", port });
  assertEquals(await late.read(), undefined);
  late.close();
  const texts = b.warnings.map(({ text }) => text);
  assertEquals(texts.filter((text) => text.startsWith("the metrics")), [
    "the metrics of remoting failed; this and what they miss from now on is not reported again",
  ]);
  assertEquals(texts.filter((text) => text.includes("was closed")).length, 1);
});

Deno.test("MemoryRemoteMetrics keeps no more peers than it may, and all figures", () => {
  const metrics = new MemoryRemoteMetrics({ maxPeers: 2 });
  const linked = (name: string) => {
    const peer = metrics.forPeer(name);
    peer.link(undefined, "open");
    peer.sent(1, 10);
    peer.received(2, 20);
    peer.answered("box", 5);
    peer.failed("x_error");
    peer.lateReply();
    return peer;
  };
  const sums = () =>
    [...metrics.snapshot()].map(([name, { sent, asks, errors, links }]) => [
      name,
      sent.bytes,
      asks.get("box")?.count,
      errors["x_error"],
      links.open,
    ]);
  const [a, b] = [linked("a"), linked("b")];
  a.link("open", undefined);
  a.link(undefined, "open");
  // All have links: a further one has no place.
  linked("c").link("open", undefined);
  assertEquals(sums(), [["a", 10, 1, 1, 1], ["b", 10, 1, 1, 1], [
    "other",
    10,
    1,
    1,
    0,
  ]]);
  b.link("open", undefined);
  a.link("open", undefined);
  linked("a"); // linked again, so that b goes first
  linked("d");
  assertEquals(sums(), [["a", 20, 2, 2, 1], ["d", 10, 1, 1, 1], [
    "other",
    20,
    2,
    2,
    0,
  ]]);
  const { received, lateReplies } = metrics.snapshot().get("other") ?? raise();
  assertEquals([received, lateReplies], [{ messages: 4, bytes: 40 }, 2]);
  assertThrows(() => new MemoryRemoteMetrics({ maxPeers: 0 }), RangeError);
});

Deno.test("MemoryRemoteMetrics keeps a bounded number of codes, which peers choose", () => {
  const metrics = new MemoryRemoteMetrics();
  const peer = metrics.forPeer("a");
  for (const n of upTo(1_000)) peer.failed(`code${n}`);
  for (const n of upTo(1_000)) peer.answered(`protocol${n}`, 1);
  const { errors, asks } = metrics.snapshot().get("a") ?? raise();
  assertEquals([Object.keys(errors).length, asks.size], [64, 64]);
  assertEquals([errors["other"], asks.get("other")?.count], [937, 937]);
});

Deno.test("peerName() names nodes by their address and clients alike", () => {
  const peer = { system: "s", host: "10.0.0.7", port: 4001, incarnation: "1" };
  assertEquals(peerName(peer), "10.0.0.7:4001");
  assertEquals(peerName({ ...peer, port: 0 }), "clients");
});

Deno.test("LatencyHistogram adds another one as if it had recorded its durations", () => {
  const [one, two, both] = [1, 2, 3].map(() => new LatencyHistogram());
  for (const n of upTo(100)) {
    (n % 3 === 0 ? one : two)?.record(n);
    both?.record(n);
  }
  if (two !== undefined) one?.add(two);
  assertEquals(one?.snapshot(), both?.snapshot());
});
