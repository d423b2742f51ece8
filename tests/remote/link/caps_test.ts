import { assert, assertEquals, assertRejects } from "@std/assert";
import { MOST_ASKS, MOST_COMMANDS } from "../../../remote/link/caps.ts";
import { Assembler } from "../../../remote/link/chunks.ts";
import {
  ConnectError,
  FrameError,
  HandshakeError,
  OverloadedError,
} from "../../../remote/errors.ts";
import { UnfinishedRoom } from "../../../remote/link/unfinished_room.ts";
import type { FrameFields } from "../../../remote/wire/fields.ts";
import { DefinitionKind, FrameKind } from "../../../remote/wire/kinds.ts";
import { Box, spawnBox } from "../actors.ts";
import { addressOf, reasons, warned, World } from "../world.ts";
import { encode, WirePeer } from "../wire/wire_peer.ts";

/** Numbers for the actor "box" and one of its messages. */
function named(type: string): FrameFields {
  return {
    receiver: 1,
    type: 1,
    definitions: [
      { number: 1, table: DefinitionKind.ADDRESS, value: "/box" },
      { number: 1, table: DefinitionKind.TYPE_NAME, value: type },
    ],
  };
}

Deno.test("A node accepts maxLinks connections, and tells the next one why not", async () => {
  await using world = new World();
  const b = await world.node("b", { remote: { maxLinks: 3 } });
  const peers = [];
  for (let n = 0; n < 3; n++) peers.push(await WirePeer.dial(world, b));
  const error = await assertRejects(
    () => WirePeer.dial(world, b),
    HandshakeError,
  );
  assertEquals([error.reason, error.retryable], ["full", true]);
  assert(error.message.includes("3 connections are open"), error.message);
  peers.pop()?.connection.close();
  await world.settle();
  peers.push(await WirePeer.dial(world, b));
  assertEquals(b.remote.connections, 3);
  for (const peer of peers) peer.connection.close();
  await world.settle();
});

Deno.test("A node dials maxLinks nodes at the same time, whoever has it do so", async () => {
  await using world = new World();
  const a = await world.node("a", { remote: { maxLinks: 2 } });
  world.transport("c");
  world.network.cut("a", "c");
  const refs = [1, 2, 3].map((port) =>
    a.remote.ref(Box, `goakt://c@c:${port}/box`)
  );
  const asked = refs.map((ref) => ref.ask(Box.ids()).catch((error) => error));
  const error = await asked[2];
  assert(error instanceof ConnectError);
  assertEquals(
    error.message,
    'Cannot connect to "c:3": 2 connections that this node has dialled are open or being opened, a listening node was expected',
  );
  assertEquals(a.remote.connections, 2);
  await world.clock.advance(10_000);
  assertEquals(a.remote.connections, 0);
  await Promise.all(asked);
});

Deno.test("A peer may have 65,536 asks without answer over a link, and is told when it asks more", async () => {
  await using world = new World();
  const b = await world.node("b");
  spawnBox(b.system, "box");
  const peer = await WirePeer.dial(world, b);
  const ask = (correlation: number): FrameFields => ({
    kind: FrameKind.ASK,
    correlation,
    receiver: 1,
    type: 1,
  });
  await peer.send({ ...ask(1), ...named("box.never") });
  for (let first = 2; first <= MOST_ASKS; first += 5_461) {
    const frames = Array.from(
      { length: Math.min(5_461, MOST_ASKS - first + 1) },
      (_, n) => ask(first + n),
    );
    await peer.connection.write(encode(...frames));
  }
  await peer.send(ask(MOST_ASKS + 1));
  const { failure, correlation } = await peer.expect(FrameKind.FAILURE);
  assertEquals([correlation, failure?.code], [
    MOST_ASKS + 1,
    "overloaded_error",
  ]);
  assert(
    failure?.text.includes(`${MOST_ASKS} of its asks have no answer`),
    failure?.text,
  );
  assertEquals(reasons(b.deadLetters), { overloaded: 1 });
  await peer.send({ kind: FrameKind.CANCEL, correlation: 5 }, {
    kind: FrameKind.ASK,
    correlation: MOST_ASKS + 2,
    ...named("box.nothing"),
  });
  assertEquals(b.deadLetters.length, 1);
  peer.connection.close();
  await world.settle();
});

Deno.test("An ask beyond 65,536 without answer to one node fails at once, as not delivered", async () => {
  await using world = new World();
  const [a, b] = [
    await world.node("a", { remote: { outboundBudget: 100_000_000 } }),
    await world.node("b"),
  ];
  spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  let failed = 0;
  const options = { timeout: 1_000 };
  const asks = Array.from(
    { length: MOST_ASKS },
    () => ref.ask(Box.never(), options).catch(() => failed++),
  );
  const error = await assertRejects(
    () => ref.ask(Box.never(), options),
    OverloadedError,
  );
  assertEquals([error.outcome, error.retryable, failed], [
    "not_delivered",
    true,
    0,
  ]);
  assert(error.message.includes(`${MOST_ASKS} asks have no answer`));
  await world.clock.advance(1_000);
  await Promise.all(asks);
  assertEquals(failed, MOST_ASKS);
});

