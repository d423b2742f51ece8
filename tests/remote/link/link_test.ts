import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  DisconnectedError,
  HandshakeError,
  RemoteError,
} from "../../../remote/errors.ts";
import type { FrameFields } from "../../../remote/wire/fields.ts";
import { DefinitionKind, FrameKind } from "../../../remote/wire/kinds.ts";
import { Box, spawnBox } from "../actors.ts";
import { addressOf, type Node, warned, World } from "../world.ts";
import { encode, WirePeer } from "../wire/wire_peer.ts";

const encoder = new TextEncoder();

/** A tell of `{"id":N}` to the actor "box", with the numbers that it needs. */
function put(id: number, more: FrameFields = {}): FrameFields {
  return {
    kind: FrameKind.TELL,
    receiver: 1,
    type: 1,
    definitions: [
      { number: 1, table: DefinitionKind.ADDRESS, value: "/box" },
      { number: 1, table: DefinitionKind.TYPE_NAME, value: "box.put" },
    ],
    payload: encoder.encode(`{"id":${id}}`),
    ...more,
  };
}

/** What a node that accepted says to a peer that sends `bytes` behind a tell that is right. */
async function refused(bytes: Uint8Array): Promise<string> {
  await using world = new World();
  const [b, c] = [await world.node("b"), await world.node("c")];
  const box = spawnBox(b.system, "box");
  const other = c.remote.ref(Box, addressOf(b, "box"));
  other.tell(Box.put({ id: -1 }));
  await world.settle();
  const peer = await WirePeer.dial(world, b);
  await peer.connection.write(
    new Uint8Array([...encode(put(1)), ...bytes]),
  );
  await world.settle();
  const frames = await peer.rest();
  assertEquals(frames.slice(-2).map(({ kind, ack }) => ({ kind, ack })), [
    { kind: FrameKind.ACK, ack: 1 },
    { kind: FrameKind.GOODBYE, ack: 0 },
  ]);
  const { code = "", text = "" } = frames.at(-1)?.failure ?? {};
  await world.settle();
  // The node says the same, and everybody else goes on.
  assertEquals(b.remote.connections, 1);
  assert(warned(b).includes(text), warned(b));
  assert(warned(b).includes(peer.connection.local), warned(b));
  other.tell(Box.put({ id: 2 }));
  await world.settle();
  assertEquals([box.ids, c.warnings], [[-1, 1, 2], []]);
  return `${code}: ${text}`;
}

Deno.test("A link ends on a frame over the limit, told from its length alone", async () => {
  const length = new Uint8Array([1, 16, 0, 0]);
  assertEquals(
    await refused(length),
    "frame_error: Cannot read a frame: its length is 17825796 bytes, between 4 and 16842752 bytes were expected",
  );
});

Deno.test("A link ends on bytes that are no frame", async () => {
  assertEquals(
    await refused(new Uint8Array([0, 0, 0, 2, 0xff, 0xff])),
    "frame_error: Cannot read a frame: it ends inside a number, before byte 53, a protobuf message troupe.remote.v1.Frame was expected",
  );
});

Deno.test("A link ends on a number that was not defined", async () => {
  assertEquals(
    await refused(encode({ kind: FrameKind.TELL, receiver: 7, type: 1 })),
    "frame_error: Cannot resolve address 7: it is not defined on this connection, a definition in this or an earlier frame was expected",
  );
  assertEquals(
    await refused(encode({ kind: FrameKind.TELL, receiver: 1, type: 9 })),
    "frame_error: Cannot resolve type name 9: it is not defined on this connection, a definition in this or an earlier frame was expected",
  );
  assertEquals(
    await refused(encode({ kind: FrameKind.TELL, type: 1 })),
    "frame_error: Cannot resolve address 0: it is not defined on this connection, a definition in this or an earlier frame was expected",
  );
});

Deno.test("A link ends on a table that there is not", async () => {
  const definitions = [{ number: 1, table: 3, value: "x" }];
  assertEquals(
    await refused(encode({ kind: FrameKind.TELL, definitions })),
    "frame_error: Cannot read a definition: it is for table 3, table 1 or 2 was expected",
  );
});

Deno.test("A link ends on a frame of an unknown kind", async () => {
  for (const kind of [0, 99, 4_000_000_000]) {
    assertEquals(
      await refused(encode({ kind })),
      `frame_error: Cannot read a frame: it is of kind ${kind}, a kind of this version was expected`,
    );
  }
});

Deno.test("A link ends on an acknowledgement of what was never sent", async () => {
  assertEquals(
    await refused(encode({ kind: FrameKind.ACK, ack: 1 })),
    "frame_error: Cannot take an acknowledgement: it is for 1 messages in all, a number that does not fall and does not pass what was sent was expected",
  );
});

