/**
 * The scenarios with nact.
 * @module
 */

import { dispatch, query, type Ref, spawn as spawnActor, start } from "nact";
import { inFlight } from "../measure.ts";
import {
  askRate,
  type Crowd,
  idleHeap,
  type Load,
  pingPongRate,
  spawnRate,
  tellRate,
} from "./scenarios.ts";

/** Milliseconds that a query may take; nact wants a limit for each. */
const PATIENCE = 10_000;

interface Addition {
  readonly by: number;
  readonly replyTo?: Ref<number>;
}

interface Ball {
  readonly left: number;
}

function count(state: number | undefined, message: Addition): number {
  const next = (state ?? 0) + message.by;
  if (message.replyTo !== undefined) dispatch(message.replyTo, next);
  return next;
}

function next(counter: Ref<Addition>, by: number): Promise<number> {
  return query(
    counter,
    (replyTo: Ref<number>): Addition => ({ by, replyTo }),
    PATIENCE,
  );
}

/** `dispatch()` from plain code; a `query` behind the last message has the count. */
export function tell(load: Load): Promise<number> {
  const counter = spawnActor(start(), count, "counter");
  return tellRate(load, (size) => {
    for (let i = 0; i < size; i++) dispatch(counter, { by: i & 7 });
    return next(counter, 0);
  });
}

/** `dispatch()` between two actors. */
export function pingPong(load: Load): Promise<number> {
  const system = start();
  let hits = 0;
  let over: () => void = () => {};
  const player = (other: () => Ref<Ball>) => (_: unknown, { left }: Ball) => {
    hits++;
    if (left === 0) over();
    else dispatch(other(), { left: left - 1 });
  };
  const ping: Ref<Ball> = spawnActor(system, player(() => pong), "ping");
  const pong: Ref<Ball> = spawnActor(system, player(() => ping), "pong");
  return pingPongRate(load, async (balls) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    over = resolve;
    dispatch(ping, { left: balls - 1 });
    await promise;
    return hits;
  });
}

/** `query()`, each when the last was answered. */
export function askSequential(load: Load): Promise<number> {
  return asks(load, 1);
}

/** `query()` from 64 loops. */
export function askInFlight(load: Load): Promise<number> {
  return asks(load, 64);
}

function asks(load: Load, width: number): Promise<number> {
  const counter = spawnActor(start(), count, "counter");
  const call = () => next(counter, 1);
  return askRate(load, (count, take) => inFlight(width, count, call, take));
}

/** `spawn()` below the system; an actor has its state and can be reached when the call returns. */
export function spawn(load: Load): Promise<number> {
  return spawnRate(load, new NactCrowd());
}

/** The same actors at rest. */
export function idle(load: Load): Promise<number> {
  return idleHeap(load, new NactCrowd());
}

class NactCrowd implements Crowd {
  readonly #system = start();
  readonly #refs: Ref<Addition>[] = [];
  #started = 0;

  grow(count_: number): Promise<number> {
    const initialStateFunc = () => {
      this.#started++;
      return 0;
    };
    for (let i = 0; i < count_; i++) {
      // Names of nact's own making are random and collide in a crowd of this size.
      const name = `counter-${this.#refs.length}`;
      this.#refs.push(
        spawnActor(this.#system, count, name, { initialStateFunc }),
      );
    }
    return Promise.resolve(this.#started);
  }

  ask(index: number): Promise<number> {
    return next(this.#refs[index]!, 1); // grown before
  }
}
