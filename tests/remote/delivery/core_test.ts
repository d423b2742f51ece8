import { assert, assertEquals } from "@std/assert";
import { type Random, seededRandom } from "../../../internal/random.ts";
import { below, pick, testSeed } from "../wire/wire_random.ts";
import { DeliveryWorld, type WorldOptions } from "./core_world.ts";

const ROUNDS = 40;
const MESSAGES = 150;

function optionsOf(random: Random): Omit<WorldOptions, "guarantee"> {
  return {
    random,
    loss: pick(random, [0, 0.05, 0.3]),
    window: pick(random, [1, 2, 16, 64]),
    segmentBytes: pick(random, [50, 1_000]),
    reorders: random.next() < 0.5,
  };
}

/** Sends messages of mixed sizes, now and then with a restart of the inbox; waits until nothing happens. */
function run(
  world: DeliveryWorld,
  random: Random,
  restarts: number,
): number[] {
  const ids: number[] = [];
  while (ids.length < MESSAGES) {
    for (let count = below(random, 10); count > 0; count--) {
      world.send(ids.length, pick(random, [0, 1, 46, 47, 200, 3_000]));
      ids.push(ids.length);
    }
    for (let count = below(random, 40); count > 0; count--) world.step();
    if (restarts > 0 && below(random, 10) === 0) {
      restarts--;
      world.restart();
    }
  }
  for (let steps = 0; world.step(); steps++) {
    assert(steps < 1_000_000, "it does not come to rest");
  }
  assertEquals([world.outbox.size, world.outbox.bytes], [0, 0]);
  return ids;
}

/** Runs rounds, each with a seed of its own that a failure names. */
function rounds(check: (random: Random) => void): void {
  const seed = testSeed();
  for (let n = 0; n < ROUNDS; n++) {
    try {
      check(seededRandom(seed + n));
    } catch (error) {
      throw new Error(`Seed ${seed + n}: ${error}`, { cause: error });
    }
  }
}

for (const guarantee of ["at_least_once", "effectively_once"] as const) {
  Deno.test(`delivery ${guarantee} brings every message once and in order, whatever the network does`, () => {
    rounds((random) => {
      const options = optionsOf(random);
      const world = new DeliveryWorld({ ...options, guarantee });
      const ids = run(world, random, 0);
      assertEquals(world.handled.join(), ids.join());
      const fates = [...world.fates.values()];
      assert(fates.every((fate) => fate === "confirmed"), fates.join());
      // A message holds a window of segments at least, and what was let in before may come too.
      assert(world.mostWaiting <= 2 * options.window, `${world.mostWaiting}`);
    });
  });
}

Deno.test("delivery at_least_once brings every message, in order, though the inbox forgets all it knew", () => {
  rounds((random) => {
    const guarantee = "at_least_once";
    const world = new DeliveryWorld({ ...optionsOf(random), guarantee });
    const ids = run(world, random, 3);
    assertEquals([...new Set(world.handled)].join(), ids.join());
    const fates = [...world.fates.values()];
    assert(fates.every((fate) => fate === "confirmed"), fates.join());
  });
});

Deno.test("delivery effectively_once brings no message twice though the inbox forgets, and says which it does not know of", () => {
  let unknown = 0;
  rounds((random) => {
    const guarantee = "effectively_once";
    const world = new DeliveryWorld({ ...optionsOf(random), guarantee });
    const ids = run(world, random, 3);
    const seen = new Set(world.handled);
    assertEquals(world.handled.length, seen.size, "twice");
    const sorted = world.handled.toSorted((a, b) => a - b);
    assertEquals(world.handled.join(), sorted.join());
    assertEquals(world.fates.size, ids.length);
    for (const [id, fate] of world.fates) {
      if (fate === "confirmed") assert(seen.has(id), `${id} was not handled`);
      else if (fate === "unknown") unknown++;
      else throw new Error(`${id} ended as ${fate}`);
    }
  });
  assert(unknown > 0, "no restart met a message on its way");
});

Deno.test("delivery gives a message up after its time, and says truly what is known of it", () => {
  const counts: Record<string, number> = {};
  rounds((random) => {
    const world = new DeliveryWorld({
      ...optionsOf(random),
      guarantee: pick(random, ["at_least_once", "effectively_once"]),
      loss: 0.5,
      giveUpAfter: 3_000,
    });
    const ids = run(world, random, 1);
    assertEquals(world.fates.size, ids.length);
    const seen = new Set(world.handled);
    for (const [id, fate] of world.fates) {
      counts[fate] = (counts[fate] ?? 0) + 1;
      if (fate === "confirmed") assert(seen.has(id), `${id} was not handled`);
      if (fate === "not_delivered") assert(!seen.has(id), `${id} was handled`);
    }
  });
  const found = Object.keys(counts).toSorted();
  assertEquals(found, ["confirmed", "not_delivered", "unknown"]);
});

Deno.test("delivery through a limited rate brings everything once and in order, and little of it is refused", () => {
  let refused = 0;
  rounds((random) => {
    const rate = pick(random, [1, 2, 5, 50, 300]);
    const world = new DeliveryWorld({
      random,
      guarantee: pick(random, ["at_least_once", "effectively_once"]),
      loss: 0,
      window: pick(random, [1, 2, 32]),
      segmentBytes: 1_000,
      reorders: false,
      rate,
    });
    const ids = run(world, random, 0);
    assertEquals(world.handled.join(), ids.join());
    const fates = [...world.fates.values()];
    assert(fates.every((fate) => fate === "confirmed"), fates.join());
    const most = rate < 5 ? 3 * MESSAGES : MESSAGES;
    assert(world.refused <= most, `${world.refused} of ${rate} a second`);
    refused += world.refused;
  });
  assert(refused > 0, "nothing was refused");
});
