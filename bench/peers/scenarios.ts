/**
 * What every library is asked to do, and how it is counted.
 * @module
 */

import { prove, rate, type RateOptions } from "../measure.ts";

/** Shorter than in the other suites, since there are many arms. */
const TIMES: RateOptions = { warmup: 100, duration: 150 };

const TELLS = 1_000;
const BALLS = 5_000;
const ASKS = 2_000;
const WARMUP = 10_000;
const SPAWNS = 40_000;
const CROWD = 30_000;

/**
 * Messages that a counting actor has processed in a second.
 *
 * @param batch Sends `size` messages, the one of index `i` with `i & 7` to add, and resolves with the
 * actor's count when it has processed them.
 */
export function tellRate(
  batch: (size: number) => Promise<number>,
): Promise<number> {
  let added = 0;
  for (let i = 0; i < TELLS; i++) added += i & 7;
  let sum = 0;
  return rate(async () => {
    sum += added;
    prove("increments", await batch(TELLS), sum);
    return TELLS;
  }, TIMES);
}

/**
 * Messages in a second between two actors with one under way.
 *
 * @param play Lets `balls` messages go to and fro and resolves with the number that the actors have
 * received since the beginning.
 */
export function pingPongRate(
  play: (balls: number) => Promise<number>,
): Promise<number> {
  let sum = 0;
  return rate(async () => {
    sum += BALLS;
    prove("balls", await play(BALLS), sum);
    return BALLS;
  }, TIMES);
}

/**
 * Calls that were answered in a second.
 *
 * @param batch Calls `count` times, each call adding 1 to an actor's count, and hands each answer, which
 * is that count, to `take`.
 */
export function askRate(
  batch: (count: number, take: (answer: number) => void) => Promise<void>,
): Promise<number> {
  let answers = 0;
  let sum = 0;
  let wanted = 0;
  const take = (answer: number) => {
    answers++;
    sum += answer;
  };
  return rate(async () => {
    wanted += ASKS;
    await batch(ASKS, take);
    prove("answers", answers, wanted);
    prove("counts in answers", sum, wanted * (wanted + 1) / 2);
    return ASKS;
  }, TIMES);
}

/** A crowd of actors that only grows. */
export interface Crowd {
  /**
   * Creates actors and keeps a reference to each.
   *
   * @param count How many.
   * @returns How many have started since the beginning, once all have.
   */
  grow(count: number): Promise<number>;
  /** Asks the actor of that index to add 1, and resolves with its count. */
  ask(index: number): Promise<number>;
}

/** Actors in a second that were created and have started. */
export async function spawnRate(crowd: Crowd): Promise<number> {
  await crowd.grow(WARMUP);
  const begin = performance.now();
  const started = await crowd.grow(SPAWNS);
  const elapsed = performance.now() - begin;
  prove("actors", started, WARMUP + SPAWNS);
  await proveAlive(crowd, started);
  return SPAWNS / elapsed * 1000;
}

/** Bytes of heap for each actor that has started and waits for its first message; needs `--expose-gc`. */
export async function idleHeap(crowd: Crowd): Promise<number> {
  await crowd.grow(WARMUP);
  const before = await heapUsed();
  const started = await crowd.grow(CROWD);
  const bytes = await heapUsed() - before;
  prove("actors", started, WARMUP + CROWD);
  await proveAlive(crowd, started);
  return bytes / CROWD;
}

/** Throws when the first, the middle or the last actor does not answer as a new one does. */
async function proveAlive(crowd: Crowd, size: number): Promise<void> {
  for (const index of [0, size >> 1, size - 1]) {
    prove("answers of one actor", await crowd.ask(index), 1);
  }
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
