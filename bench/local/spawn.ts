/**
 * New actors, and what they cost while they do nothing.
 * @module
 */

import { type ActorRef, ActorSystem } from "../../actor/mod.ts";
import { prove } from "../measure.ts";
import { Counter, CounterActor } from "./counter.ts";

const WARMUP = 20_000;
const SPAWNS = 200_000;
const CROWD = 1_000_000;
/** Actors between two waits for their start. */
const BATCH = 10_000;

/** Actors in a second that were created and have started; all stay alive. */
export async function spawnActors(): Promise<number> {
  await using system = new ActorSystem("bench");
  let created = 0;
  const create = () => {
    created++;
    return new CounterActor();
  };
  await spawnMany(system, WARMUP, create);
  const begin = performance.now();
  await spawnMany(system, SPAWNS, create);
  const elapsed = performance.now() - begin;
  prove("actors", created, WARMUP + SPAWNS);
  return SPAWNS / elapsed * 1000;
}

/** Objects of the same purpose in a second, created and put into a map. */
// deno-lint-ignore require-await -- a variant answers with a promise
export async function allocateObjects(): Promise<number> {
  const all = new Map<number, PlainActor>();
  allocate(all, WARMUP);
  const begin = performance.now();
  allocate(all, SPAWNS);
  const elapsed = performance.now() - begin;
  prove("objects", all.size, WARMUP + SPAWNS);
  return SPAWNS / elapsed * 1000;
}

/** Bytes of heap for each actor that has started and has never had a message. */
export function freshHeap(): Promise<number> {
  return idleHeap(() => Promise.resolve());
}

/** Bytes of heap for each actor that has handled one message. */
export function usedHeap(): Promise<number> {
  return idleHeap(async (batch) => {
    for (const ref of batch) ref.tell(Counter.increment({ by: 1 }));
    for (const ref of [batch[0], batch.at(-1)]) {
      prove("increments", await ref?.ask(Counter.get()) ?? 0, 1);
    }
  });
}

/** Needs the `gc` that `--expose-gc` gives. */
async function idleHeap(
  use: (batch: ActorRef<typeof Counter>[]) => Promise<void>,
): Promise<number> {
  const system = new ActorSystem("bench"); // not drained: the process ends after this
  let created = 0;
  const create = () => {
    created++;
    return new CounterActor();
  };
  await use(await spawnMany(system, BATCH, create)); // what is compiled and cached once
  const before = await heapUsed();
  for (let spawned = 0; spawned < CROWD; spawned += BATCH) {
    await use(await spawnMany(system, BATCH, create));
  }
  const bytes = await heapUsed() - before;
  prove("actors", created, BATCH + CROWD);
  return bytes / CROWD;
}

/** Creates actors and resolves when they have started, with the last batch of them. */
async function spawnMany(
  system: ActorSystem,
  count: number,
  create: () => CounterActor,
): Promise<ActorRef<typeof Counter>[]> {
  let batch: ActorRef<typeof Counter>[] = [];
  for (let spawned = 0; spawned < count; spawned += BATCH) {
    batch = [];
    for (let i = 0; i < BATCH; i++) batch.push(system.spawn(Counter, create));
    await batch.at(-1)?.started(); // they start in order
  }
  return batch;
}

async function heapUsed(): Promise<number> {
  const { gc } = globalThis as unknown as { gc?: () => void };
  if (gc === undefined) {
    throw new Error("Cannot measure the heap: found no gc, run --expose-gc");
  }
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    gc();
  }
  return Deno.memoryUsage().heapUsed;
}

/** About what an actor needs to know of itself. */
class PlainActor {
  readonly instance: CounterActor = new CounterActor();
  readonly number: number;
  readonly mail: unknown[] | undefined = undefined;
  readonly watchers: Set<PlainActor> | undefined = undefined;
  readonly state: string = "new";

  constructor(number: number) {
    this.number = number;
  }
}

function allocate(all: Map<number, PlainActor>, count: number): void {
  for (let i = 0; i < count; i++) {
    all.set(all.size, new PlainActor(all.size));
  }
}