Deno.test("A link ends on parts that do not fit", async () => {
  const part = new Uint8Array(65_536);
  const first = put(0, {
    chunk: { id: 1, last: false, totalBytes: 100_000 },
    payload: part,
  });
  const next = (id: number, last: boolean, payload: Uint8Array) => ({
    kind: FrameKind.CHUNK,
    chunk: { id, last, totalBytes: 0 },
    payload,
  });
  assertEquals(
    await refused(encode(next(5, false, part))),
    "frame_error: Cannot read a chunk: number 5 is not under way, a first part was expected before",
  );
  assertEquals(
    await refused(encode({ kind: FrameKind.CHUNK, payload: part })),
    "frame_error: Cannot read a chunk: it has no number, a number was expected",
  );
  assertEquals(
    await refused(encode(first, next(1, true, new Uint8Array(9_000)))),
    "frame_error: Cannot read a chunked message: it has 74536 bytes, 100000 bytes were expected",
  );
  assertEquals(
    await refused(encode(first, next(1, false, part))),
    "frame_error: Cannot read a chunked message: it has 131072 bytes and goes on, 100000 bytes were expected",
  );
  assertEquals(
    await refused(encode(first, next(1, false, new Uint8Array(10)))),
    "frame_error: Cannot read a chunked message: a part of it has 10 bytes, at least 4096 bytes were expected",
  );
  const huge = put(0, {
    chunk: { id: 1, last: false, totalBytes: 17 * 1024 * 1024 },
    payload: part,
  });
  assertEquals(
    await refused(encode(huge)),
    "frame_error: Cannot read a chunked message: it has 17825792 bytes in all and 65536 in its first part, more than one part and at most 16777216 bytes were expected",
  );
});

/** A node that has asked a peer which it dialled; the peer may lie. */
async function asking(
  world: World,
): Promise<{ a: Node; asked: Promise<unknown>; peer: WirePeer }> {
  const a = await world.node("a");
  await using listener = await world.transport("wire").listen({
    hostname: "wire",
    port: 7,
  });
  const asked = a.remote.ref(Box, "goakt://wire@wire:7/box").ask(Box.ids());
  asked.catch(() => {});
  const peer = await WirePeer.accept(world, listener);
  await peer.expect(FrameKind.ASK);
  return { a, asked, peer };
}

Deno.test("A lying acknowledgement ends the link, and fails the ask with the cause", async () => {
  for (const ack of [2, 1_000, Number.MAX_SAFE_INTEGER]) {
    await using world = new World();
    const { asked, peer, a } = await asking(world);
    await peer.send({ kind: FrameKind.ACK, ack });
    const error = await assertRejects(() => asked, DisconnectedError);
    assertEquals(error.outcome, "unknown");
    assertEquals(
      error.message,
      `Cannot deliver a message to "goakt://wire@wire:7/box" on "wire:7": FrameError: Cannot take an acknowledgement: it is for ${ack} messages in all, a number that does not fall and does not pass what was sent was expected, an open connection was expected`,
    );
    const [goodbye] = await peer.rest();
    assertEquals(goodbye?.failure?.code, "frame_error");
    assert(warned(a).startsWith('the link to "wire:7" ended: FrameError'));
  }
});

Deno.test("An acknowledgement that falls ends the link", async () => {
  await using world = new World();
  const { asked, peer } = await asking(world);
  await peer.send({ kind: FrameKind.ACK, ack: 1 }, {
    kind: FrameKind.ACK,
    ack: 0,
  });
  const error = await assertRejects(() => asked, DisconnectedError);
  assertEquals(error.outcome, "unknown");
  await peer.rest();
});

Deno.test("An answer of another kind ends the link", async () => {
  await using world = new World();
  const { asked, peer } = await asking(world);
  await peer.send({ kind: FrameKind.SPAWNED, correlation: 1, address: "x" });
  await assertRejects(
    () => asked,
    DisconnectedError,
    "the answer is of kind 10, kind 3 was expected",
  );
  await peer.rest();
});

Deno.test("Messages and requests over a link that was dialled for answers end it", async () => {
  for (const frame of [put(1), { kind: FrameKind.SPAWN, correlation: 1 }]) {
    await using world = new World();
    const { asked, peer } = await asking(world);
    await peer.send(frame);
    await assertRejects(
      () => asked,
      DisconnectedError,
      "came over a link that this node has dialled, answers were expected",
    );
    await peer.rest();
  }
});

