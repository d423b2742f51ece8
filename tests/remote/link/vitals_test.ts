import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Clock } from "../../../internal/clock.ts";
import { DisconnectedError } from "../../../remote/errors.ts";
import { TcpTransport } from "../../../remote/transport/tcp_transport.ts";
import { examine, type Signs } from "../../../remote/link/vitals.ts";
import { Watchdog } from "../../../remote/link/watchdog.ts";
import { FrameKind } from "../../../remote/wire/kinds.ts";
import { Acceptor } from "../../../remote/handshake/handshake_acceptor.ts";
import { shakeHands } from "../../../remote/handshake/handshake_driver.ts";
import { Box, spawnBox } from "../actors.ts";
import { Proxy } from "../proxy.ts";
import { WirePeer } from "../wire/wire_peer.ts";
import {
  addressOf,
  type Node,
  reasons,
  startNode,
  warned,
  World,
} from "../world.ts";

const TIMES = {
  silenceTimeout: 8_000,
  writeTimeout: 6_000,
  stallTimeout: 4_000,
};
const NOTHING: Signs = {
  heardAt: undefined,
  writingSince: undefined,
  stalledSince: undefined,
};

/** The verdict in one line. */
function verdict(signs: Partial<Signs>, now: number, awake = 0): string {
  const found = examine("b:1", { ...NOTHING, ...signs }, TIMES, now, awake);
  return "error" in found
    ? `${found.kind}: ${(found.error as Error).message}`
    : found.kind;
}

Deno.test("examine() asks a silent peer after a while, and gives it up at the end of its time", () => {
  assertEquals(
    [0, 999, 1_000, 7_999].map((now) => verdict({ heardAt: 0 }, now)),
    ["well", "well", "ask", "ask"],
  );
  assertEquals(
    verdict({ heardAt: 0 }, 8_000),
    'refuse: Cannot hear from "b:1": nothing came from it within 8000 ms, an open connection was expected',
  );
  assertEquals(verdict({}, 1e9), "well"); // nobody listens, so nobody is silent
});

Deno.test("examine() gives up a peer that takes nothing, however much it says", () => {
  const signs = { heardAt: 5_999, writingSince: 0 };
  assertEquals(verdict(signs, 5_999), "well");
  assertEquals(
    verdict(signs, 6_000),
    'close: Cannot write to "b:1": it took nothing of what was written within 6000 ms, an open connection was expected',
  );
});

Deno.test("examine() gives up a peer that does not send the rest", () => {
  const signs = { heardAt: 0, stalledSince: 0 };
  assertEquals(verdict(signs, 3_999), "ask");
  assertEquals(
    verdict(signs, 4_000),
    "refuse: Cannot read a message: the rest of it did not come within 4000 ms, all of it was expected",
  );
});

Deno.test("examine() holds nothing against a peer that was missed while this process stood still", () => {
  const signs = { heardAt: 0, writingSince: 0, stalledSince: 0 };
  assertEquals(verdict(signs, 100_000, 99_999), "well");
  assertEquals(verdict(signs, 100_000, 96_001), "well");
  assertEquals(verdict(signs, 100_000, 96_000).slice(0, 7), "refuse:");
});

Deno.test("Watchdog looks on one timer while there is something to look after, and notices its own pauses", () => {
  let now = 0;
  const calls: { due: number; run: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    setTimer: (delay, run) => {
      const call = { due: now + delay, run };
      calls.push(call);
      return { cancel: () => void calls.splice(calls.indexOf(call), 1) };
    },
  };
  const seen: [number, number][] = [];
  const link = {
    examine: (_: unknown, at: number, awake: number) =>
      void seen.push([at, awake]),
  };
  const links = new Set<typeof link>();
  const dog = new Watchdog(clock, TIMES, links);
  dog.update();
  assertEquals(calls.length, 0);
  links.add(link);
  dog.update();
  dog.update();
  const look = (at: number) => {
    now = at;
    assertEquals(calls.length, 1);
    calls.shift()?.run();
  };
  look(1_000);
  look(2_999); // late, but less than a whole period
  look(60_000);
  look(61_000);
  assertEquals(seen, [[1_000, 0], [2_999, 0], [60_000, 60_000], [
    61_000,
    60_000,
  ]]);
  links.delete(link);
  dog.update();
  assertEquals(calls.length, 0);
});

