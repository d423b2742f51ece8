/**
 * What every library is asked to do, and how it is counted.
 * @module
 */

import { prove, rate, type RateOptions } from "../measure.ts";

/** How much is asked of an arm. */
export interface Load {
  /** How long rates are measured. */
  readonly times: RateOptions;
  /** Messages, balls and calls between two looks at the count. */
  readonly tells: number;
  readonly balls: number;
  readonly asks: number;
  /** Actors that are created before the measurement, and during it. */
  readonly warmup: number;
  readonly spawns: number;
  readonly crowd: number;
  /** How much less than the proof expects an arm is told to do: more than 0 where the proof has to fail. */
  readonly shortfall: number;
}

/** What is measured; shorter than in the other suites, since there are many arms. */
export const FULL: Load = {
  times: { warmup: 100, duration: 150 },
  tells: 1_000,
  balls: 5_000,
  asks: 2_000,
  warmup: 10_000,
  spawns: 40_000,
  crowd: 30_000,
  shortfall: 0,
};

/** So little that nothing can be measured, for tests of the proofs. */
export const LITTLE: Load = {
  times: { warmup: 0, duration: 0 },
  tells: 100,
  balls: 100,
  asks: 100,
  warmup: 10,
  spawns: 100,
  crowd: 100,
  shortfall: 0,
};

/**
 * Messages that a counting actor has processed in a second.
 *
 * @param batch Sends `size` messages, the one of index `i` with `i & 7` to add, and resolves with the
 * actor's count when it has processed them.
 */
export function tellRate(
  { tells, shortfall, times }: Load,
  batch: (size: number) => Promise<number>,
): Promise<number> {
  let added = 0;
  for (let i = 0; i < tells; i++) added += i & 7;
  let sum = 0;
  return rate(async () => {
    sum += added;
    prove("increments", await batch(tells - shortfall), sum);
    return tells;
  }, times);
}

/**
 * Messages in a second between two actors with one under way.
 *
 * @param play Lets `balls` messages go to and fro and resolves with the number that the actors have
 * received since the beginning.
 */
export function pingPongRate(
  { balls, shortfall, times }: Load,
  play: (balls: number) => Promise<number>,
): Promise<number> {
  let sum = 0;
  return rate(async () => {
    sum += balls;
    prove("balls", await play(balls - shortfall), sum);
    return balls;
  }, times);
}

/**
 * Calls that were answered in a second.
 *
 * @param batch Calls `count` times, each call adding 1 to an actor's count, and hands each answer, which
 * is that count, to `take`.
 */
export function askRate(
  { asks, shortfall, times }: Load,
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
    wanted += asks;
    await batch(asks - shortfall, take);
    prove("answers", answers, wanted);
    prove("counts in answers", sum, wanted * (wanted + 1) / 2);
    return asks;
  }, times);
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
export async function spawnRate(
  { warmup, spawns, shortfall }: Load,
  crowd: Crowd,
): Promise<number> {
  await crowd.grow(warmup);
  const begin = performance.now();
  const started = await crowd.grow(spawns - shortfall);
  const elapsed = performance.now() - begin;
  prove("actors", started, warmup + spawns);
  await proveAlive(crowd, started);
  return spawns / elapsed * 1000;
}

/** Bytes of heap for each actor that has started and waits for its first message; needs `--expose-gc`. */
export async function idleHeap(
  { warmup, crowd: size, shortfall }: Load,
  crowd: Crowd,
): Promise<number> {
  await crowd.grow(warmup);
  const before = await heapUsed();
  const started = await crowd.grow(size - shortfall);
  const bytes = await heapUsed() - before;
  prove("actors", started, warmup + size);
  await proveAlive(crowd, started);
  return bytes / size;
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
