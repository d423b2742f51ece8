import { assert, assertEquals } from "@std/assert";
import type {
  PeerMetrics,
  RemoteMetrics,
} from "../../remote/metrics/metrics.ts";
import { Box, spawnBox, upTo } from "./actors.ts";
import { addressOf, World } from "./world.ts";

/** Counts what goes over the network: writes, and their bytes. */
function trafficCounter(): RemoteMetrics & { writes: number; bytes: number } {
  const nothing = () => {};
  const counter = { writes: 0, bytes: 0, forPeer: () => peer };
  const peer: PeerMetrics = {
    link: nothing,
    waiting: nothing,
    sent(_messages, bytes) {
      counter.writes++;
      counter.bytes += bytes;
    },
    received: nothing,
    answered: nothing,
    failed: nothing,
    lateReply: nothing,
  };
  return counter;
}

/** What `send` puts on the network, after the names of actor and messages are known there. */
async function trafficOf(
  send: (
    ref: ReturnType<typeof spawnBox>["ref"],
    world: World,
  ) => Promise<void>,
): Promise<{ writes: number; bytes: number; ids: readonly number[] }> {
  await using world = new World();
  const metrics = trafficCounter();
  const a = await world.node("a", { remote: { metrics } });
  const b = await world.node("b");
  const { ids } = spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  ref.tell(Box.put({ id: -1 }));
  await world.settle();
  const before = { ...metrics };
  await send(ref, world);
  await world.settle();
  return {
    writes: metrics.writes - before.writes,
    bytes: metrics.bytes - before.bytes,
    ids: ids.slice(1),
  };
}

Deno.test("A batch of tells takes one write where single ones take a write each", async () => {
  const messages = upTo(200).map((id) => Box.put({ id }));
  const batch = await trafficOf(async (ref) => {
    assertEquals(ref.tellAll(messages), 200);
    await Promise.resolve();
  });
  const single = await trafficOf(async (ref, world) => {
    for (const message of messages) {
      ref.tell(message);
      await world.settle();
    }
  });
  assertEquals([batch.ids, single.ids], [upTo(200), upTo(200)]);
  assertEquals([batch.writes, single.writes], [1, 200]);
  // Names are sent once either way: a message costs its body and a few bytes.
  assert(
    batch.bytes <= single.bytes && batch.bytes < 200 * 40,
    `${batch.bytes}`,
  );
});

Deno.test("A batch of asks takes the time of one round trip where single ones take one each", async () => {
  const elapsed = async (together: boolean): Promise<number> => {
    await using world = new World();
    const [a, b] = [await world.node("a"), await world.node("b")];
    spawnBox(b.system, "box");
    const ref = a.remote.ref(Box, addressOf(b, "box"));
    await ref.ask(Box.ids());
    world.network.degrade("a", "b", { delay: 10 });
    world.network.degrade("b", "a", { delay: 10 });
    const began = world.clock.now();
    let ended = -1;
    const messages = upTo(50).map((id) => Box.echo(id));
    const all = async () => {
      if (together) await ref.askAll(messages);
      else for (const message of messages) await ref.ask(message);
      ended = world.clock.now();
    };
    const done = all();
    for (let step = 0; ended < 0 && step < 200; step++) {
      await world.clock.advance(10);
    }
    await done;
    return ended - began;
  };
  assertEquals([await elapsed(true), await elapsed(false)], [20, 1_000]);
});
