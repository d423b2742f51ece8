import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ActorSystemOptions,
  ask,
  type Context,
  protocol,
  tell,
} from "../../actor/mod.ts";
import { zstdCompressSync } from "node:zlib";
import { DisconnectedError, HandshakeError } from "../../remote/errors.ts";
import { encodePlain } from "../../remote/frame.ts";
import { Acceptor } from "../../remote/handshake/handshake_acceptor.ts";
import {
  Dialler,
  type DiallerOptions,
} from "../../remote/handshake/handshake_dialler.ts";
import { shakeHands } from "../../remote/handshake/handshake_driver.ts";
import type { RemoteOptions } from "../../remote/remote_options.ts";
import { TcpTransport } from "../../remote/transport/tcp_transport.ts";
import type { FrameFields } from "../../remote/wire/fields.ts";
import { DefinitionKind, FrameKind } from "../../remote/wire/kinds.ts";
import { Box, spawnBox } from "./actors.ts";
import { nextWarning } from "./attacked.ts";
import { InstantClock } from "./instant_clock.ts";
import { addressOf, type Node, startNode } from "./world.ts";
import { AttentiveTransport } from "./transport/attentive_transport.ts";
import { WirePeer } from "./wire/wire_peer.ts";

const SELF = { system: "wire", host: "wire", port: 7, incarnation: "wire1" };

/** A node that serves an honest peer before and after; drained at the end, when nothing of it may be left. */
async function serving(
  options: RemoteOptions,
  run: (b: Node) => Promise<void>,
  system: ActorSystemOptions = {},
): Promise<void> {
  const a = await startNode("a", {}, {});
  const b = await startNode("b", system, options);
  const box = spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  assertEquals(await ref.ask(Box.echo(1)), 1);
  await run(b);
  ref.tell(Box.put({ id: 2 }));
  assertEquals(await ref.ask(Box.ids()), [2]);
  assertEquals([box.ids, a.warnings, b.remote.connections], [[2], [], 1]);
  for (const { remote } of [a, b]) await remote.drain();
  for (const node of [a, b]) await node.system.drain();
  assertEquals([a.remote.connections, b.remote.connections], [0, 0]);
}

/** A peer that dials and shakes hands. */
async function dial(
  { remote: { host: hostname, port } }: Node,
  options: Partial<DiallerOptions> = {},
): Promise<WirePeer> {
  const connection = await new TcpTransport().connect({ hostname, port });
  const dialler = new Dialler({
    self: SELF,
    hostname,
    port,
    lane: "data",
    ...options,
  });
  const { rest } = await shakeHands(connection, dialler);
  return new WirePeer(connection, rest);
}

/** Everything that comes until the other end closes. */
async function readAll(connection: Deno.Conn): Promise<Uint8Array> {
  return new Uint8Array(await new Response(connection.readable).arrayBuffer());
}

Deno.test("Over TCP a frame over the limit is refused from its length, with the reason", async () => {
  await serving({}, async (b) => {
    const peer = await dial(b);
    const warning = nextWarning(b);
    await peer.connection.write(Uint8Array.of(1, 16, 0, 0));
    const frames = await peer.rest();
    const text =
      "Cannot read a frame: its length is 17825796 bytes, between 4 and 16842752 bytes were expected";
    assertEquals(frames.map(({ kind, failure }) => [kind, failure?.text]), [
      [FrameKind.GOODBYE, text],
    ]);
    assert((await warning).includes(text), await warning);
  });
});

Deno.test("Over TCP half a frame that stalls ends its connection, with the reason", async () => {
  await serving({ stallTimeout: 40 }, async (b) => {
    const peer = await dial(b);
    const warning = nextWarning(b);
    await peer.connection.write(Uint8Array.of(0, 0, 0, 9, 8));
    const goodbye = await peer.expect(FrameKind.GOODBYE);
    const text =
      "Cannot read a message: the rest of it did not come within 40 ms, all of it was expected";
    assertEquals(goodbye.failure?.text, text);
    assertEquals(await peer.rest(), []);
    assert((await warning).includes(text), await warning);
  });
});