Deno.test("A peer may have 16,384 look-ups waiting, and is told when it wants more", async () => {
  await using world = new World();
  const b = await world.node("b");
  const opened = Promise.withResolvers<void>();
  b.system.spawn(Box, () => ({
    onStart: () => opened.promise,
    receive: () => {},
  }), { name: "box" });
  const peer = await WirePeer.dial(world, b, "control");
  const lookup = (correlation: number): FrameFields => ({
    kind: FrameKind.LOOKUP,
    correlation,
    address: addressOf(b, "box"),
  });
  await peer.send(
    ...Array.from({ length: MOST_COMMANDS + 1 }, (_, n) => lookup(n + 1)),
  );
  const { correlation, failure } = await peer.expect(FrameKind.FAILURE);
  assertEquals([correlation, failure?.code], [
    MOST_COMMANDS + 1,
    "overloaded_error",
  ]);
  assert(failure?.text.includes("16384 requests are being carried out"));
  opened.resolve();
  for (let n = 1; n <= MOST_COMMANDS; n++) {
    assertEquals((await peer.expect(FrameKind.LOOKUP_REPLY)).correlation, n);
  }
  await peer.send(lookup(7)); // there is room again
  await peer.expect(FrameKind.LOOKUP_REPLY);
  peer.connection.close();
  await world.settle();
});

Deno.test("A large message that is never finished ends the link, whatever else the peer says meanwhile", async () => {
  await using world = new World();
  const b = await world.node("b");
  spawnBox(b.system, "box");
  const peer = await WirePeer.dial(world, b);
  await peer.send({
    kind: FrameKind.TELL,
    ...named("box.raw"),
    chunk: { id: 1, last: false, totalBytes: 10_000_000 },
    payload: new Uint8Array(65_536),
  });
  for (let second = 0; second < 9; second++) {
    await world.clock.advance(1_000);
    await peer.send({ kind: FrameKind.PING, correlation: 1 });
  }
  assertEquals(b.remote.connections, 1);
  for (let second = 0; second < 4; second++) {
    await world.clock.advance(1_000);
    await peer.send({ kind: FrameKind.PING, correlation: 1 }).catch(() => {});
  }
  assertEquals(b.remote.connections, 0);
  assert(warned(b).includes("the rest of it did not come within 10000 ms"));
  await peer.rest();
});

Deno.test("A large message that comes slowly, part by part, is waited for", async () => {
  await using world = new World();
  const b = await world.node("b");
  const box = spawnBox(b.system, "box");
  const peer = await WirePeer.dial(world, b);
  const total = 10 * 4_096;
  await peer.send({
    kind: FrameKind.TELL,
    ...named("box.raw"),
    chunk: { id: 1, last: false, totalBytes: total },
    payload: new Uint8Array(4_096),
  });
  for (let part = 2; part <= 10; part++) {
    await world.clock.advance(9_000);
    await peer.send({
      kind: FrameKind.CHUNK,
      chunk: { id: 1, last: part === 10, totalBytes: 0 },
      payload: new Uint8Array(4_096),
    });
  }
  await world.settle();
  assertEquals(box.sizes, [total]);
  await world.clock.advance(9_000); // nothing is missing any more
  await peer.send({ kind: FrameKind.PING, correlation: 1 });
  await world.clock.advance(5_000);
  assertEquals(b.remote.connections, 1);
  peer.connection.close();
  await world.settle();
});

Deno.test("Assembler shares the room for what is missing with others, and gives it back", () => {
  const room = new UnfinishedRoom(100_000);
  const [one, other] = [
    new Assembler<number>(200_000, room),
    new Assembler<number>(200_000, room),
  ];
  const begin = (assembler: Assembler<number>, id: number, bytes: number) =>
    assembler.begin(
      { id, last: false, totalBytes: 70_000 },
      id,
      new Uint8Array(bytes),
    );
  begin(one, 1, 60_000);
  begin(other, 1, 40_000);
  assertEquals(room.used, 100_000);
  let text = "";
  try {
    begin(other, 2, 4_096);
  } catch (error) {
    text = error instanceof FrameError ? error.message : "";
  }
  assert(text.includes("on all connections together"), text);
  other.close();
  assertEquals(room.used, 60_000);
  one.next({ id: 1, last: true, totalBytes: 0 }, new Uint8Array(10_000));
  assertEquals(room.used, 0);
});

Deno.test("A link that ends gives back the room of its unfinished messages", async () => {
  await using world = new World();
  const b = await world.node("b", { remote: { maxMessageBytes: 16_777_216 } });
  spawnBox(b.system, "box");
  // 13 MB each, which would be more than 256 MiB together.
  for (let round = 0; round < 25; round++) {
    const peer = await WirePeer.dial(world, b);
    await peer.send({
      kind: FrameKind.TELL,
      ...named("box.raw"),
      chunk: { id: 1, last: false, totalBytes: 16_777_216 },
      payload: new Uint8Array(65_536),
    });
    const part = encode({
      kind: FrameKind.CHUNK,
      chunk: { id: 1, last: false, totalBytes: 0 },
      payload: new Uint8Array(4_194_304),
    });
    for (let n = 0; n < 3; n++) await peer.connection.write(part);
    await world.settle();
    assertEquals(b.remote.connections, 1);
    peer.connection.close();
    await world.settle();
  }
  assert(!warned(b).includes("on all connections together"), warned(b));
});
