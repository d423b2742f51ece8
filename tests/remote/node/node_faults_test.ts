import { assertEquals } from "@std/assert";
import { ActorError, type ActorRef } from "../../../actor/mod.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import { type Random, seededRandom } from "../../../internal/random.ts";
import { Box, type BoxProtocol } from "../actors.ts";
import { addressOf, type Node, World } from "../world.ts";
import { below, pick, testSeed } from "../wire/wire_random.ts";

const ROUNDS = 60;
const STEPS = 60;
const ACTORS = 3;

interface Sent {
  /** Whether `tell` took it; an ask always is. */
  readonly taken: boolean;
  readonly isAsk: boolean;
  /** What became of an ask. */
  outcome?: unknown;
}

/** One direction: what was sent to one actor of the other node, and what that saw. */
interface Lane {
  readonly ref: ActorRef<BoxProtocol>;
  readonly from: Node;
  readonly to: Node;
  readonly sent: Sent[];
  readonly seen: number[];
}

async function lanes(world: World, from: Node, to: Node): Promise<Lane[]> {
  const all: Lane[] = [];
  for (let n = 0; n < ACTORS; n++) {
    const seen: number[] = [];
    const see = ({ id }: { id: number }) => void seen.push(id);
    to.system.spawn(Box, () => ({
      put: see,
      receive: (message) =>
        "body" in message ? see(message.body as { id: number }) : undefined,
    }), { name: `box${n}` });
    const ref = from.remote.ref(Box, addressOf(to, `box${n}`));
    all.push({ ref, from, to, sent: [], seen });
  }
  await world.settle();
  return all;
}

const GAVE_UP = new Error("the asker gave up");

function send(
  random: Random,
  { ref, sent }: Lane,
  giveUps: Set<AbortController>,
): void {
  const id = sent.length;
  const size = pick(random, [0, 10, 1_000, 60_000, 70_000, 300_000]);
  const body = { id, pad: "x".repeat(size) };
  if (below(random, 4) > 0) {
    sent.push({ taken: ref.tell(Box.put(body)), isAsk: false });
    return;
  }
  const record: Sent = { taken: true, isAsk: true };
  sent.push(record);
  const timeout = pick(random, [20, 1_000, 30_000]);
  const abort = new AbortController();
  if (below(random, 3) === 0) giveUps.add(abort);
  ref.ask(Box.echo(body), { timeout, signal: abort.signal }).then(
    () => record.outcome = "answered",
    (error) => {
      record.outcome = error instanceof ActorError
        ? error.outcome
        : error === GAVE_UP
        ? "gave up"
        : `no ActorError: ${error}`;
    },
  ).finally(() => giveUps.delete(abort));
}

async function disturb(random: Random, world: World): Promise<void> {
  const { network } = world;
  const [from, to] = pick(random, [["a", "b"], ["b", "a"]]);
  switch (below(random, 12)) {
    case 0:
      return network.reset("a", "b");
    case 1:
      return network.halfClose(from, to);
    case 2:
      return network.cut("a", "b");
    case 3:
      return network.degrade(from, to, { stalled: true });
    case 4:
      return network.degrade(from, to, { delay: below(random, 100) });
    case 5:
    case 6:
      return network.heal("a", "b");
    case 7:
      return await world.clock.advance(below(random, 500));
    case 8:
      return await world.clock.advance(7_000);
    default:
      return await world.settle();
  }
}

/** What is wrong with one lane, in words. */
function flaws({ ref, from, to, sent, seen }: Lane): string[] {
  const found: string[] = [];
  const lost = new Map<number, string>();
  for (const { target, message, reason } of from.deadLetters) {
    if (!target.equals(ref.pid)) continue;
    const { id } = message.body as { id: number };
    if (lost.has(id)) found.push(`${id} is lost twice`);
    lost.set(id, reason);
  }
  seen.forEach((id, at) => {
    const before = seen[at - 1] ?? -1;
    if (id <= before) found.push(`${id} was handled behind ${before}`);
  });
  const handled = new Set(seen);
  sent.forEach(({ taken, isAsk, outcome }, id) => {
    const reason = lost.get(id);
    const isHandled = handled.has(id);
    // Exactly one of both, unless nobody can know.
    if (!isHandled && reason === undefined) {
      found.push(`${id} is gone without a word`);
    }
    if (isHandled && reason !== undefined && reason !== "unknown") {
      found.push(`${id} was handled and is lost as "${reason}"`);
    }
    if (!taken && reason === undefined) found.push(`${id}: no dead letter`);
    if (!isAsk) return;
    if (outcome === undefined) found.push(`${id} still waits`);
    if (outcome === "answered" && !isHandled) {
      found.push(`${id}: who answered?`);
    }
    if (outcome === "not_delivered" && isHandled) {
      found.push(`${id} was handled, its asker thinks it was not`);
    }
    if (String(outcome).startsWith("no ActorError")) {
      found.push(`${id}: ${outcome}`);
    }
  });
  const strange = to.deadLetters.filter(({ target }) => target.equals(ref.pid));
  if (strange.length > 0) found.push(`${strange.length} dead letters there`);
  return found;
}

async function round(seed: number): Promise<number> {
  const random = seededRandom(seed);
  await using world = new World({
    capacity: pick(random, [500, 20_000, 262_144]),
    readSize: pick(random, [100, 5_000, 65_536]),
  });
  const remote = {
    outboundBudget: pick(random, [50_000, 1_000_000]),
    drainTimeout: 1_000,
    stallTimeout: pick(random, [1_000, 10_000]),
  };
  const a = await world.node("a", { remote });
  const b = await world.node("b", { remote });
  const all = [...await lanes(world, a, b), ...await lanes(world, b, a)];
  const giveUps = new Set<AbortController>();
  for (let step = 0; step < STEPS; step++) {
    for (let count = below(random, 8); count > 0; count--) {
      send(random, pick(random, all), giveUps);
    }
    if (below(random, 4) === 0) {
      for (const abort of giveUps) abort.abort(GAVE_UP);
    }
    await disturb(random, world);
  }
  world.network.heal("a", "b");
  await world.clock.advance(60_000);
  await world.drain(a);
  await world.drain(b);
  await world.settle();
  const asks = [a, b].map(({ system }) =>
    internalsOf(system).runtime.asks.size
  );
  assertEquals([asks, giveUps.size], [[0, 0], 0]);
  const found = all.flatMap((lane) =>
    flaws(lane).map((flaw) => `to ${lane.ref.pid}: ${flaw}`)
  );
  assertEquals(found, []);
  return all.reduce((sum, { seen }) => sum + seen.length, 0);
}

Deno.test("Whatever the network does, messages stay in order, come once, and are accounted for", async () => {
  const seed = testSeed();
  let handled = 0;
  for (let n = 0; n < ROUNDS; n++) {
    try {
      handled += await round(seed + n);
    } catch (error) {
      throw new Error(`Seed ${seed + n}: ${error}`, { cause: error });
    }
  }
  // Faults that let nothing through would prove nothing.
  assertEquals(handled > ROUNDS * 20, true, `only ${handled} were handled`);
});
