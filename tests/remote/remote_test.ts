import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ActorSystem } from "../../actor/mod.ts";
import {
  ConnectError,
  DisconnectedError,
  HandshakeError,
  RemoteError,
} from "../../remote/errors.ts";
import { Remote } from "../../remote/remote.ts";
import type { RemoteOptions } from "../../remote/remote_options.ts";
import { ListenError } from "../../remote/transport/transport.ts";
import { FrameKind } from "../../remote/wire/kinds.ts";
import { Box, BoxKind, spawnBox, upTo } from "./actors.ts";
import {
  addressOf,
  IN_CLEAR_TEXT,
  reasons,
  startNode,
  warned,
  World,
} from "./world.ts";
import { WirePeer } from "./wire/wire_peer.ts";

async function refusedStart(options: RemoteOptions): Promise<string> {
  await using system = new ActorSystem("s", { logger: null });
  try {
    await using _remote = await Remote.start(system, options);
  } catch (error) {
    assert(error instanceof TypeError || error instanceof RangeError);
    // A start that failed leaves room for another one.
    await using _again = await Remote.start(system);
    return error.message;
  }
  return "it started";
}

Deno.test("Remote.start() refuses limits out of their range and names the range", async () => {
  const MIB = 1024 * 1024;
  const cases: [RemoteOptions, string][] = [
    [
      { maxMessageBytes: 32 * MIB },
      "maxMessageBytes is 33554432, an integer from 16384 to 16777216 was expected",
    ],
    [
      { maxMessageBytes: 16_383 },
      "maxMessageBytes is 16383, an integer from 16384 to 16777216 was expected",
    ],
    [
      { maxMessageBytes: 20_000.5 },
      "maxMessageBytes is 20000.5, an integer from 16384 to 16777216 was expected",
    ],
    [{ outboundBudget: 0 }, "outboundBudget is 0, an integer from 1 to"],
    [{ maxHalfOpen: NaN }, "maxHalfOpen is NaN, an integer from 1 to"],
    [
      { connectionRate: { perSecond: 0.5 } },
      "connectionRate.perSecond is 0.5, a number from 1 to Infinity was expected",
    ],
    [
      { connectionRate: { burst: 0 } },
      "connectionRate.burst is 0, a number from 1 to Infinity was expected",
    ],
    [{ connectTimeout: 0 }, "connectTimeout is 0, a number from 1 to"],
    [{ handshakeTimeout: -1 }, "handshakeTimeout is -1, a number from 1 to"],
    [{ stallTimeout: NaN }, "stallTimeout is NaN, a number from 1 to"],
    [{ drainTimeout: 0.5 }, "drainTimeout is 0.5, a number from 1 to"],
    [
      { silenceTimeout: 19 },
      "silenceTimeout is 19, a number from 20 to 3600000 was expected",
    ],
    [
      { redialDelay: { min: 0 } },
      "redialDelay.min is 0, a number from 1 to 3600000 was expected",
    ],
    [
      { redialDelay: { min: 500, max: 499 } },
      "redialDelay.max is 499, a number from 500 to 3600000 was expected",
    ],
    [
      { writeTimeout: 3_600_001 },
      "writeTimeout is 3600001, a number from 20 to 3600000 was expected",
    ],
    [{ port: 70_000 }, "port 70000: an integer from 0 to 65535 was expected"],
  ];
  for (const [options, text] of cases) {
    const message = await refusedStart(options);
    assert(message.includes(text), message);
  }
});