Deno.test("Over TCP half a handshake, or none, is waited for no longer than handshakeTimeout", async () => {
  const clock = new InstantClock();
  const transport = new AttentiveTransport();
  const options = { handshakeTimeout: 40, transport };
  await serving(options, async (b) => {
    for (const bytes of [[], [0, 0, 0, 50, 0, 0]]) {
      const warning = nextWarning(b);
      const waits = transport.waitsAfter(bytes.length);
      const connection = await Deno.connect({ port: b.remote.port });
      if (bytes.length > 0) await connection.write(Uint8Array.from(bytes));
      await waits;
      clock.advance(39);
      assertEquals(b.warnings.length, bytes.length > 0 ? 1 : 0);
      clock.advance(1);
      assertEquals((await readAll(connection)).length, 0);
      assert(
        (await warning).includes(
          `${bytes.length} bytes and no whole message came within 40 ms, a "troupe.remote.v1.Hello" was expected`,
        ),
        await warning,
      );
    }
  }, { clock });
});

Deno.test("Over TCP a handshake that is too large is refused from its length", async () => {
  await serving({ goakt: null }, async (b) => {
    const warning = nextWarning(b);
    const connection = await Deno.connect({ port: b.remote.port });
    await connection.write(Uint8Array.of(0, 255, 255, 255));
    const answer = new TextDecoder().decode(await readAll(connection));
    assert(answer.includes("troupe.remote.v1.Refusal"), answer);
    assert(answer.includes("a frame of 16777215 bytes was found"), answer);
    assert((await warning).includes("a frame of 16777215 bytes"));
  });
});

Deno.test("Over TCP a dialler of other versions is refused, and both ends name both ranges", async () => {
  await serving({}, async (b) => {
    const warning = nextWarning(b);
    const error = await assertRejects(
      () => dial(b, { versions: { min: 7, max: 9 } }),
      HandshakeError,
    );
    assertEquals(error.reason, "version");
    for (const text of [error.message, await warning]) {
      assert(text.includes("versions 7 to 9"), text);
      assert(text.includes("version 1"), text);
    }
  });
});

Deno.test("Over TCP a peer that does not take a connection's bytes any more fails asks as unknown", async () => {
  const a = await startNode("a", {}, {});
  const listener = await new TcpTransport().listen({
    hostname: "127.0.0.1",
    port: 0,
  });
  const address = `goakt://wire@127.0.0.1:${listener.port}/box`;
  const ref = a.remote.ref(Box, address);
  const asked = assertRejects(() => ref.ask(Box.ids()), DisconnectedError);
  const connection = await listener.accept();
  assert(connection !== undefined);
  const acceptor = new Acceptor({ self: SELF, remote: connection.remote });
  const { rest } = await shakeHands(connection, acceptor);
  const peer = new WirePeer(connection, rest);
  await peer.expect(FrameKind.ASK);
  // Half of an answer, and then the end.
  await peer.connection.write(Uint8Array.of(0, 0, 0, 9, 8));
  peer.connection.close();
  const error = await asked;
  assertEquals([error.outcome, error.retryable], ["unknown", false]);
  await listener.close();
  assertEquals(a.remote.connections, 0);
  await a.remote.drain();
  await a.system.drain();
});

Deno.test("Over TCP a listener of another version fails what is sent to it as not delivered", async () => {
  const a = await startNode("a", {}, {});
  const listener = await new TcpTransport().listen({
    hostname: "127.0.0.1",
    port: 0,
  });
  const address = `goakt://wire@127.0.0.1:${listener.port}/box`;
  const ref = a.remote.ref(Box, address);
  const asked = assertRejects(() => ref.ask(Box.ids()), HandshakeError);
  const connection = await listener.accept();
  assert(connection !== undefined);
  const acceptor = new Acceptor({
    self: SELF,
    remote: connection.remote,
    versions: { min: 3, max: 4 },
  });
  await assertRejects(() => shakeHands(connection, acceptor), HandshakeError);
  const error = await asked;
  assertEquals([error.outcome, error.reason], ["not_delivered", "version"]);
  assertEquals(
    a.warnings.map(({ text }) => text.includes("versions 3 to 4")),
    [true],
  );
  await listener.close();
  await a.remote.drain();
  await a.system.drain();
  assertEquals(a.remote.connections, 0);
});

