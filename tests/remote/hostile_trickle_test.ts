import { assert, assertEquals } from "@std/assert";
import { Dialler } from "../../remote/handshake/handshake_dialler.ts";
import { shakeHands } from "../../remote/handshake/handshake_driver.ts";
import type { CertifiedPeer } from "../../remote/handshake/identity.ts";
import { TcpTransport } from "../../remote/transport/tcp_transport.ts";
import type { FrameFields } from "../../remote/wire/fields.ts";
import { DefinitionKind, FrameKind } from "../../remote/wire/kinds.ts";
import { attacked } from "./attacked.ts";
import { InstantClock } from "./instant_clock.ts";
import { tlsOf } from "./tls/tls_fixtures.ts";
import { AttentiveTransport } from "./transport/attentive_transport.ts";
import { dial, trickle } from "./trickle.ts";
import { encode } from "./wire/wire_peer.ts";

/** How long a node waits in these tests, in milliseconds. */
const PATIENCE = 40;
const TCP = new TcpTransport();

/** The first words of an honest node, and what else an end that dials does. */
function dialler(certified?: CertifiedPeer): Dialler {
  return new Dialler({
    self: { system: "shop", host: "127.0.0.1", port: 9, incarnation: "slow1" },
    hostname: "127.0.0.1",
    port: 1,
    lane: "data",
    certified,
  });
}

function hello(): Uint8Array {
  const [effect] = dialler().step({ kind: "opened" });
  assert(effect?.kind === "send");
  assert(effect.bytes.length > 2 * PATIENCE, `${effect.bytes.length} bytes`);
  return effect.bytes;
}

const NO_HELLO =
  `${PATIENCE} bytes and no whole message came within ${PATIENCE} ms`;

Deno.test("Over TCP a handshake that trickles in is waited for no longer than handshakeTimeout", async () => {
  const it = { clock: new InstantClock(), watched: new AttentiveTransport() };
  const options = { handshakeTimeout: PATIENCE, transport: it.watched };
  await attacked(options, async ({ b, warning }) => {
    const warned = warning();
    const connection = await dial(it, b, TCP);
    assertEquals(await trickle(it, connection, hello()), "");
    assert((await warned).includes(NO_HELLO), await warned);
  }, { system: { clock: it.clock } });
});

Deno.test("Over TLS a handshake that trickles in is waited for no longer than handshakeTimeout", async () => {
  // What is short here is the time for what follows.
  const tls = await tlsOf("shop", { handshakeTimeout: 5_000 });
  const watched = new AttentiveTransport(tls);
  const it = { clock: new InstantClock(), watched };
  const options = { handshakeTimeout: PATIENCE, transport: watched };
  await attacked(options, async ({ b, warning }) => {
    const warned = warning();
    const connection = await dial(it, b, tls);
    assertEquals(await trickle(it, connection, hello()), "");
    assert((await warned).includes(NO_HELLO), await warned);
  }, { system: { clock: it.clock }, transport: () => tlsOf("shop") });
});

/** The first words of an honest TLS client. */
async function clientHello(): Promise<Uint8Array> {
  const listener = await TCP.listen({ hostname: "127.0.0.1", port: 0 });
  const dialling = (await tlsOf("shop")).connect(listener).catch(() => {});
  using connection = await listener.accept();
  const bytes = await connection?.read();
  assert(bytes !== undefined && bytes.length > 2 * PATIENCE);
  connection?.close();
  await dialling;
  await listener.close();
  return bytes;
}

Deno.test("A TLS handshake that trickles in is waited for no longer than the handshakeTimeout of its transport", async () => {
  const it = { clock: new InstantClock(), watched: new AttentiveTransport() };
  const transport = await tlsOf("shop", {
    clock: it.clock,
    handshakeTimeout: PATIENCE,
    transport: it.watched,
  });
  await attacked({ transport }, async ({ b, warning }) => {
    const warned = warning();
    const connection = await dial(it, b, TCP);
    assertEquals(await trickle(it, connection, await clientHello()), "");
    const found = `it did not come to an end within ${PATIENCE} ms`;
    assert((await warned).includes(found), await warned);
  }, { transport: () => tlsOf("shop") });
});

Deno.test("A frame that trickles in is waited for no longer than stallTimeout, over TCP and TLS", async () => {
  const frame: FrameFields = {
    kind: FrameKind.TELL,
    receiver: 1,
    type: 1,
    definitions: [
      { number: 1, table: DefinitionKind.ADDRESS, value: "/box" },
      { number: 1, table: DefinitionKind.TYPE_NAME, value: "box.put" },
    ],
    payload: new TextEncoder().encode(`{"id":7,"pad":"${"x".repeat(100)}"}`),
  };
  const text =
    `Cannot read a message: the rest of it did not come within ${PATIENCE} ms, all of it was expected`;
  for (const transport of [TCP, await tlsOf("shop")]) {
    const watched = new AttentiveTransport(transport);
    const it = { clock: new InstantClock(), watched };
    const options = { stallTimeout: PATIENCE, transport: watched };
    await attacked(options, async ({ b, warning }) => {
      const connection = await dial(it, b, transport);

      await shakeHands(connection, dialler(connection.certified));
      const warned = warning();
      const answer = await trickle(it, connection, encode(frame));
      assert(answer.includes(text), answer);
      assert((await warned).includes(text), await warned);
    }, {
      system: { clock: it.clock },
      transport: () => Promise.resolve(transport),
    });
  }
});
