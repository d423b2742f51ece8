import { assert, assertEquals } from "@std/assert";
import type { ActorRef } from "../../../actor/mod.ts";
import { seededRandom } from "../../../internal/random.ts";
import { Idleness } from "../../../remote/link/idleness.ts";
import type {
  PeerMetrics,
  RemoteMetrics,
} from "../../../remote/metrics/metrics.ts";
import { Box, boxHandlers, type BoxProtocol, spawnBox } from "../actors.ts";
import { below, pick, testSeed } from "../wire/wire_random.ts";
import { addressOf, type Node, World } from "../world.ts";

/** Counts the links that a node has ever had. */
function linkCounter(): RemoteMetrics & { made: number } {
  const nothing = () => {};
  const counter = {
    made: 0,
    forPeer: (): PeerMetrics => {
      counter.made++;
      return {
        link: nothing,
        waiting: nothing,
        sent: nothing,
        received: nothing,
        answered: nothing,
        failed: nothing,
        lateReply: nothing,
      };
    },
  };
  return counter;
}

/** How many connections two nodes have. */
function connections(a: Node, b: Node): [number, number] {
  return [a.remote.connections, b.remote.connections];
}

Deno.test("A link without messages and requests is closed after 30 s, and the next message dials again", async () => {
  await using world = new World();
  const metrics = linkCounter();
  const [a, b] = [
    await world.node("a", { remote: { metrics } }),
    await world.node("b"),
  ];
  const box = spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  ref.tell(Box.put({ id: 1 }));
  await a.remote.lookup(Box, ref.pid);
  assertEquals(connections(a, b), [2, 2]);
  await world.clock.advance(29_000);
  assertEquals(connections(a, b), [2, 2]);
  await world.clock.advance(5_000);
  assertEquals([connections(a, b), metrics.made], [[0, 0], 2]);
  ref.tell(Box.put({ id: 2 }));
  assertEquals(await ref.ask(Box.ids()), [1, 2]);
  assertEquals([connections(a, b), metrics.made], [[1, 1], 3]);
  await world.clock.advance(60_000);
  assertEquals([connections(a, b), box.ids], [[0, 0], [1, 2]]);
  assertEquals(
    [a.warnings, b.warnings, a.deadLetters, b.deadLetters],
    [[], [], [], []],
  );
});

Deno.test("A link in use is not closed, however seldom something passes", async () => {
  await using world = new World();
  const metrics = linkCounter();
  const [a, b] = [
    await world.node("a", { remote: { metrics } }),
    await world.node("b"),
  ];
  spawnBox(b.system, "box");
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  for (let round = 0; round < 10; round++) {
    ref.tell(Box.put({ id: round }));
    await world.clock.advance(25_000);
    await ref.ask(Box.echo(round));
    await a.remote.lookup(Box, ref.pid);
    await world.clock.advance(25_000);
    await a.remote.lookup(Box, ref.pid);
  }
  assertEquals([connections(a, b), metrics.made], [[2, 2], 2]);
});

Deno.test("A link is not closed while an ask waits, nor while messages are not acknowledged", async () => {
  await using world = new World();
  const patience = { silenceTimeout: 3_600_000, writeTimeout: 3_600_000 };
  const metrics = linkCounter();
  const a = await world.node("a", { remote: { metrics, ...patience } });
  const b = await world.node("b", { remote: patience });
  const reply = Promise.withResolvers<unknown>();
  const ids: number[] = [];
  b.system.spawn(Box, () => ({
    ...boxHandlers({ ids, sizes: [] }),
    echo: () => reply.promise,
  }), { name: "box" });
  const ref = a.remote.ref(Box, addressOf(b, "box"));
  const asked = ref.ask(Box.echo(1), { timeout: 600_000 });
  await world.clock.advance(300_000);
  reply.resolve("at last");
  assertEquals(await asked, "at last");
  world.network.degrade("a", "b", { stalled: true });
  ref.tell(Box.raw(new Uint8Array(1_000_000)));
  ref.tell(Box.put({ id: 5 }));
  await world.clock.advance(300_000);
  ref.tell(Box.put({ id: 6 })); // behind the others, on the same link
  world.network.heal("a", "b");
  await world.settle();
  assertEquals([ids, metrics.made, a.deadLetters], [[5, 6], 1, []]);
});