Deno.test("Remote.start() refuses clear text where others listen, and addresses that nobody can use", async () => {
  const cases: [RemoteOptions, string][] = [
    [
      { hostname: "10.0.0.7" },
      'Cannot start remoting on "10.0.0.7": others can reach it and nothing is encrypted, a loopback address, mutual TLS, TLS with a shared key or the option "insecure: true" was expected',
    ],
    [
      { hostname: "0.0.0.0" },
      "others can reach it and nothing is encrypted",
    ],
    [
      { hostname: "0.0.0.0", insecure: true, interfaces: () => [] },
      'Cannot start remoting on "0.0.0.0": no interface of this machine has an address that others can use, an address for others or the option "advertise" was expected',
    ],
    [
      { hostname: "::", insecure: true, interfaces: () => [] },
      'or the option "advertise" was expected',
    ],
    [
      { advertise: { hostname: "0.0.0.0" } },
      'Cannot advertise the host "0.0.0.0": it is no name or address that others can use',
    ],
    [{ advertise: { hostname: "" } }, 'Cannot advertise the host ""'],
    [{ advertise: { hostname: "a/b" } }, 'Cannot advertise the host "a/b"'],
    [{ advertise: { hostname: "a", port: 0 } }, "port 0: an integer from 1"],
  ];
  for (const [options, text] of cases) {
    const message = await refusedStart(options);
    assert(message.includes(text), message);
  }
});

Deno.test("Remote.start() allows one remoting for a running system", async () => {
  const system = new ActorSystem("s", { logger: null });
  {
    await using _remote = await Remote.start(system);
    await assertRejects(
      () => Remote.start(system),
      TypeError,
      'Cannot start remoting of system "s": it is running, a system without it was expected',
    );
  }
  const both = await Promise.allSettled([
    Remote.start(system),
    Remote.start(system),
  ]);
  assertEquals(both.map(({ status }) => status).sort(), [
    "fulfilled",
    "rejected",
  ]);
  for (const one of both) {
    if (one.status === "fulfilled") await one.value.drain();
  }
  await system.drain();
  await assertRejects(
    () => Remote.start(system),
    TypeError,
    "the system is stopped, a running one was expected",
  );
});

Deno.test("A second drain of an old remoting leaves the new one alone", async () => {
  await using system = new ActorSystem("s", { logger: null });
  const first = await Remote.start(system);
  await first.drain();
  await using second = await Remote.start(system);
  await first.drain();
  assertEquals(
    system.ref(Box, `goakt://s@127.0.0.1:${second.port}/x`).isLocal,
    true,
  );
  assertEquals(system.ref(Box, "goakt://s@127.0.0.1:1/x").isLocal, false);
});

Deno.test("Remote.start() names a port that is in use, and listens where it says", async () => {
  await using system = new ActorSystem("s", { logger: null });
  await using other = new ActorSystem("t", { logger: null });
  await using remote = await Remote.start(system);
  assertEquals(remote.address, `s@127.0.0.1:${remote.port}`);
  const error = await assertRejects(
    () => Remote.start(other, { port: remote.port }),
    ListenError,
  );
  assertEquals(
    error.message,
    `Cannot listen on "127.0.0.1:${remote.port}": it is in use, a free local address was expected`,
  );
  await using advertised = await Remote.start(other, {
    advertise: { hostname: "node-1.example", port: 4000 },
  });
  assertEquals(advertised.address, "t@node-1.example:4000");
  const ref = other.spawn(Box, () => ({ receive: () => {} }), { name: "b" });
  assertEquals(String(ref.pid), "goakt://t@node-1.example:4000/b");
});

Deno.test("Addresses of IPv6 hosts are written in brackets, and read", async () => {
  await using world = new World();
  const a = await world.node("a", {
    remote: { advertise: { hostname: "::1", port: 5 } },
  });
  assertEquals(a.remote.address, "a@[::1]:5");
  const { parseNode } = await import("../../remote/node/node_address.ts");
  assertEquals(parseNode(a.remote.address), {
    system: "a",
    host: "::1",
    port: 5,
  });
});