Deno.test("An answer that is not an address is the peer's error", async () => {
  await using world = new World();
  const a = await world.node("a");
  await using listener = await world.transport("wire").listen({
    hostname: "wire",
    port: 7,
  });
  const found = a.remote.lookup(Box, "goakt://wire@wire:7/box");
  const peer = await WirePeer.accept(world, listener);
  const { correlation } = await peer.expect(FrameKind.LOOKUP);
  await peer.send({ kind: FrameKind.LOOKUP_REPLY, correlation, address: "?" });
  await assertRejects(
    () => found,
    Error,
    'Cannot read an answer: its address is "?", the address of an actor was expected',
  );
  await listener.close();
  peer.connection.close();
});

Deno.test("Answers to what was never asked are ignored", async () => {
  await using world = new World();
  const { asked, peer } = await asking(world);
  await peer.send(
    { kind: FrameKind.REPLY, correlation: 99 },
    { kind: FrameKind.FAILURE, correlation: 98 },
    { kind: FrameKind.ACK, ack: 1 },
    { kind: FrameKind.REPLY, correlation: 1, payload: encoder.encode("[5]") },
    { kind: FrameKind.REPLY, correlation: 1, payload: encoder.encode("[6]") },
  );
  assertEquals(await asked, [5]);
  peer.connection.close();
});

Deno.test("A reply that is not in the codec of the message rejects that ask only", async () => {
  await using world = new World();
  const { asked, peer, a } = await asking(world);
  await peer.send({ kind: FrameKind.ACK, ack: 1 }, {
    kind: FrameKind.REPLY,
    correlation: 1,
    payload: encoder.encode("{"),
  });
  await assertRejects(() => asked, Error, 'Cannot decode "$" as json');
  await world.settle();
  assertEquals([a.remote.connections, a.warnings], [1, []]);
  peer.connection.close();
});

Deno.test("A peer that ends a link says why, and the losses carry its words", async () => {
  await using world = new World();
  const { asked, peer, a } = await asking(world);
  await peer.send({
    kind: FrameKind.GOODBYE,
    failure: {
      code: "frame_error",
      text: "Cannot read a frame: it is odd",
      outcome: 0,
      retryable: false,
      data: new Uint8Array(),
    },
  });
  const error = await assertRejects(() => asked, DisconnectedError);
  assertEquals(
    error.found,
    'the peer ended it with frame_error "Cannot read a frame: it is odd"',
  );
  assertEquals(error.outcome, "unknown");
  assert(error.cause instanceof DisconnectedError);
  assert(error.cause.cause instanceof RemoteError);
  assert(warned(a).includes(error.found));
  await peer.rest();
});

Deno.test("A peer that closes in the middle of a large message is named with the cause", async () => {
  await using world = new World();
  const b = await world.node("b");
  spawnBox(b.system, "box");
  const peer = await WirePeer.dial(world, b);
  await peer.send(put(0, {
    chunk: { id: 1, last: false, totalBytes: 100_000 },
    payload: new Uint8Array(65_536),
  }));
  await world.settle();
  peer.connection.close();
  await world.settle();
  assertEquals(
    warned(b),
    `the link from "${peer.connection.local}" of "wire@wire:7" ended: DisconnectedError: Cannot read from "${peer.connection.local}": the peer has closed the connection in the middle of a message, an open connection was expected`,
  );
  assertEquals(b.remote.connections, 0);
});

Deno.test("A peer that closes in the middle of a frame is named with the cause", async () => {
  await using world = new World();
  const b = await world.node("b");
  const peer = await WirePeer.dial(world, b);
  await peer.connection.write(new Uint8Array([0, 0, 0, 9, 1]));
  await world.settle();
  peer.connection.close();
  await world.settle();
  assert(warned(b).includes("in the middle of a message"), warned(b));
});

Deno.test("A dialled peer that closes fails what it owes, and is named", async () => {
  await using world = new World();
  const { asked, peer, a } = await asking(world);
  await peer.send({ kind: FrameKind.ACK, ack: 1 });
  await world.settle();
  peer.connection.close();
  const error = await assertRejects(() => asked, DisconnectedError);
  assertEquals([error.outcome, error.found], [
    "unknown",
    "the peer has closed the connection",
  ]);
  assert(warned(a).includes('"wire:7"'));
});

Deno.test("Half a frame that stalls ends the link after stallTimeout, both sides know", async () => {
  await using world = new World();
  const b = await world.node("b", { remote: { stallTimeout: 4_000 } });
  const peer = await WirePeer.dial(world, b);
  await peer.connection.write(encode(put(1)).subarray(0, 9));
  await world.clock.advance(3_900);
  assertEquals(b.remote.connections, 1);
  // A few bytes more do not make it younger.
  await peer.connection.write(encode(put(1)).subarray(9, 12));
  await world.clock.advance(1_100);
  assertEquals(b.remote.connections, 0);
  const goodbye = await peer.expect(FrameKind.GOODBYE);
  assertEquals(await peer.rest(), []);
  assertEquals(
    goodbye.failure?.text,
    "Cannot read a message: the rest of it did not come within 4000 ms, all of it was expected",
  );
  assert(warned(b).includes("did not come within 4000 ms"));
});

