import { assertEquals } from "@std/assert";
import { FrameKind } from "../../../remote/wire/kinds.ts";
import { Box } from "../actors.ts";
import { World } from "../world.ts";
import { WirePeer } from "../wire/wire_peer.ts";

/** A node that has sent a message to a peer that the test plays. */
async function talking(world: World) {
  const a = await world.node("a");
  const listener = await world.transport("wire").listen({
    hostname: "wire",
    port: 7,
  });
  a.remote.ref(Box, "goakt://wire@wire:7/box").tell(Box.put({ id: 1 }));
  const peer = await WirePeer.accept(world, listener);
  await peer.expect(FrameKind.TELL);
  await peer.send({ kind: FrameKind.ACK, ack: 1 });
  return { a, peer, listener };
}

Deno.test("Remote.drain() leaves a connection open until the peer has closed it, so that a crossing word harms nobody", async () => {
  await using world = new World();
  const { a, peer, listener } = await talking(world);
  let isOver = false;
  const drained = a.remote.drain().then(() => isOver = true);
  await world.settle();
  assertEquals(await peer.connection.read(), undefined); // the node has said all
  assertEquals(isOver, false);
  await peer.send({ kind: FrameKind.PONG, correlation: 1 });
  peer.connection.close();
  await world.settle();
  assertEquals([isOver, a.warnings], [true, []]);
  await drained;
  await listener.close();
});

Deno.test("Remote.drain() waits for a peer that does not close its connection for a second, no longer", async () => {
  await using world = new World();
  const { a, peer, listener } = await talking(world);
  let isOver = false;
  const drained = a.remote.drain().then(() => isOver = true);
  await world.clock.advance(999);
  assertEquals(isOver, false);
  await world.clock.advance(1);
  assertEquals(isOver, true);
  await drained;
  peer.connection.close();
  await listener.close();
});
