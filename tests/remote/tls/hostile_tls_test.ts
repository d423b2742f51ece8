import { connect, createServer } from "node:tls";
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  ConnectError,
  DisconnectedError,
  HandshakeError,
} from "../../../remote/errors.ts";
import type { NodeIdentity } from "../../../remote/handshake/handshake.ts";
import {
  Dialler,
  type DiallerOptions,
} from "../../../remote/handshake/handshake_dialler.ts";
import { shakeHands } from "../../../remote/handshake/handshake_driver.ts";
import type { RemoteOptions } from "../../../remote/remote_options.ts";
import { MemoryNetwork } from "../../../remote/transport/memory_transport.ts";
import { TcpTransport } from "../../../remote/transport/tcp_transport.ts";
import {
  TlsTransport,
  type TlsTransportOptions,
} from "../../../remote/tls/tls_transport.ts";
import type {
  Connection,
  Transport,
} from "../../../remote/transport/transport.ts";
import { ManualClock } from "../../../testing/manual_clock.ts";
import { DefinitionKind, FrameKind } from "../../../remote/wire/kinds.ts";
import { Box } from "../actors.ts";
import {
  type Attacked,
  attacked as attackedOver,
  readAll,
} from "../attacked.ts";
import { InstantClock } from "../instant_clock.ts";
import { authority, foreign, tlsOf, uriOf } from "./tls_fixtures.ts";
import type { Node } from "../world.ts";
import { WirePeer } from "../wire/wire_peer.ts";

const KEY = "a secret that both nodes of this test share";
const ATTACKER: NodeIdentity = {
  system: "shop",
  host: "127.0.0.1",
  port: 0,
  incarnation: "m1",
};

/** Nodes with mutual TLS, unless told otherwise. */
function attacked(
  options: RemoteOptions,
  run: (it: Attacked) => Promise<void>,
  transport: () => Promise<Transport> = () => tlsOf("shop"),
): Promise<void> {
  return attackedOver(options, run, { transport });
}

/** Connects to a node and shakes hands as `options` say. */
async function dial(
  { remote: { host: hostname, port } }: Node,
  transport: Transport,
  options: Partial<DiallerOptions> = {},
): Promise<WirePeer> {
  const connection = await transport.connect({ hostname, port });
  const { certified } = connection;
  const dialler = new Dialler({
    self: ATTACKER,
    hostname,
    port,
    lane: "data",
    certified,
    ...options,
  });
  const { rest } = await shakeHands(connection, dialler);
  return new WirePeer(connection, rest);
}

Deno.test("Without a certificate nobody gets in, and both ends say why", async () => {
  await attacked({}, async ({ b, warning }) => {
    const tls = await tlsOf("shop");
    const anonymous: Transport = {
      scheme: "tls",
      listen: (options) => tls.listen(options),
      connect: (options) => tls.connectAnonymously(options),
    };
    const warned = warning();
    const error = await assertRejects(() => dial(b, anonymous), HandshakeError);
    assertEquals(error.reason, "certificate_missing");
    for (const text of [error.message, await warned]) {
      assert(text.includes("the peer shows no certificate"), text);
      assert(text.includes('one issued by "CN=Shop CA" was expected'), text);
    }
  });
});

Deno.test("A certificate for one thing cannot be used to say another", async () => {
  await attacked({}, async ({ b, warning }) => {
    const node = await tlsOf("shop");
    const client = await tlsOf("shop", {}, {
      uris: [uriOf("shop", { role: "client", node: "till-7" })],
    });
    const cases: [TlsTransport, Partial<DiallerOptions>, string][] = [
      [
        node,
        { self: { ...ATTACKER, system: "bank" } },
        'the peer says that its system is "bank", "shop" as in its certificate',
      ],
      [
        node,
        { self: { ...ATTACKER, host: "10.0.0.1", port: 7 } },
        'the peer says that its host is "10.0.0.1", "127.0.0.1" as in',
      ],
      [
        node,
        { role: "dc-gateway" },
        'the peer says that its role is "dc-gateway", "node" as in',
      ],
      [
        client,
        {},
        `the peer says that its role is "node", "client" as in its certificate "${
          uriOf("shop", { role: "client", node: "till-7" })
        }"`,
      ],
    ];
    for (const [transport, options, expected] of cases) {
      const warned = warning();
      const error = await assertRejects(
        () => dial(b, transport, options),
        HandshakeError,
      );
      assertEquals(error.reason, "identity");
      for (const text of [error.message, await warned]) {
        assert(text.includes(expected), text);
      }
    }
    const peer = await dial(b, client, { role: "client" });
    peer.connection.close();
  });
});

