import { assert, assertEquals, assertThrows } from "@std/assert";
import { checkedOptions } from "../../../remote/remote_options.ts";
import { DefinitionKind, FrameKind } from "../../../remote/wire/kinds.ts";
import { Box, spawnBox } from "../actors.ts";
import { WirePeer } from "../wire/wire_peer.ts";
import { addressOf, type Node, warned, World } from "../world.ts";

const LIMITS = { maxMessageBytes: 100_000, maxUnfinishedBytes: 250_000 };
const PART = 80_000;
const REST = 2_000;

/** A peer that has sent the first part of a message to "box", and not the rest. */
async function beginning(
  world: World,
  b: Node,
  connections: DisposableStack,
): Promise<WirePeer> {
  const peer = await WirePeer.dial(world, b);
  connections.use(peer.connection);
  await peer.send({
    kind: FrameKind.TELL,
    receiver: 1,
    type: 1,
    definitions: [
      { number: 1, table: DefinitionKind.ADDRESS, value: "/box" },
      { number: 1, table: DefinitionKind.TYPE_NAME, value: "box.raw" },
    ],
    chunk: { id: 1, last: false, totalBytes: PART + REST },
    payload: new Uint8Array(PART),
  });
  await world.settle();
  return peer;
}

Deno.test("Messages that many peers leave unfinished are bounded together, by maxUnfinishedBytes", async () => {
  await using world = new World();
  const b = await world.node("b", { remote: LIMITS });
  using all = new DisposableStack();
  const box = spawnBox(b.system, "box");
  const honest = (await world.node("c")).remote.ref(Box, addressOf(b, "box"));
  assertEquals(await honest.ask(Box.ids()), []);
  const peers = [
    await beginning(world, b, all),
    await beginning(world, b, all),
    await beginning(world, b, all),
  ];
  assertEquals(b.remote.connections, 1 + 3);
  const late = await beginning(world, b, all);
  const text =
    "Cannot read a chunked message: the rest of very many messages is missing, on all connections together, at most 250000 bytes of them were expected";
  assertEquals((await late.rest()).at(-1)?.failure?.text, text);
  assert(warned(b).includes(text), warned(b));
  assertEquals(b.remote.connections, 1 + 3);
  honest.tell(Box.put({ id: 1 }));
  assertEquals(await honest.ask(Box.ids()), [1]);
  // What becomes whole, and what is given up, leaves room.
  for (const next of ["whole", "given up"]) {
    const [peer] = peers.splice(0, 1);
    if (next === "whole") {
      await peer?.send({
        kind: FrameKind.CHUNK,
        chunk: { id: 1, last: true, totalBytes: 0 },
        payload: new Uint8Array(REST),
      });
      await world.settle();
      assertEquals(box.sizes, [PART + REST]);
    }
    peer?.connection.close();
    await world.settle();
    peers.push(await beginning(world, b, all));
    assertEquals(b.remote.connections, 1 + 3, next);
  }
  assertEquals(b.warnings.filter((it) => it.text.includes(text)).length, 1);
});

Deno.test("Remote.start() refuses a maxUnfinishedBytes for which a message would be too large", () => {
  const most = { maxMessageBytes: 100_000, maxUnfinishedBytes: 100_000 };
  assertEquals(checkedOptions(most).maxUnfinishedBytes, 100_000);
  for (const maxUnfinishedBytes of [99_999, NaN, 1.5, Infinity]) {
    assertThrows(
      () => checkedOptions({ maxMessageBytes: 100_000, maxUnfinishedBytes }),
      RangeError,
      `maxUnfinishedBytes is ${maxUnfinishedBytes}, an integer from 100000 to`,
    );
  }
});