Deno.test("Remote.drain() sends what was sent and takes what was asked before it ends", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const box = spawnBox(b.system, "box");
  const answer = Promise.withResolvers<number>();
  b.system.spawn(Box, () => ({ receive: () => answer.promise }), {
    name: "slow",
  });
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  for (const id of upTo(1_000)) ref.tell(Box.put({ id }));
  ref.tell(Box.raw(new Uint8Array(2_000_000)));
  const asked = a.remote.ref(Box, addressOf(b, "slow")).ask(Box.echo(1));
  asked.catch(() => {});
  let isOver = false;
  const drained = a.remote.drain().finally(() => isOver = true);
  assertEquals(ref.tell(Box.put({ id: -1 })), false);
  await world.settle();
  assertEquals([box.ids, box.sizes, isOver], [upTo(1_000), [2_000_000], false]);
  answer.resolve(7);
  assertEquals(await asked, 7);
  await drained;
  await a.remote.drain();
  assertEquals([reasons(a.deadLetters), b.deadLetters], [
    { disconnected: 1 },
    [],
  ]);
  assertEquals([a.warnings, b.warnings], [[], []]);
});

Deno.test("Remote.drain() answers what peers asked, and takes what they had sent", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const box = spawnBox(b.system, "box");
  const answer = Promise.withResolvers<number>();
  b.system.spawn(Box, () => ({ receive: () => answer.promise }), {
    name: "slow",
  });
  const asked = a.remote.ref(Box, addressOf(b, "slow")).ask(Box.echo(1));
  asked.catch(() => {});
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  await ref.ask(Box.ids());
  for (const id of upTo(1_000)) ref.tell(Box.put({ id }));
  let isOver = false;
  const drained = b.remote.drain().finally(() => isOver = true);
  await world.settle();
  assertEquals([box.ids, isOver], [upTo(1_000), false]);
  // The link is parting: what is sent now finds a node that does not listen any more.
  const late = await assertRejects(() => ref.ask(Box.ids()), ConnectError);
  assertEquals(late.outcome, "not_delivered");
  answer.resolve(7);
  assertEquals(await asked, 7);
  await drained;
  await world.settle();
  assertEquals([a.remote.connections, b.remote.connections], [0, 0]);
  assertEquals([reasons(a.deadLetters), b.deadLetters], [
    { disconnected: 1 },
    [],
  ]);
});

Deno.test("Both nodes of a busy pair may be drained at the same time", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const boxes = [spawnBox(a.system, "box"), spawnBox(b.system, "box")];
  const there = a.remote.ref(Box, addressOf(b, "box"));
  const here = b.remote.ref(Box, addressOf(a, "box"));
  await Promise.all([there.ask(Box.ids()), here.ask(Box.ids())]);
  for (const id of upTo(500)) {
    there.tell(Box.put({ id }));
    here.tell(Box.put({ id }));
  }
  await Promise.all([a.remote.drain(), b.remote.drain()]);
  assertEquals(boxes.map(({ ids }) => ids), [upTo(500), upTo(500)]);
  assertEquals([a.deadLetters, b.deadLetters], [[], []]);
  assertEquals(world.clock.now(), 0);
});

Deno.test("Remote.drain() ends after drainTimeout with a handler that is stuck", async () => {
  await using world = new World();
  const [a, b] = [
    await world.node("a"),
    await world.node("b", { remote: { drainTimeout: 2_000 } }),
  ];
  spawnBox(b.system, "box");
  const asked = a.remote.ref(Box, addressOf(b, "box"))
    .ask(Box.never(), { timeout: 60_000 });
  asked.catch(() => {});
  await world.settle();
  let isOver = false;
  const drained = b.remote.drain().finally(() => isOver = true);
  await world.clock.advance(1_999);
  assertEquals(isOver, false);
  await world.clock.advance(1);
  await drained;
  const error = await assertRejects(() => asked, DisconnectedError);
  assertEquals(error.outcome, "unknown");
});

