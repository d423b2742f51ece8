import { assert, assertEquals, assertRejects } from "@std/assert";
import { ActorSystem } from "../../../actor/mod.ts";
import {
  ConnectError,
  HandshakeError,
  RemoteError,
} from "../../../remote/errors.ts";
import { Remote } from "../../../remote/remote.ts";
import type { TlsTransport } from "../../../remote/tls/tls_transport.ts";
import { Box, spawnBox } from "../actors.ts";
import type { CertificateOptions } from "../../support/certificates.ts";
import { authority, foreign, tlsOf, uriOf } from "./tls_fixtures.ts";
import { addressOf, type Node, startNode, warned } from "../world.ts";

const DAY = 86_400_000;

/** Two nodes of one system. Both must have reported nothing but `expected` when they end. */
async function pair(
  run: (a: Node, b: Node) => Promise<void>,
  transports: { a?: TlsTransport; b?: TlsTransport } = {},
): Promise<void> {
  const a = await startNode("shop", {}, {
    transport: transports.a ?? await tlsOf("shop"),
  });
  const b = await startNode("shop", {}, {
    transport: transports.b ?? await tlsOf("shop"),
  });
  spawnBox(b.system, "box");
  try {
    await run(a, b);
  } finally {
    for (const { remote } of [a, b]) await remote.drain();
    for (const { system } of [a, b]) await system.drain();
  }
  assertEquals([a.remote.connections, b.remote.connections], [0, 0]);
}

/** Waits until a node has warned of something. */
function nextWarning({ system }: Node): Promise<string> {
  const warnings = system.events.subscribe({ types: ["warning"] });
  return warnings.next().then(({ value }) => {
    warnings.unsubscribe();
    return value?.text ?? "the system has ended";
  });
}

Deno.test("Nodes over mutual TLS tell, ask, look up and stop, and report nothing", async () => {
  await pair(async (a, b) => {
    const ref = a.remote.ref(Box, addressOf(b, "box"));
    ref.tell(Box.put({ id: 1 }));
    assertEquals(await ref.ask(Box.ids()), [1]);
    const found = await a.remote.lookup(Box, addressOf(b, "box"));
    assert(found !== undefined);
    await a.remote.stop(found);
    assertEquals([a.warnings, b.warnings], [[], []]);
  });
});

Deno.test("An expired certificate is named on both ends, with its date", async () => {
  const until = new Date("2020-02-03T04:05:06Z");
  const from = new Date("2019-01-01T00:00:00Z");
  const late = await startedAt(until.getTime() - 1, { from, until });
  await assertNamed(late, [
    'the certificate "CN=shop" expired at 2020-02-03T04:05:06.000Z',
    "one that is valid at 20",
  ], "certificate_expired");
});

Deno.test("A certificate that is not valid yet is named on both ends, with its date", async () => {
  const from = new Date(Math.floor(Date.now() / 1_000) * 1_000 + 2 * DAY);
  const until = new Date(from.getTime() + DAY);
  const early = await startedAt(from.getTime() + 1, { from, until });
  await assertNamed(early, [
    `the certificate "CN=shop" is not valid before ${from.toISOString()}`,
  ], "certificate_not_yet_valid");
});

Deno.test("A certificate of another authority is named on both ends, with its issuer", async () => {
  const ca = [authority.cert, foreign.cert];
  const stranger = await tlsOf("shop", { ca }, {}, foreign);
  await assertNamed(stranger, [
    'the certificate "CN=shop" was issued by "CN=Evil CA", which is foreign here',
    'one issued by "CN=Shop CA" was expected',
  ], "certificate_foreign");
});

