import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ActorError } from "../../actor/mod.ts";
import { ConnectError, HandshakeError } from "../../remote/errors.ts";
import { Dialler } from "../../remote/handshake/handshake_dialler.ts";
import { shakeHands } from "../../remote/handshake/handshake_driver.ts";
import { Remote } from "../../remote/remote.ts";
import { TcpTransport } from "../../remote/transport/tcp_transport.ts";
import type { Transport } from "../../remote/transport/transport.ts";
import { Box, spawnBox, upTo } from "./actors.ts";
import { InstantClock } from "./instant_clock.ts";
import { tlsOf } from "./tls/tls_fixtures.ts";
import { FrameKind } from "../../remote/wire/kinds.ts";
import { encode, WirePeer } from "./wire/wire_peer.ts";
import { addressOf, type Node, startNode } from "./world.ts";

/** Connects again and again, and says nothing. Ends with how many bytes came over those that were closed. */
async function besiege(
  { remote }: Node,
  { kept, closed }: { kept: number; closed: number },
): Promise<{ bytes: number[]; over: () => void }> {
  const connections: Deno.Conn[] = [];
  for (const _ of upTo(kept + closed)) {
    connections.push(await Deno.connect({ port: remote.port }));
  }
  const bytes = connections.slice(kept).map(async ({ readable }) =>
    (await new Response(readable).arrayBuffer()).byteLength
  );
  return {
    bytes: await Promise.all(bytes),
    over: () => connections.slice(0, kept).forEach((it) => it.close()),
  };
}

/** A node under siege, from the address of an honest node, which is told so and gets in once time has passed. */
async function besieged(
  transport: () => Promise<Transport>,
  told: (error: unknown) => asserts error is ActorError,
): Promise<void> {
  const clock = new InstantClock();
  const a = await startNode("shop", {}, { transport: await transport() });
  const b = await startNode("shop", { clock }, {
    transport: await transport(),
    connectionRate: { perSecond: 10, burst: 6 },
  });
  const box = spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  const siege = await besiege(b, { kept: 6, closed: 20 });
  assertEquals(siege.bytes, Array(20).fill(0));
  const error = await assertRejects(() => ref.ask(Box.ids()));
  told(error);
  assertEquals([error.outcome, error.retryable], ["not_delivered", true]);
  assertEquals(b.warnings.length, 1);
  const [{ text } = { text: "" }] = b.warnings;
  assert(text.includes("at most 10 a second and 6 at once"), text);
  clock.advance(1_000);
  ref.tell(Box.put({ id: 1 }));
  assertEquals(await ref.ask(Box.ids()), [1]);
  assertEquals([box.ids, b.remote.connections], [[1], 1]);
  for (const { remote } of [a, b]) await remote.drain();
  siege.over();
  for (const { system } of [a, b]) await system.drain();
  assertEquals([a.remote.connections, b.remote.connections], [0, 0]);
  assertEquals(clock.pending, 0);
}

Deno.test("Over TCP an address that connects too often is cut off unread, and served again later", () =>
  besieged(() => Promise.resolve(new TcpTransport()), (error) => {
    assert(error instanceof HandshakeError);
    assert(error.message.includes("are dialled too often"), error.message);
  }));

Deno.test("Over TLS an address that connects too often is cut off before the TLS handshake, and served again later", () =>
  besieged(() => tlsOf("shop"), (error) => {
    assert(error instanceof ConnectError);
    assert(error.message.includes("are dialled too often"), error.message);
  }));

/** A client of the name that shakes hands over TCP and is driven by hand. */
async function intrude({ remote }: Node, system: string): Promise<WirePeer> {
  const { host: hostname, port } = remote;
  const connection = await new TcpTransport().connect({ hostname, port });
  const dialler = new Dialler({
    self: { system, host: "", port: 0, incarnation: "evil1" },
    hostname,
    port,
    lane: "data",
    role: "client",
  });
  const { rest } = await shakeHands(connection, dialler);
  return new WirePeer(connection, rest);
}

Deno.test("Over TCP a client that floods with frames that are no messages is cut off, and others are served", async () => {
  const clock = new InstantClock();
  const b = await startNode("b", { clock }, { exposed: ["box"] });
  spawnBox(b.system, "box");
  await using honest = await Remote.connect({ role: "client" });
  const ref = honest.ref(Box, addressOf(b, "box"));
  assertEquals(await ref.ask(Box.echo(1)), 1);
  for (const kind of [FrameKind.PING, FrameKind.CANCEL, FrameKind.UNWATCH]) {
    const peer = await intrude(b, "evil");
    const frames = upTo(5_000).map((n) => ({ kind, correlation: n + 1 }));
    await peer.connection.write(encode(...frames));
    const { failure } = await peer.expect(FrameKind.GOODBYE);
    assertEquals(failure?.code, "rate_error");
    assertEquals(await peer.rest(), []);
  }
  assertEquals(b.warnings.length, 3);
  for (const { text } of b.warnings) {
    assert(text.includes("neither messages nor requests, at most 1000"), text);
  }
  assertEquals([await ref.ask(Box.echo(2)), b.remote.connections], [2, 1]);
  await honest.drain();
  await b.remote.drain();
  await b.system.drain();
  assertEquals(clock.pending, 0);
});

Deno.test("Over TCP a client that floods with bytes is refused, and others are served", async () => {
  const clock = new InstantClock();
  const b = await startNode("b", { clock }, {
    exposed: ["box"],
    clientLimits: { bytes: 1_000_000 },
  });
  const box = spawnBox(b.system, "box");
  await using evil = await Remote.connect({ role: "client", name: "evil" });
  await using honest = await Remote.connect({ role: "client" });
  const [flood, ref] = [evil, honest].map((it) =>
    it.ref(Box, addressOf(b, "box"))
  );
  assert(flood !== undefined && ref !== undefined);
  for (const _ of upTo(50)) {
    await flood.ready();
    flood.tell(Box.raw(new Uint8Array(60_000)));
  }
  const error = await assertRejects(
    () => flood.ask(Box.echoRaw(new Uint8Array(60_000))),
  );
  assert(String(error).includes("at most 1000000 bytes a second"));
  assertEquals(await ref.ask(Box.echo(2)), 2);
  assertEquals(box.sizes, Array(16).fill(60_000));
  clock.advance(500);
  for (const _ of upTo(50)) {
    await flood.ready();
    flood.tell(Box.raw(new Uint8Array(60_000)));
  }
  await flood.ask(Box.ids());
  assertEquals(box.sizes.length, 16 + 8);
  for (const it of [evil, honest]) await it.drain();
  await b.remote.drain();
  await b.system.drain();
  assertEquals(clock.pending, 0);
});