Deno.test("Remote.drain() ends after drainTimeout with a peer that does not read", async () => {
  await using world = new World({ capacity: 1_000 });
  const a = await world.node("a");
  await using listener = await world.transport("wire").listen({
    hostname: "wire",
    port: 7,
  });
  const ref = a.remote.ref(Box, "goakt://wire@wire:7/box");
  for (const id of upTo(1_000)) ref.tell(Box.put({ id }));
  const peer = await WirePeer.accept(world, listener);
  await world.settle();
  let isOver = false;
  const drained = a.remote.drain().finally(() => isOver = true);
  await world.clock.advance(4_999);
  assertEquals(isOver, false);
  await world.clock.advance(1);
  await drained;
  // Everything was in one write, of which nobody knows how much arrived.
  assertEquals(reasons(a.deadLetters), { unknown: 1_000 });
  const { error } = a.deadLetters[0] ?? {};
  assert(error instanceof DisconnectedError);
  assertEquals(error.found, "remoting of this node has ended");
  peer.connection.close();
});

Deno.test("Remote.drain() ends attempts to connect and handshakes", async () => {
  await using world = new World();
  const [a, b] = [
    await world.node("a", {
      remote: { drainTimeout: 10, connectTimeout: 60_000 },
    }),
    await world.node("b", { remote: { drainTimeout: 10 } }),
  ];
  world.network.cut("a", "b");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  ref.tell(Box.put({ id: 1 }));
  const { host: hostname, port } = b.remote;
  using half = await world.transport("wire").connect({ hostname, port });
  await world.settle();
  const both = Promise.all([a.remote.drain(), b.remote.drain()]);
  await world.clock.advance(10);
  await both;
  assertEquals(await half.read(), undefined);
  assertEquals(reasons(a.deadLetters), { disconnected: 1 });
  assertEquals([a.warnings, b.warnings, world.clock.pending], [[], [], 0]);
});

Deno.test("A system that drains refuses what comes, answers what it owes, and ends its remoting last", async () => {
  await using world = new World();
  const [a, b] = [
    await world.node("a"),
    await world.node("b", { system: { kinds: [BoxKind] } }),
  ];
  const open = Promise.withResolvers<Uint8Array>();
  const ended: string[] = [];
  a.system.spawn(Box, () => ({
    receive: (message) =>
      void ended.push("type" in message ? message.type : ""),
  }), { name: "watcher" });
  const watcher = b.remote.ref(Box, addressOf(a, "watcher"));
  b.system.spawn(Box, () => ({
    receive: () => open.promise,
    onStop: () => void watcher.tell(Box.boom("the end")),
  }), { name: "slow" });
  spawnBox(b.system, "box");
  const slow = a.remote.ref(Box, addressOf(b, "slow"));
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  const owed = slow.ask(Box.fill(1), { timeout: 60_000 });
  await ref.ask(Box.ids());
  const drained = b.system.drain();
  await world.settle();
  await assertRejects(() => ref.ask(Box.ids()), RemoteError, "stopped_error");
  await assertRejects(
    () => a.remote.spawn(b.remote.address, Box),
    RemoteError,
    "stopped_error",
  );
  assertEquals([b.system.state, b.remote.connections > 0], ["draining", true]);
  open.resolve(new Uint8Array(3));
  await drained;
  assertEquals(await owed, new Uint8Array(3));
  assertEquals([ended, b.remote.connections], [["box.boom"], 0]);
  await assertRejects(() => ref.ask(Box.ids()), ConnectError);
  await b.remote.drain();
  assertEquals(world.clock.now(), 0);
});

Deno.test("A peer that restarts on its port is dialled anew by the next message", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  await ref.ask(Box.ids());
  const { port } = b.remote;
  await b.remote.drain();
  await assertRejects(() => ref.ask(Box.ids()), ConnectError);
  const next = await world.node("b", { remote: { port } });
  const box = spawnBox(next.system, "box");
  ref.tell(Box.put({ id: 1 }));
  const ids = ref.ask(Box.ids());
  await world.clock.advance(100); // the pause after one failure
  assertEquals([await ids, box.ids], [[1], [1]]);
});