Deno.test("A certificate for another system is refused on both ends, though its authority is right", async () => {
  const other = await tlsOf("bank", { systems: ["shop"] });
  const a = await startNode("bank", {}, { transport: other });
  const b = await startNode("shop", {}, { transport: await tlsOf("shop") });
  const warning = nextWarning(b);
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  const error = await assertRejects(() => ref.ask(Box.ids()), HandshakeError);
  for (const text of [error.message, await warning]) {
    assert(text.includes(`the certificate is for "${uriOf("bank")}"`), text);
    assert(
      text.includes(
        'one for "spiffe://test/cluster/shop/..." was expected, or "bank" in the option `systems` of the TlsTransport',
      ),
      text,
    );
  }
  assertEquals(error.reason, "certificate_system");
  for (const { remote } of [a, b]) await remote.drain();
  for (const { system } of [a, b]) await system.drain();
});

Deno.test("Systems that name each other talk over mutual TLS", async () => {
  const a = await startNode("bank", {}, {
    transport: await tlsOf("bank", { systems: ["shop"] }),
  });
  const b = await startNode("shop", {}, {
    transport: await tlsOf("shop", { systems: ["bank"] }),
  });
  spawnBox(b.system, "box");
  assertEquals(
    await a.remote.ref(Box, addressOf(b, "box")).ask(Box.echo(7)),
    7,
  );
  for (const { remote } of [a, b]) await remote.drain();
  for (const { system } of [a, b]) await system.drain();
  assertEquals([a.warnings, b.warnings], [[], []]);
});

Deno.test("Certificates are exchanged while nodes run, and those of an authority that is no more are refused", async () => {
  const [ours, theirs] = [await tlsOf("shop"), await tlsOf("shop")];
  await pair(async (a, b) => {
    const ref = a.remote.ref(Box, addressOf(b, "box"));
    assertEquals(await ref.ask(Box.echo(1)), 1);
    const uris = [uriOf("shop")];
    const both = [authority.cert, foreign.cert];
    const fresh = await foreign.issue({ name: "fresh", uris });
    // First both authorities are good, then everybody has a new certificate, then the old one goes.
    await ours.reload({ ...await authority.issue({ uris }), ca: both });
    await theirs.reload({ ...fresh, ca: both });
    const dialled = await ours.connect({
      hostname: "127.0.0.1",
      port: b.remote.port,
    });
    assertEquals(dialled.certified?.identity?.uri, uriOf("shop"));
    dialled.close();
    await theirs.reload({ ...fresh, ca: foreign.cert });
    assertEquals(await ref.ask(Box.echo(2)), 2); // the open connection stays
    const warning = nextWarning(b);
    const refused = await ours.connect({
      hostname: "127.0.0.1",
      port: b.remote.port,
    });
    const answer = new TextDecoder().decode(await refused.read());
    refused.close();
    for (const text of [answer, await warning]) {
      assert(text.includes('was issued by "CN=Shop CA"'), text);
    }
  }, { a: ours, b: theirs });
});

Deno.test("TlsTransport.reload() refuses what is no good, or for somebody else, and changes nothing", async () => {
  const tls = await tlsOf("shop");
  const { ca } = { ca: authority.cert };
  const [mine, bank, client, evil] = [
    await authority.issue({ uris: [uriOf("shop")] }),
    await authority.issue({ uris: [uriOf("bank")] }),
    await authority.issue({ uris: [uriOf("shop", { role: "client" })] }),
    await foreign.issue({ uris: [uriOf("shop")] }),
  ];
  const moved = await authority.issue({
    uris: [uriOf("shop", { node: "10.0.0.9" })],
  });
  const nameless = await authority.issue({ name: "nobody" });
  const cases: [Parameters<typeof tls.reload>[0], string][] = [
    [
      { ...bank, ca },
      `is for "${uriOf("bank")}", one for "${uriOf("shop")}" was expected`,
    ],
    [{ ...client, ca }, `is for "${uriOf("shop", { role: "client" })}"`],
    [{ ...moved, ca }, `is for "${uriOf("shop", { node: "10.0.0.9" })}"`],
    [{ ...evil, ca }, "which is foreign here"],
    [{ ...nameless, ca }, 'the certificate "CN=nobody" names no node'],
    [{ ...mine, key: bank.key, ca }, "the private key does not belong to"],
    [{ ...mine, cert: "none", ca }, "the own certificate cannot be read"],
    [{ ...mine, ca: [] }, "the authorities cannot be read"],
  ];
  for (const [certificates, text] of cases) {
    await assertRejects(() => tls.reload(certificates), TypeError, text);
  }
  assertEquals((await tls.identity())?.uri, uriOf("shop"));
});