/** Two nodes of a world, the first of which has a link to the second. */
async function pair(world: World): Promise<{ a: Node; b: Node }> {
  const a = await world.node("a", { remote: { idleTimeout: Infinity } });
  const b = await world.node("b");
  spawnBox(b.system, "box");
  await a.remote.ref(Box, addressOf(b, "box")).ask(Box.ids());
  return { a, b };
}

function connections(...nodes: Node[]): number[] {
  return nodes.map(({ remote }) => remote.connections);
}

Deno.test("A link that is cut is ended by both ends after silenceTimeout, and asks on it fail as unknown", async () => {
  await using world = new World();
  const { a, b } = await pair(world);
  await world.clock.advance(600_000); // idle, and kept by heartbeats
  assertEquals(connections(a, b), [1, 1]);
  world.network.cut("a", "b");
  const asked = a.remote.ref(Box, addressOf(b, "box")).ask(Box.ids(), {
    timeout: 60_000,
  });
  const failed = assertRejects(() => asked, DisconnectedError);
  await world.clock.advance(9_999);
  assertEquals(connections(a, b), [1, 1]);
  await world.clock.advance(2_501);
  assertEquals(connections(a, b), [0, 0]);
  const error = await failed;
  assertEquals([error.outcome, error.found], [
    "unknown",
    "nothing came from it within 10000 ms",
  ]);
  for (const node of [a, b]) {
    assert(warned(node).includes("within 10000 ms"), warned(node));
  }
});

Deno.test("Of a link that is cut in one direction the end that hears nothing tells the other why", async () => {
  await using world = new World();
  const { a, b } = await pair(world);
  world.network.degrade("b", "a", { cut: true });
  await world.clock.advance(12_500);
  assertEquals(connections(a, b), [0, 0]);
  const text = "nothing came from it within 10000 ms";
  assert(warned(a).includes(text), warned(a));
  assert(warned(b).includes(`the peer ended it with`), warned(b));
  assert(warned(b).includes(text), warned(b));
});

Deno.test("A peer that only answers PING is alive, one that does not answer is not", async () => {
  await using world = new World();
  const b = await world.node("b");
  const peer = await WirePeer.dial(world, b);
  for (let round = 0; round < 20; round++) {
    const asked = peer.expect(FrameKind.PING);
    await world.clock.advance(2_500);
    const { correlation } = await asked;
    await peer.send({ kind: FrameKind.PONG, correlation });
    await world.settle();
  }
  assertEquals(b.remote.connections, 1);
  await world.clock.advance(12_500);
  assertEquals(b.remote.connections, 0);
  const frames = await peer.rest();
  assertEquals(
    frames.map(({ kind }) => kind).slice(-2),
    [FrameKind.PING, FrameKind.GOODBYE],
  );
});

Deno.test("A node answers PING on the links that it dialled too, and not while much waits to be written", async () => {
  await using world = new World({ capacity: 20_000 });
  const a = await world.node("a");
  await using listener = await world.transport("wire").listen({
    hostname: "wire",
    port: 7,
  });
  const ref = a.remote.ref(Box, "goakt://wire@wire:7/box");
  ref.tell(Box.put({ id: 1 }));
  const peer = await WirePeer.accept(world, listener);
  await peer.expect(FrameKind.TELL);
  await peer.send({ kind: FrameKind.PING, correlation: 77 });
  assertEquals((await peer.expect(FrameKind.PONG)).correlation, 77);
  // It reads nothing more, and asks without end.
  for (let n = 0; n < 50; n++) {
    ref.tell(Box.put({ id: n, pad: "x".repeat(1_000) }));
  }
  await world.settle();
  const before = world.network.connections;
  for (let round = 0; round < 100; round++) {
    await peer.send(
      ...Array.from(
        { length: 100 },
        () => ({ kind: FrameKind.PING, correlation: 1 }),
      ),
    );
    await world.settle();
  }
  assertEquals(world.network.connections, before);
  await peer.send({ kind: FrameKind.ACK, ack: 51 }, {
    kind: FrameKind.GOODBYE,
  });
  const frames = await peer.rest();
  assertEquals(
    frames.filter(({ kind }) => kind === FrameKind.PONG).length,
    0,
  );
});

