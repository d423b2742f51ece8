import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ActorError } from "../../actor/mod.ts";
import { ConnectError, HandshakeError } from "../../remote/errors.ts";
import { TcpTransport } from "../../remote/transport/tcp_transport.ts";
import type { Transport } from "../../remote/transport/transport.ts";
import { Box, spawnBox, upTo } from "./actors.ts";
import { InstantClock } from "./instant_clock.ts";
import { tlsOf } from "./tls/tls_fixtures.ts";
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