Deno.test("Remote.start() refuses a certificate for another system, host or role", async () => {
  const cases: [string, Parameters<typeof Remote.start>[1], string][] = [
    ["bank", {}, 'the system is "bank", "shop" as in the certificate'],
    ["shop", { role: "client" }, 'the role is "client", "node" as in'],
    [
      "shop",
      { advertise: { hostname: "10.0.0.9" } },
      'the advertised host is "10.0.0.9", "127.0.0.1" as in',
    ],
  ];
  for (const [name, options, text] of cases) {
    await using system = new ActorSystem(name, { logger: null });
    const transport = await tlsOf("shop");
    await assertRejects(
      () => Remote.start(system, { transport, ...options }),
      TypeError,
      text,
    );
  }
});

Deno.test("A certificate of another trust domain is refused without the advice to list its system", async () => {
  const uris = [uriOf("bank").replace("test", "other")];
  const b = await startNode("shop", {}, { transport: await tlsOf("shop") });
  const stranger = await tlsOf("bank", {}, { uris });
  const warning = nextWarning(b);
  const { host: hostname, port } = b.remote;
  // It turns away from the node, as the node does from it: neither is of a system that the other lists.
  await assertRejects(
    () => stranger.connect({ hostname, port }),
    HandshakeError,
  );
  assert(
    (await warning).endsWith('"spiffe://test/cluster/shop/..." was expected'),
    await warning,
  );
  await b.remote.drain();
  await b.system.drain();
});

for (const role of ["client", "observer"] as const) {
  Deno.test(`Remote.start() refuses the certificate of a role that nobody dials, ${role}, unless it is said`, async () => {
    const uris = [uriOf("shop", { role, node: "tablet-7" })];
    await using system = new ActorSystem("shop", { logger: null });
    const transport = await tlsOf("shop", {}, { uris });
    await assertRejects(
      () => Remote.start(system, { transport }),
      TypeError,
      `Cannot start remoting: the certificate "${
        uris[0]
      }" has the role "${role}", which nobody dials, one of a node, Remote.connect, or the option \`role: "${role}"\` was expected`,
    );
    // Who says so means to dial only; nothing of the attempt is left.
    await using _ = await Remote.start(system, { transport, role });
  });
}

Deno.test("A TLS node that dials one without TLS is told that it may speak none", async () => {
  const a = await startNode("shop", {}, { transport: await tlsOf("shop") });
  const b = await startNode("shop", {}, {});
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  const error = await assertRejects(() => ref.ask(Box.ids()), ConnectError);
  assertEquals(
    error.message,
    `Cannot connect to "${b.remote.host}:${b.remote.port}": no TLS connection came about, the peer has closed the connection, as nodes do that speak no TLS or are dialled too often, a listening node was expected`,
  );
  const [refused] = b.warnings;
  assert(refused?.text.includes("a TLS record was found"), refused?.text);
  for (const { remote } of [a, b]) await remote.drain();
  for (const { system } of [a, b]) await system.drain();
});

Deno.test("Remote.start() refuses to run when strangers are welcomed", async () => {
  await using system = new ActorSystem("shop", { logger: null });
  const transport = await tlsOf("shop");
  const { listen } = transport;
  // As if the check of certificates were broken: every peer passes for a node.
  transport.listen = async (options) => {
    const listener = await listen.call(transport, options);
    const { accept } = listener;
    listener.accept = async () => {
      const connection = await accept.call(listener);
      if (connection === undefined) return undefined;
      const identity = await transport.identity();
      return Object.assign(connection, {
        refusal: undefined,
        certified: { identity, listener: "", validUntil: Infinity },
      });
    };
    return listener;
  };
  const error = await assertRejects(
    () => Remote.start(system, { transport }),
    HandshakeError,
  );
  assertEquals(error.reason, "self_test");
  // Nothing of the attempt is left: with the check in place it starts.
  await using _ = await Remote.start(system, {
    transport: await tlsOf("shop"),
  });
});