Deno.test("idleTimeout says how long idle links are kept, for ever if need be", async () => {
  await using world = new World();
  const a = await world.node("a", { remote: { idleTimeout: 3_000 } });
  const b = await world.node("b", { remote: { idleTimeout: Infinity } });
  const boxes = [spawnBox(a.system, "box"), spawnBox(b.system, "box")];
  a.remote.ref(Box, addressOf(b, "box")).tell(Box.put({ id: 1 }));
  b.remote.ref(Box, addressOf(a, "box")).tell(Box.put({ id: 2 }));
  await world.settle();
  assertEquals(connections(a, b), [2, 2]);
  await world.clock.advance(10_000);
  assertEquals(connections(a, b), [1, 1]);
  await world.clock.advance(1_000_000);
  assertEquals(connections(a, b), [1, 1]);
  assertEquals(boxes.map(({ ids }) => ids), [[2], [1]]);
});

/** What one actor was told, and what it saw. */
interface Way {
  readonly ref: ActorRef<BoxProtocol>;
  readonly seen: readonly number[];
  sent: number;
  readonly failed: unknown[];
}

Deno.test("Nothing is lost or out of order, whenever links are closed for being idle", async () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const metrics = linkCounter();
  for (let round = 0; round < 20; round++) {
    await using world = new World();
    const idleTimeout = pick(random, [500, 5_000, 30_000]);
    const options = { remote: { metrics, idleTimeout } };
    const [a, b] = [
      await world.node("a", options),
      await world.node("b", options),
    ];
    const ways = [[a, b], [b, a]].map(([from = a, to = b]): Way => {
      const { ids } = spawnBox(to.system, "box");
      const ref = from.remote.ref(Box, addressOf(to, "box"));
      return { ref, seen: ids, sent: 0, failed: [] };
    });
    const delay = pick(random, [0, 5, 300]);
    world.network.degrade("a", "b", { delay });
    world.network.degrade("b", "a", { delay });
    for (let step = 0; step < 60; step++) {
      const way = pick(random, ways);
      const pad = "x".repeat(pick(random, [0, 100, 100_000]));
      switch (below(random, 3)) {
        case 0:
          way.ref.tell(Box.put({ id: way.sent++, pad }));
          break;
        case 1:
          way.ref.ask(Box.echo(pad)).catch((error) => way.failed.push(error));
          break;
        default:
          // Around the moment when links are closed, too.
          await world.clock.advance(
            pick(random, [0, 1, 400, idleTimeout, idleTimeout + 2_500, 40_000]),
          );
      }
    }
    await world.clock.advance(60_000);
    for (const { seen, sent, failed } of ways) {
      const expected = Array.from({ length: sent }, (_, id) => id).join();
      assertEquals([seen.join(), failed], [expected, []], `seed ${seed}`);
    }
    assertEquals(connections(a, b), [0, 0], `seed ${seed}`);
    assertEquals([a.warnings, b.warnings, a.deadLetters, b.deadLetters], [
      [],
      [],
      [],
      [],
    ], `seed ${seed}`);
  }
  assert(metrics.made > 40, `links are not closed, seed ${seed}`);
});

Deno.test("Idleness begins again with all that goes on", () => {
  const idleness = new Idleness(100);
  const looks: [boolean, number, number, boolean][] = [
    [false, 0, 1_000, false],
    [false, 0, 1_099, false],
    [false, 0, 1_100, true],
    [false, 1, 1_150, false],
    [false, 1, 1_249, false],
    [true, 1, 1_250, false],
    [false, 1, 1_349, false],
    [false, 1, 1_350, true],
  ];
  for (const [isBusy, activity, now, isIdle] of looks) {
    assertEquals(idleness.look(isBusy, activity, now), isIdle, `at ${now}`);
  }
});