Deno.test("A certificate of a client is not enough to be taken for a node that is dialled", async () => {
  await attacked({}, async ({ b }) => {
    const uris = [uriOf("shop", { role: "client", node: "127.0.0.1" })];
    const client = await tlsOf("shop", {}, { uris });
    const listener = await client.listen({ hostname: "127.0.0.1", port: 0 });
    const ref = b.remote.ref(Box, `goakt://shop@127.0.0.1:${listener.port}/x`);
    const asked = assertRejects(() => ref.ask(Box.ids()), HandshakeError);
    const accepted = await listener.accept();
    assert(accepted !== undefined);
    const told = await readAll(accepted);
    const { reason } = await asked;
    assertEquals(reason, "certificate_role");
    assert(told.includes("one of a node was expected"), told);
    await listener.close();
  });
});

Deno.test("Names that stand elsewhere in a certificate, or twice, make nobody a node", async () => {
  await attacked({}, async ({ b, warning }) => {
    const cases: { name?: string; uris: string[] }[] = [
      { name: uriOf("shop"), uris: [] },
      { uris: [uriOf("shop"), uriOf("bank")] },
      { uris: [`https://x/?, URI:${uriOf("shop")}`] },
      { uris: [`${uriOf("shop")}/more`] },
      { uris: [uriOf("shop", { role: "king" })] },
      { uris: [uriOf("shop").replace("spiffe", "spiffy")] },
      { uris: ["spiffe://test@evil/cluster/shop/node/127.0.0.1"] },
    ];
    for (const certificate of cases) {
      const pair = await authority.issue(certificate);
      // Its own end does not look at what it shows.
      const transport = new TlsTransport({
        ...pair,
        ca: authority.cert,
        authentication: "server",
      });
      const raw = await dialAs(pair, b);
      const warned = warning();
      const answer = await readAll(raw);
      assert(answer.includes("certificate_identity"), answer);
      assert((await warned).includes("names no node"), await warned);
      assertEquals(transport.security, "encrypted");
    }
  });
});

Deno.test("Who has a certificate cannot make others: only an authority may, however far down", async () => {
  const middle = await authority.appoint("Till CA", { isAuthority: true });
  const uris = [uriOf("shop")];
  const holder = await authority.appoint("10.0.0.9", { uris });
  await attacked({}, async ({ b, warning }) => {
    const good = await middle.issue({ uris });
    const chained = new TlsTransport({
      key: good.key,
      cert: good.cert + middle.cert,
      ca: authority.cert,
    });
    (await dial(b, chained)).connection.close();
    const forged = await holder.issue({ uris });
    const pair = { key: forged.key, cert: forged.cert + holder.cert };
    const warned = warning();
    const answer = await readAll(await dialAs(pair, b));
    assert(answer.includes("certificate_foreign"), answer);
    assert((await warned).includes('was issued by "CN=10.0.0.9"'));
    await assertRejects(
      () => new TlsTransport({ ...pair, ca: authority.cert }).identity(),
      TypeError,
      "which is foreign here",
    );
    // As if it were dialled: the node does not take it either.
    const ca = [authority.cert, holder.cert];
    const own = new TlsTransport({ ...pair, ca });
    const listener = await own.listen({ hostname: "127.0.0.1", port: 0 });
    const path = `goakt://shop@127.0.0.1:${listener.port}/x`;
    const asked = assertRejects(
      () => b.remote.ref(Box, path).ask(Box.ids()),
      HandshakeError,
    );
    const accepted = await listener.accept();
    assert(accepted !== undefined);
    const told = await readAll(accepted);
    assert(told.includes("certificate_foreign"), told);
    assertEquals((await asked).reason, "certificate_foreign");
    await listener.close();
  });
});