Deno.test("A program with the certificate of a client is of its system, and reaches what is exposed", async () => {
  const b = await startNode("shop", {}, {
    transport: await tlsOf("shop"),
    exposed: ["till"],
  });
  spawnBox(b.system, "till");
  spawnBox(b.system, "safe");
  const uris = [uriOf("shop", { role: "client", node: "tablet-7" })];
  const client = await Remote.connect({
    transport: await tlsOf("shop", {}, { uris }),
  });
  assertEquals(client.system.name, "shop");
  const till = client.ref(Box, addressOf(b, "till"));
  assertEquals(await till.ask(Box.echo(1)), 1);
  const safe = client.ref(Box, addressOf(b, "safe"));
  await assertRejects(
    () => safe.ask(Box.echo(1)),
    RemoteError,
    'Cannot ask "safe" for client "tablet-7": it is not exposed',
  );
  await client.drain();
  await b.remote.drain();
  await b.system.drain();
  assertEquals(b.warnings, []);
});

Deno.test("A client of another system needs that of the node in its own systems, and the node that of the client", async () => {
  const uris = [uriOf("shop", { role: "client", node: "tablet-7" })];
  for (const theirs of [[], ["shop"]]) {
    const b = await startNode("bank", {}, {
      transport: await tlsOf("bank", { systems: theirs }),
      exposed: ["till"],
    });
    spawnBox(b.system, "till");
    for (const ours of [[], ["bank"]]) {
      await using client = await Remote.connect({
        transport: await tlsOf("shop", { systems: ours }, { uris }),
      });
      const asked = client.ref(Box, addressOf(b, "till")).ask(Box.echo(1));
      if (ours.length + theirs.length === 2) assertEquals(await asked, 1);
      else {
        const { reason } = await assertRejects(() => asked, HandshakeError);
        assertEquals(reason, "certificate_system");
      }
    }
    await b.remote.drain();
    await b.system.drain();
  }
});

/** A transport that took its certificate for good, at that time; now it is another. */
async function startedAt(
  time: number,
  certificate: CertificateOptions,
): Promise<TlsTransport> {
  let now = time;
  const tls = await tlsOf("shop", { now: () => now }, certificate);
  await tls.identity();
  now = Date.now();
  return tls;
}

/** What a node with the certificate of `stranger` meets, dialling and dialled, is said on both ends. */
async function assertNamed(
  stranger: TlsTransport,
  words: string[],
  reason: string,
): Promise<void> {
  const b = await startNode("shop", {}, { transport: await tlsOf("shop") });
  const { hostname, port } = { hostname: "127.0.0.1", port: b.remote.port };
  const system = new ActorSystem("shop", { logger: null });
  const listener = await stranger.listen({ hostname, port: 0 });
  try {
    // It dials: the node refuses it.
    const warning = nextWarning(b);
    const dialled = await stranger.connect({ hostname, port });
    const answer = new TextDecoder().decode(await dialled.read());
    dialled.close();
    const warned = await warning;
    for (const word of words) {
      assert(answer.includes(word), answer);
      assert(warned.includes(word), warned);
    }
    assert(answer.includes(reason), answer);
    // It is dialled: the node turns away, and says why.
    const ref = b.remote.ref(Box, `goakt://shop@127.0.0.1:${listener.port}/x`);
    const asked = assertRejects(() => ref.ask(Box.ids()), HandshakeError);
    const accepted = await listener.accept();
    const told = new TextDecoder().decode(await accepted?.read());
    accepted?.close();
    const error = await asked;
    assertEquals([error.reason, error.outcome], [reason, "not_delivered"]);
    for (const word of words) {
      assert(error.message.includes(word), error.message);
      assert(told.includes(word), told);
    }
  } finally {
    await listener.close();
    await b.remote.drain();
    await b.system.drain();
    await system.drain();
  }
  assertEquals(b.warnings.length, 2, warned(b));
}