Deno.test("A large message that stalls between its parts ends the link too", async () => {
  await using world = new World();
  const b = await world.node("b");
  const peer = await WirePeer.dial(world, b);
  await peer.send(put(0, {
    chunk: { id: 1, last: false, totalBytes: 100_000 },
    payload: new Uint8Array(65_536),
  }));
  await world.clock.advance(15_000);
  assertEquals(b.remote.connections, 0);
  await peer.rest();
});

Deno.test("A link between messages may be silent for ever", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  await ref.ask(Box.ids());
  await world.clock.advance(1_000_000);
  assertEquals(await ref.ask(Box.ids()), []);
  assertEquals(a.remote.connections, 1);
});

Deno.test("A peer that does not read its answers is not taken for one that stalls", async () => {
  await using world = new World({ capacity: 10_000 });
  const b = await world.node("b", {
    remote: { outboundBudget: 10_000, writeTimeout: 600_000 },
  });
  spawnBox(b.system, "box");
  const peer = await WirePeer.dial(world, b);
  const ask = (correlation: number): FrameFields => ({
    kind: FrameKind.ASK,
    receiver: 1,
    type: 1,
    correlation,
    definitions: [
      { number: 1, table: DefinitionKind.ADDRESS, value: "/box" },
      { number: 1, table: DefinitionKind.TYPE_NAME, value: "box.fill" },
    ],
    payload: encoder.encode("60000"),
  });
  await peer.send(ask(1), ask(2));
  await world.settle();
  // The node has stopped reading; the rest of this frame lies in the network.
  const bytes = encode(ask(3));
  await peer.connection.write(bytes.subarray(0, 10));
  await world.settle();
  await world.clock.advance(60_000);
  assertEquals(b.remote.connections, 1);
  await peer.connection.write(bytes.subarray(10));
  for (const correlation of [1, 2, 3]) {
    const reply = await peer.expect(FrameKind.REPLY);
    assertEquals([reply.correlation, reply.payload.length], [
      correlation,
      60_000,
    ]);
  }
  peer.connection.close();
});

Deno.test("Last words do not wait for ever on a peer that does not listen", async () => {
  await using world = new World({ capacity: 100 });
  const b = await world.node("b");
  spawnBox(b.system, "box");
  const peer = await WirePeer.dial(world, b);
  world.network.degrade("b", "wire", { stalled: true });
  await peer.send({ kind: 99 });
  await world.settle();
  assertEquals(b.remote.connections, 0);
  await world.clock.advance(1_000);
  peer.connection.close();
  world.network.heal("b", "wire");
});

Deno.test("Garbage, HTTP, half a handshake and a wrong version are refused, and nothing is left", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const box = spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  ref.tell(Box.put({ id: 1 }));
  await world.settle();
  const client = world.transport("wire");
  const { host: hostname, port } = b.remote;
  const expected: [string, string][] = [
    ["garbage\r\n", "the first byte is 67"],
    ["GET / HTTP/1.1\r\nHost: b\r\n\r\n", "HTTP"],
  ];
  for (const [text] of expected) {
    const connection = await client.connect({ hostname, port });
    await connection.write(encoder.encode(text));
    await world.settle();
    let answer = "";
    for (
      let chunk = await connection.read();
      chunk !== undefined;
      chunk = await connection.read()
    ) answer += new TextDecoder().decode(chunk);
    assertEquals(answer.startsWith("HTTP/1.1 400"), text.startsWith("GET"));
    connection.close();
    await world.settle();
    const { text: warning = "" } = b.warnings.pop() ?? {};
    assert(warning.includes(connection.local), warning);
    assert(warning.includes("HandshakeError: Cannot shake hands"), warning);
  }
  const half = await client.connect({ hostname, port });
  await half.write(new Uint8Array([0, 0, 0, 50, 0, 0]));
  await world.clock.advance(5_000);
  assertEquals(await half.read(), undefined);
  half.close();
  assert(b.warnings.pop()?.text.includes("5000 ms"));
  const refusedVersion = await assertRejects(
    () => WirePeer.dial(world, b, "data", { min: 7, max: 9 }),
    HandshakeError,
  );
  assertEquals(refusedVersion.reason, "version");
  await world.settle();
  assert(b.warnings.pop()?.text.includes("versions 7 to 9"));
  ref.tell(Box.put({ id: 2 }));
  await world.settle();
  assertEquals([box.ids, b.remote.connections, b.warnings], [[1, 2], 1, []]);
});