Deno.test("Over TCP a GoAkt frame and a stream of zeros are no handshake", async () => {
  await serving({ goakt: null }, async (b) => {
    const cases: [Uint8Array<ArrayBuffer>, string][] = [
      [
        encodePlain("internalpb.RemoteTellRequest", new Uint8Array(20)),
        'a "internalpb.RemoteTellRequest" was found',
      ],
      [new Uint8Array(50_000), "a broken frame was found"],
    ];
    for (const [bytes, expected] of cases) {
      const warning = nextWarning(b);
      const connection = await Deno.connect({ port: b.remote.port });
      await connection.write(bytes);
      const answer = new TextDecoder().decode(await readAll(connection));
      assert(answer.includes("troupe.remote.v1.Refusal"), answer);
      assert((await warning).includes(expected), await warning);
    }
  });
});

/** Numbers for the actor at a path, another one, and the messages of a box. */
function definitions(path: string, other = "/other") {
  return [
    { number: 1, table: DefinitionKind.ADDRESS, value: path },
    { number: 2, table: DefinitionKind.ADDRESS, value: other },
    { number: 1, table: DefinitionKind.TYPE_NAME, value: "box.put" },
    { number: 2, table: DefinitionKind.TYPE_NAME, value: "box.ids" },
    { number: 3, table: DefinitionKind.TYPE_NAME, value: "box.raw" },
  ];
}

Deno.test("Over TCP a client cannot pass itself off as the sender that it names", async () => {
  await serving({ exposed: ["till"] }, async (b) => {
    const Till = protocol("box", {
      put: tell<unknown>(),
      ids: ask<void, string>(),
    });
    let seen = "nothing";
    b.system.spawn(Till, () => ({
      put: (_: unknown, ctx: Context): void => {
        seen = ctx.sender?.pid.path ?? "nobody";
      },
      ids: () => seen,
    }), { name: "till" });
    spawnBox(b.system, "boss");
    const spoofed: FrameFields = {
      kind: FrameKind.TELL,
      receiver: 1,
      sender: 2,
      type: 1,
      definitions: definitions("/till", addressOf(b, "boss")),
      payload: new TextEncoder().encode("1"),
    };
    const question: FrameFields = {
      kind: FrameKind.ASK,
      receiver: 1,
      sender: 2,
      type: 2,
      correlation: 1,
    };
    // What a node says is taken for true, so that the question is a good one.
    const expected = { node: '"boss"', client: '"nobody"' } as const;
    for (const role of ["node", "client"] as const) {
      const self = { ...SELF, port: 0, incarnation: role };
      const peer = await dial(b, { role, self });
      await peer.send(spoofed, question);
      const { payload } = await peer.expect(FrameKind.REPLY);
      assertEquals(new TextDecoder().decode(payload), expected[role]);
      peer.connection.close();
    }
    assertEquals(b.warnings, []);
  });
});

Deno.test("Over TCP a decompression bomb ends its connection, whatever it says of its size", async () => {
  await serving({}, async (b) => {
    const log = spawnBox(b.system, "bombed");
    const MIB = 2 ** 20;
    const bombOf = (bytes: number) => zstdCompressSync(new Uint8Array(bytes));
    const [honest, huge] = [bombOf(16 * MIB), bombOf(64 * MIB)];
    assert(huge.length < 10_000, `${huge.length} bytes`);
    const attacks: [Uint8Array, number, string][] = [
      [honest, 16 * MIB, "are to stand for 16777216, at most "],
      [huge, 16 * MIB, "are to stand for 16777216, at most "],
      [huge, 64 * MIB, "it has 67108864 bytes and compression 1, 1 to "],
      // Not even for a moment more than was announced.
      [huge, 6_000, "it cannot be expanded ("],
      [huge, 500_000, "it cannot be expanded ("],
    ];
    for (const [payload, totalBytes, found] of attacks) {
      const warning = nextWarning(b);
      const peer = await dial(b);
      await peer.send({
        kind: FrameKind.TELL,
        receiver: 1,
        type: 3,
        definitions: definitions("/bombed"),
        compression: { algorithm: 1, totalBytes },
        payload,
      });
      const { failure } = await peer.expect(FrameKind.GOODBYE);
      const text = failure?.text ?? "";
      assert(text.startsWith("Cannot read a compressed message: "), text);
      assert(text.includes(found), text);
      assert((await warning).includes(text), await warning);
      assertEquals(await peer.rest(), []);
    }
    assertEquals(log.sizes, []);
  });
});
