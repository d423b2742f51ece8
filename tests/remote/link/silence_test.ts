import { assertEquals, assertRejects } from "@std/assert";
import { type ActorRef, AskTimeoutError } from "../../../actor/mod.ts";
import { type Heard, silenceOf } from "../../../remote/link/silence.ts";
import { FrameKind } from "../../../remote/wire/kinds.ts";
import { Box, type BoxProtocol, spawnBox } from "../actors.ts";
import { addressOf, World } from "../world.ts";
import { WirePeer } from "../wire/wire_peer.ts";

type Found = [string | undefined, string | undefined];

/** Who was silent, and what the error says about it, when an ask has timed out. */
async function silentIn(
  world: World,
  asked: Promise<unknown>,
  timeout: number,
): Promise<Found> {
  const failed = assertRejects(() => asked, AskTimeoutError);
  await world.clock.advance(timeout + 20);
  const { silent, message } = await failed;
  return [silent, /\((.*)\)/.exec(message)?.[1]];
}

/** A node that was asked once, and a reference to an actor of a peer that is driven frame by frame. */
async function wirePair(world: World, reads: "all" | "nothing" = "all") {
  const a = await world.node("a");
  const listener = await world.transport("wire").listen({
    hostname: "wire",
    port: 7,
  });
  const ref: ActorRef<BoxProtocol> = a.remote.ref(
    Box,
    "goakt://wire@wire:7/box",
  );
  ref.tell(Box.put({ id: 1 }));
  const peer = await WirePeer.accept(world, listener);
  await peer.expect(FrameKind.TELL);
  const reading = reads === "all" ? peer.rest() : undefined;
  return {
    a,
    peer,
    ref,
    async [Symbol.asyncDispose]() {
      peer.connection.close();
      await reading;
      await listener.close();
      await world.settle();
    },
  };
}

Deno.test("AskTimeoutError says that an actor elsewhere has the message and does not reply", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  const node = `b:${b.remote.port}`;
  assertEquals(
    await silentIn(world, ref.ask(Box.never(), { timeout: 100 }), 100),
    [
      "actor",
      `its node "${node}" was heard 100 ms ago and has taken the message`,
    ],
  );
});

Deno.test("AskTimeoutError says that nothing comes from the node of an actor", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  const node = `b:${b.remote.port}`;
  world.network.cut("a", "b");
  assertEquals(
    await silentIn(world, ref.ask(Box.ids(), { timeout: 100 }), 100),
    ["network", `there is no connection to its node "${node}" yet`],
  );
  world.network.heal("a", "b");
  await ref.ask(Box.ids());
  await world.clock.advance(1_000);
  world.network.cut("a", "b");
  assertEquals(
    await silentIn(world, ref.ask(Box.ids(), { timeout: 100 }), 100),
    ["network", `nothing came from its node "${node}" for 1100 ms`],
  );
  world.network.heal("a", "b");
  await ref.ask(Box.ids());
  // The node takes the message and is cut off after that.
  const asked = ref.ask(Box.never(), { timeout: 8_000 });
  await world.settle();
  world.network.cut("a", "b");
  assertEquals(await silentIn(world, asked, 8_000), [
    "network",
    `nothing came from its node "${node}" for 8000 ms`,
  ]);
  world.network.heal("a", "b");
  await world.settle();
});

Deno.test("AskTimeoutError says that a node lives and has not taken the message", async () => {
  await using world = new World();
  await using pair = await wirePair(world);
  const { peer, ref } = pair;
  const ask = async (body: Uint8Array, frames: object[]) => {
    await world.clock.advance(500);
    const asked = ref.ask(Box.echoRaw(body), { timeout: 100 });
    await world.clock.advance(40);
    for (const frame of frames) {
      await peer.send({ kind: FrameKind.PONG, correlation: 1, ...frame });
    }
    return await silentIn(world, asked, 60);
  };
  const ack = (count: number) => ({ kind: FrameKind.ACK, ack: count });
  const small = new Uint8Array(10);
  const node: Found = [
    "node",
    'its node "wire:7" was heard 60 ms ago and has not taken the message',
  ];
  const actor: Found = [
    "actor",
    'its node "wire:7" was heard 60 ms ago and has taken the message',
  ];
  assertEquals((await ask(small, []))[0], "network");
  assertEquals(await ask(small, [{}]), node);
  assertEquals(await ask(small, [ack(3)]), node);
  assertEquals(await ask(small, [ack(5)]), actor);
  // A large message is taken when its last part is: it was the 6th of the lane.
  const large = new Uint8Array(200_000);
  assertEquals(await ask(large, [{}]), node);
  assertEquals(await ask(large, [ack(7)]), actor);
});

Deno.test("AskTimeoutError says that a node has not taken a message that is not written yet", async () => {
  await using world = new World();
  await using pair = await wirePair(world, "nothing");
  const { peer, ref } = pair;
  await peer.send({ kind: FrameKind.ACK, ack: 1 });
  await world.settle();
  ref.tell(Box.raw(new Uint8Array(1_000_000)));
  const body = new Uint8Array(100_000);
  const asked = ref.ask(Box.echoRaw(body), { timeout: 100 });
  await world.clock.advance(40);
  await peer.send({ kind: FrameKind.PONG, correlation: 1 });
  assertEquals((await silentIn(world, asked, 60))[0], "node");
});

Deno.test("AskTimeoutError of a lookup tells a node that does not answer from one that cannot be heard", async () => {
  await using world = new World();
  const [a, b] = [await world.node("a"), await world.node("b")];
  const started = Promise.withResolvers<void>();
  b.system.spawn(Box, () => ({
    onStart: () => started.promise,
    receive: () => {},
  }), { name: "box" });
  const address = addressOf(b, "box");
  const node = `b:${b.remote.port}`;
  const lookup = (timeout: number) =>
    a.remote.lookup(Box, address, { timeout });
  // By then it has said that it lives.
  assertEquals(await silentIn(world, lookup(6_000), 6_000), [
    "node",
    `its node "${node}" was heard 1000 ms ago and has not answered`,
  ]);
  world.network.cut("a", "b");
  assertEquals((await silentIn(world, lookup(100), 100))[0], "network");
  world.network.heal("a", "b");
  started.resolve();
  await world.settle();
});

Deno.test("AskTimeoutError of an actor of the own node says what that is doing", async () => {
  await using world = new World();
  const { system } = await world.node("a");
  const { ref } = spawnBox(system, "box");
  assertEquals(
    await silentIn(world, ref.ask(Box.never(), { timeout: 100 }), 100),
    ["actor", 'it is in "box.never"'],
  );
});

Deno.test("silenceOf() blames the network when a peer was silent for too long, whatever it has taken", () => {
  const heard: Heard = {
    node: "n:1",
    heardAt: 1_000,
    askedAt: 900,
    now: 6_000,
    patience: 5_000,
    isTaken: true,
  };
  const of = (more: Partial<Heard>) => silenceOf({ ...heard, ...more }).of;
  assertEquals([of({}), of({ now: 6_001 })], ["actor", "network"]);
  assertEquals([of({ isTaken: false }), of({ isTaken: undefined })], [
    "node",
    "node",
  ]);
  assertEquals(of({ isTaken: false, askedAt: 1_000 }), "network");
  assertEquals(of({ heardAt: undefined }), "network");
});