Deno.test("A peer that reads nothing is given up after writeTimeout, although it is heard", async () => {
  await using world = new World({ capacity: 1_000 });
  const { a, b } = await pair(world);
  world.network.degrade("a", "b", { stalled: true });
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  for (let id = 0; id < 100; id++) {
    ref.tell(Box.put({ id, pad: "x".repeat(100) }));
  }
  await world.settle();
  // What a hears meanwhile: b asks for signs of life.
  await world.clock.advance(9_999);
  assertEquals(a.remote.connections, 1);
  await world.clock.advance(2_501);
  assertEquals(connections(a, b), [0, 0]);
  assert(
    warned(a).includes("it took nothing of what was written within 10000 ms"),
    warned(a),
  );
  assertEquals(reasons(a.deadLetters), { unknown: 100 });
  world.network.heal("a", "b");
  assertEquals(await ref.ask(Box.ids()), []);
});

Deno.test("A peer that reads slowly but steadily is not given up", async () => {
  await using world = new World({ capacity: 1_000 });
  const b = await world.node("b");
  spawnBox(b.system, "box");
  const a = await world.node("a", { remote: { outboundBudget: 10_000_000 } });
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  await ref.ask(Box.ids());
  for (let id = 0; id < 100; id++) {
    ref.tell(Box.put({ id, pad: "x".repeat(20_000) }));
  }
  // 2 MB in pieces of 256 KiB, one of which passes every 9 s.
  world.network.degrade("a", "b", { delay: 36 });
  await world.clock.advance(80_000);
  assertEquals(connections(a, b), [1, 1]);
  assertEquals([a.warnings, b.warnings], [[], []]);
  world.network.heal("a", "b");
  const ids = ref.ask(Box.ids());
  await world.clock.advance(1_000);
  assertEquals((await ids).length, 100);
});

Deno.test("Over TCP a peer that never reads is given up after writeTimeout, and what was sent is accounted for", async () => {
  const a = await startNode("a", {}, {
    outboundBudget: 64 * 1024 * 1024,
    writeTimeout: 200,
    silenceTimeout: 60_000,
  });
  const listener = await new TcpTransport().listen({
    hostname: "127.0.0.1",
    port: 0,
  });
  const address = `goakt://wire@127.0.0.1:${listener.port}/box`;
  const ref = a.remote.ref(Box, address);
  const asked = assertRejects(
    () => ref.ask(Box.ids(), { timeout: 60_000 }),
    DisconnectedError,
  );
  const body = new Uint8Array(50_000);
  for (let sent = 0; sent < 600; sent++) ref.tell(Box.raw(body));
  const connection = await listener.accept();
  assert(connection !== undefined);
  const acceptor = new Acceptor({
    self: { system: "wire", host: "wire", port: 7, incarnation: "wire1" },
    remote: connection.remote,
  });
  await shakeHands(connection, acceptor);
  const error = await asked;
  assertEquals([error.outcome, error.found], [
    "unknown",
    "it took nothing of what was written within 200 ms",
  ]);
  assertEquals(a.remote.connections, 0);
  const { unknown = 0, disconnected = 0 } = reasons(a.deadLetters);
  assertEquals([unknown > 0, unknown + disconnected], [true, 601]);
  connection.close();
  await listener.close();
  await a.remote.drain();
  await a.system.drain();
});

Deno.test("Over TCP a cut link is noticed by both ends after silenceTimeout, and the next message passes once it is mended", async () => {
  const options = { silenceTimeout: 200 };
  const [a, b] = [
    await startNode("a", {}, options),
    await startNode("b", {}, options),
  ];
  const box = spawnBox(b.system, "box");
  const proxy = new Proxy(b.remote.port);
  const ref = a.remote.ref(Box, `goakt://b@127.0.0.1:${proxy.port}/box`);
  assertEquals(await ref.ask(Box.echo(1)), 1);
  const ended = [a, b].map(async ({ system }) => {
    const warnings = system.events.subscribe({ types: ["warning"] });
    const { value } = await warnings.next();
    warnings.unsubscribe();
    return value?.text.includes("nothing came from it within 200 ms");
  });
  proxy.hold();
  const error = await assertRejects(
    () => ref.ask(Box.echo(2), { timeout: 60_000 }),
    DisconnectedError,
  );
  assertEquals(error.outcome, "unknown");
  assertEquals(await Promise.all(ended), [true, true]);
  assertEquals(connections(a, b), [0, 0]);
  proxy.reset();
  proxy.release();
  ref.tell(Box.put({ id: 3 }));
  assertEquals(await ref.ask(Box.ids()), [3]);
  assertEquals(box.ids, [3]);
  await a.remote.drain();
  await b.remote.drain();
  await proxy[Symbol.asyncDispose]();
  for (const { system } of [a, b]) await system.drain();
});
