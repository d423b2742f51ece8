import { assert, assertEquals, assertRejects } from "@std/assert";
import { HandshakeError } from "../../../remote/errors.ts";
import { Shares } from "../../../remote/node/shares.ts";
import { FrameKind } from "../../../remote/wire/kinds.ts";
import { WirePeer } from "../wire/wire_peer.ts";
import { warned, World } from "../world.ts";

Deno.test("Shares keeps the last quarter for holders of few", () => {
  const shares = new Shares(1_000);
  for (let n = 0; n < 750; n++) {
    assertEquals(shares.fullFor("evil"), undefined);
    shares.take("evil");
  }
  assertEquals(
    shares.fullFor("evil"),
    "750 of 1000 connections are open, 750 of them from there",
  );
  for (const holder of ["a", "b", "c", "d"]) {
    while (shares.fullFor(holder) === undefined) shares.take(holder);
  }
  assertEquals(shares.fullFor("new"), "1000 connections are open");
  shares.giveBack("d");
  assertEquals(shares.fullFor("new"), undefined);
});

Deno.test("Who opens very many connections leaves some to others", async () => {
  await using world = new World();
  const b = await world.node("b", { remote: { maxLinks: 128 } });
  const dial = (from: string) =>
    WirePeer.dial(world, b, "data", undefined, undefined, { from });
  const peers: WirePeer[] = [];
  for (let n = 0; n < 96; n++) peers.push(await dial("evil"));
  const error = await assertRejects(() => dial("evil"), HandshakeError);
  const found = "96 of 128 connections are open, 96 of them from there";
  assertEquals([error.reason, error.retryable], ["full", true]);
  assert(error.message.includes(found), error.message);
  const honest = await dial("good");
  await honest.send({ kind: FrameKind.PING, correlation: 1 });
  await honest.expect(FrameKind.PONG);
  peers.pop()?.connection.close();
  peers.pop()?.connection.close();
  await world.settle();
  peers.push(await dial("evil"), honest);
  for (const peer of peers) peer.connection.close();
  await world.settle();
});

Deno.test("A place with very many half handshakes gives way to others at once, and only to them", async () => {
  await using world = new World();
  const b = await world.node("b", { remote: { maxHalfOpen: 4 } });
  const { host: hostname, port } = b.remote;
  const evil = world.transport("evil");
  const slow = [];
  for (let n = 0; n < 2_000; n++) {
    slow.push(await evil.connect({ hostname, port }));
  }
  await world.settle();
  const peers = [];
  for (let n = 0; n < 3; n++) {
    peers.push(await WirePeer.dial(world, b)); // no time passes
  }
  await world.settle();
  assertEquals(await Promise.all(slow.slice(0, 1).map((it) => it.read())), [
    undefined,
  ]);
  const text = warned(b);
  assert(
    text.includes(
      "was refused: most of the handshakes under way are from there, and others came",
    ),
    text.slice(0, 2_000),
  );
  assertEquals(b.remote.connections, 3);
  for (const peer of peers) peer.connection.close();
  for (const connection of slow) connection.close();
  await world.clock.advance(10_000);
});