/** The certificate with another first byte of its subject's name, which is no text then. */
function spoiled(pem: string, name: string): string {
  const [, base64 = ""] = /CERTIFICATE-----([^-]+)-----END/.exec(pem) ?? [];
  const bytes = Uint8Array.fromBase64(base64.replace(/\s/g, ""));
  const wanted = new TextEncoder().encode(name).toHex();
  const at = bytes.toHex().lastIndexOf(`0c04${wanted}`) / 2 + 2;
  assert(at > 2);
  bytes[at] = 0xff;
  const lines = bytes.toBase64().replace(/(.{64})/g, "$1\n");
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

Deno.test("A certificate that cannot be read is refused as such, at both ends, and ends nothing else", async () => {
  const { cert, key } = await authority.issue({
    name: "evil",
    uris: [uriOf("shop")],
  });
  const shown = { cert: spoiled(cert, "evil"), key };
  await attacked({}, async ({ b, warning }) => {
    const { host, port } = b.remote;
    const told = warning();
    const socket = connect({ ...shown, host, port, rejectUnauthorized: false });
    let answer = "";
    socket.on("data", (bytes: Uint8Array) => {
      answer += new TextDecoder().decode(bytes);
    });
    await new Promise<void>((resolve) => socket.on("close", () => resolve()));
    assert(answer.includes("certificate_invalid"), answer);
    const text = await told;
    assert(text.includes("the certificate cannot be read (Error: "), text);
  });
  // The same from who is dialled.
  const server = createServer(
    { ...shown, minVersion: "TLSv1.3" },
    (socket) => socket.on("error", () => {}).resume(),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const client = await tlsOf("shop");
  const error = await assertRejects(
    () => client.connect({ hostname: "127.0.0.1", port }),
    HandshakeError,
  );
  assertEquals(error.reason, "certificate_invalid");
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

Deno.test("Clear text, HTTP and half a handshake get nowhere at a node with TLS", async () => {
  await attacked({}, async ({ b, warning }) => {
    const { host: hostname, port } = b.remote;
    const tcp = new TcpTransport();
    const first = warning();
    await assertRejects(() => dial(b, tcp), HandshakeError);
    const text = await first;
    assert(text.includes("the TLS handshake failed, "), text);
    assert(text.includes("a peer that speaks TLS was expected"), text);
    for (
      const bytes of [
        new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"),
        new Uint8Array(100_000),
        Uint8Array.of(22, 3, 1, 255, 255, 1),
      ]
    ) {
      const connection = await tcp.connect({ hostname, port });
      await connection.write(bytes);
      await connection.closeWrite();
      const answer = await readAll(connection);
      assert(!answer.includes("troupe"), answer);
    }
  });
});

/** The hosts, in order, whose half TLS handshakes are cut off for others when these dial. */
async function cutOff(
  hosts: readonly string[],
  options: Partial<TlsTransportOptions>,
): Promise<readonly string[]> {
  const clock = new ManualClock();
  const network = new MemoryNetwork({ clock });
  const transport = network.transport("b");
  const server = await tlsOf("shop", { ...options, clock, transport });
  const listener = await server.listen({ hostname: "b", port: 1 });
  const found: string[] = [];
  const accepting = (async () => {
    for (;;) {
      const connection = await listener.accept();
      if (connection === undefined) return;
      if (!connection.refusal?.found.includes("others came")) continue;
      found.push(connection.remote.replace(/:.*/, ""));
    }
  })();
  const open: Connection[] = [];
  for (const host of hosts) {
    const dialler = network.transport(host);
    const connection = await dialler.connect({ hostname: "b", port: 1 });
    await connection.write(Uint8Array.of(22, 3, 1)); // and no more
    open.push(connection);
  }
  await clock.settle();
  await listener.close();
  await accepting;
  for (const connection of open) connection.close();
  await clock.settle();
  return found;
}

Deno.test("Very many half TLS handshakes from one place push out none from another", async () => {
  const hosts = ["good", ...Array(20).fill("evil")];
  const found = await cutOff(hosts, { maxHalfOpen: 4 });
  assertEquals(found, Array(17).fill("evil"));
});

Deno.test("A thousand TLS handshakes at once, as a GoAkt node begins them for as many asks, push out none", async () => {
  assertEquals(await cutOff(Array(1_280).fill("go"), {}), []);
  assertEquals(await cutOff(Array(1_281).fill("go"), {}), ["go"]);
});

Deno.test("Who begins a TLS handshake and does not go on is cut off in time, and in favour of others", async () => {
  const clock = new InstantClock();
  const server = await tlsOf("shop", { maxHalfOpen: 4, clock });
  const listener = await server.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener;
  const tcp = new TcpTransport();
  const refusals: (string | undefined)[] = [];
  /** The next that is let in; why the others are not is noted. */
  const welcome = async () => {
    for (;;) {
      const connection = await listener.accept();
      if (connection?.refusal === undefined) return connection;
      refusals.push(connection.refusal.found);
    }
  };
  const accepting = welcome();
  const slow: Connection[] = [];
  for (let count = 0; count < 20; count++) {
    const connection = await tcp.connect({ hostname, port });
    await connection.write(Uint8Array.of(22, 3, 1)); // and no more
    slow.push(connection);
  }
  const client = await tlsOf("shop");
  const [honest, accepted] = await Promise.all([
    client.connect({ hostname, port }),
    accepting,
  ]);
  await honest.write(Uint8Array.of(1));
  assertEquals(await accepted?.read(), Uint8Array.of(1));
  // All but the last were cut off for others; those end when their time is over.
  const ends = slow.map((connection) => readAll(connection));
  await Promise.all(ends.slice(0, 17));
  clock.advance(4_999);
  assertEquals(
    await Promise.race([ends[19], settled(() => "waiting")]),
    "waiting",
  );
  clock.advance(1);
  await Promise.all(ends);
  const rest = welcome();
  await settled(() => {});
  const why = "the TLS handshake failed, ";
  assertEquals(refusals, [
    ...Array(17).fill(`${why}others came, and it has taken longest`),
    ...Array(3).fill(`${why}it did not come to an end within 5000 ms`),
  ]);
  accepted?.close();
  honest.close();
  await listener.close();
  assertEquals(await rest, undefined);
  assertEquals(clock.pending, 0);
});

Deno.test("Over TLS a handshake that is too large, or stops half-way, is ended like over TCP", async () => {
  await attacked(
    { handshakeTimeout: 60, goakt: null },
    async ({ b, warning }) => {
      const { host: hostname, port } = b.remote;
      const tls = await tlsOf("shop");
      const cases: [Uint8Array, string][] = [
        [Uint8Array.of(0, 0, 16, 1), "a frame of 4097 bytes was found"],
        [Uint8Array.of(0, 0, 0, 50, 0), "5 bytes and no whole message came"],
        [new Uint8Array(), "0 bytes and no whole message came within 60 ms"],
      ];
      for (const [bytes, expected] of cases) {
        const warned = warning();
        const connection = await tls.connect({ hostname, port });
        await connection.write(bytes);
        await readAll(connection);
        assert((await warned).includes(expected), await warned);
      }
    },
    () => tlsOf("shop", { handshakeTimeout: 5_000 }),
  );
});

Deno.test("An open connection ends when its certificate has expired, or its authority has gone", async () => {
  const clock = new InstantClock();
  let now = Date.now();
  const server = await tlsOf("shop", { clock, now: () => now });
  const listener = await server.listen({ hostname: "127.0.0.1", port: 0 });
  const client = await tlsOf("shop");
  const open = async () => {
    const [dialled, accepted] = await Promise.all([
      client.connect(listener),
      listener.accept(),
    ]);
    assert(accepted !== undefined);
    return { dialled, accepted };
  };
  const first = await open();
  clock.advance(600_000);
  await first.dialled.write(Uint8Array.of(1)); // it is still good
  assertEquals(await first.accepted.read(), Uint8Array.of(1));
  now += 11 * 86_400_000;
  clock.advance(600_000);
  await assertRejects(
    () => first.accepted.read(),
    DisconnectedError,
    'the certificate "CN=shop" expired at ',
  );
  now -= 11 * 86_400_000;
  const second = await open();
  const other = await foreign.issue({ uris: [uriOf("shop")] });
  await server.reload({ ...other, ca: foreign.cert });
  clock.advance(600_000);
  await assertRejects(
    () => second.accepted.read(),
    DisconnectedError,
    'was issued by "CN=Shop CA", which is foreign here',
  );
  for (const { dialled, accepted } of [first, second]) {
    dialled.close();
    accepted.close();
  }
  await listener.close();
  assertEquals(clock.pending, 0);
});

Deno.test("Over TLS with a shared key the key decides, and no certificate is asked of who dials", async () => {
  const one = () => tlsOf("shop", { authentication: "server" });
  await attacked({ key: KEY }, async ({ b, warning }) => {
    const warned = warning();
    const error = await assertRejects(
      async () => await dial(b, await one()),
      HandshakeError,
    );
    assertEquals(error.reason, "key");
    assert((await warned).includes("offers no proof of the shared key"));
    // TLS of an authority that is not the own one is not spoken at all.
    const stranger = await tlsOf(
      "shop",
      {
        authentication: "server",
        ca: foreign.cert,
      },
      {},
      foreign,
    );
    await assertRejects(() => dial(b, stranger), HandshakeError, "foreign");
  }, one);
});

Deno.test("Keys named __proto__ in a message of a peer change nothing here", async () => {
  await attacked({}, async ({ b }) => {
    const peer = await dial(b, await tlsOf("shop"));
    const attempts = [
      '{"__proto__":{"polluted":true}}',
      '{"a":{"\\u005f_proto__":{"polluted":true}}}',
      '[{"constructor":{"prototype":{"polluted":true}}}]',
      '[{"constructor":{"name":"Bach"},"prototype":1}]', // words like any other
    ];
    const kinds: (number | string | undefined)[] = [];
    for (const [index, text] of attempts.entries()) {
      await peer.send({
        kind: FrameKind.ASK,
        receiver: 1,
        type: 1,
        correlation: index + 1,
        payload: new TextEncoder().encode(text),
        ...(index === 0 && {
          definitions: [
            { number: 1, table: DefinitionKind.ADDRESS, value: "/box" },
            { number: 1, table: DefinitionKind.TYPE_NAME, value: "box.echo" },
          ],
        }),
      });
      const wanted = index < 3 ? FrameKind.FAILURE : FrameKind.REPLY;
      const frame = await peer.expect(wanted);
      kinds.push(
        frame.failure?.code ?? new TextDecoder().decode(frame.payload),
      );
    }
    const refused = Array(3).fill("codec_error");
    assertEquals(kinds, [...refused, attempts[3]]);
    assertEquals(Reflect.get({}, "polluted"), undefined);
    peer.connection.close();
  });
});

Deno.test("TlsTransport.connect() to who speaks no TLS fails as a connection, in time", async () => {
  const tcp = new TcpTransport();
  const listener = await tcp.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener;
  const clock = new InstantClock();
  const tls = await tlsOf("shop", { clock });
  const silent = assertRejects(
    () => tls.connect({ hostname, port, timeout: 200 }),
    ConnectError,
    "there was no answer within 200 ms",
  );
  const first = await listener.accept();
  await first?.read(); // its first words, which nobody answers
  clock.advance(200);
  await silent;
  first?.close();
  const odd = assertRejects(
    () => tls.connect({ hostname, port }),
    ConnectError,
    "no TLS connection came about",
  );
  const second = await listener.accept();
  await second?.write(new TextEncoder().encode("HTTP/1.1 400 Bad\r\n\r\n"));
  await odd;
  second?.close();
  await listener.close();
  assertEquals(clock.pending, 0);
});

/** Resolves after everything that is under way in this process has had its turn. */
async function settled<T>(value: () => T): Promise<T> {
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  return value();
}

/** Connects with a certificate that no node would start with. */
async function dialAs(
  pair: { cert: string; key: string },
  { remote: { host, port } }: Node,
): Promise<Connection> {
  const tls = await import("node:tls");
  const socket = tls.connect({
    host,
    port,
    ...pair,
    ca: authority.cert,
    checkServerIdentity: () => undefined,
  });
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const over = Promise.withResolvers<void>();
  socket.on("data", (bytes) => chunks.push(new Uint8Array(bytes)));
  socket.on("close", () => over.resolve());
  socket.on("error", () => over.resolve());
  return {
    local: "",
    remote: "",
    read: async () => {
      await over.promise;
      return chunks.shift();
    },
    write: () => Promise.resolve(),
    closeWrite: () => Promise.resolve(),
    close: () => socket.destroy(),
    [Symbol.dispose]: () => socket.destroy(),
  };
}