Deno.test("A connection beyond maxHalfOpen is told so, and may be made once there is room", async () => {
  await using world = new World();
  const b = await world.node("b", { remote: { maxHalfOpen: 2 } });
  const client = world.transport("wire");
  const { host: hostname, port } = b.remote;
  const idle = [
    await client.connect({ hostname, port }),
    await client.connect({ hostname, port }),
  ];
  const refused = assertRejects(
    () => WirePeer.dial(world, b),
    HandshakeError,
  );
  await world.clock.advance(2_499);
  assertEquals(b.warnings, []);
  await world.clock.advance(1);
  const error = await refused;
  assertEquals([error.reason, error.retryable], ["full", true]);
  assert(error.message.includes("2 handshakes are under way"), error.message);
  assert(warned(b).includes("2 handshakes are under way"));
  for (const connection of idle) connection.close();
  await world.settle();
  const peer = await WirePeer.dial(world, b);
  assertEquals(b.remote.connections, 1);
  peer.connection.close();
});

Deno.test("A connection beyond maxHalfOpen waits a moment for one that says who it is", async () => {
  await using world = new World();
  const b = await world.node("b", { remote: { maxHalfOpen: 1 } });
  const client = world.transport("wire");
  const { host: hostname, port } = b.remote;
  const idle = await client.connect({ hostname, port });
  const dialled = WirePeer.dial(world, b);
  await world.clock.advance(2_499);
  idle.close();
  const peer = await dialled;
  await world.settle();
  assertEquals(b.remote.connections, 1);
  peer.connection.close();
  await world.settle();
});

Deno.test("Connections beyond maxHalfOpen that stay do not pile up", async () => {
  await using world = new World();
  const b = await world.node("b", { remote: { maxHalfOpen: 1 } });
  const client = world.transport("wire");
  const { host: hostname, port } = b.remote;
  const all = [];
  for (let n = 0; n < 5; n++) {
    all.push(await client.connect({ hostname, port }));
  }
  await world.clock.advance(2_500);
  // One handshake, one that is being told; the others are closed.
  const ended = await Promise.all(
    all.slice(2).map((connection) => connection.read()),
  );
  assertEquals(ended, [undefined, undefined, undefined]);
  await world.clock.advance(5_000);
  for (const connection of all) connection.close();
  await world.settle();
  assertEquals(world.network.connections, 0);
});

Deno.test("A listener that cannot accept for a while is asked again after a pause", async () => {
  await using world = new World();
  const transport = world.transport("b");
  let failures = 3;
  const b = await startNode("b", { clock: world.clock }, {
    hostname: "b",
    insecure: true,
    transport: {
      scheme: "flaky",
      connect: (options) => transport.connect(options),
      listen: async (options) => {
        const listener = await transport.listen(options);
        return {
          hostname: listener.hostname,
          port: listener.port,
          accept: () => {
            if (failures-- > 0) {
              return Promise.reject(
                new ListenError("b:1", "accept on", "too many open files"),
              );
            }
            return listener.accept();
          },
          close: () => listener.close(),
          [Symbol.asyncDispose]: () => listener.close(),
        };
      },
    },
  });
  assertMatch(b.warnings.shift()?.text ?? "", IN_CLEAR_TEXT);
  await world.settle();
  assertEquals(b.warnings.length, 1);
  await world.clock.advance(99);
  assertEquals(b.warnings.length, 1);
  await world.clock.advance(300);
  assertEquals(b.warnings.length, 3);
  assert(b.warnings[0]?.text.includes("too many open files"));
  const peer = await WirePeer.dial(world, b);
  peer.connection.close();
  await b.remote.drain();
  await b.system.drain();
});

Deno.test("A node asks who dialled it to part, and closes when that is done", async () => {
  await using world = new World();
  const b = await world.node("b");
  const peer = await WirePeer.dial(world, b);
  const drained = b.remote.drain();
  const goodbye = await peer.expect(FrameKind.GOODBYE);
  assertEquals(goodbye.failure, undefined);
  peer.connection.close();
  await drained;
  assertEquals([world.clock.now(), b.warnings], [0, []]);
});
