/**
 * Messages that one actor processes.
 * @module
 */

import { ActorSystem } from "../../actor/mod.ts";
import { prove, rate } from "../measure.ts";
import { BareRing } from "./bare_ring.ts";
import { Counter, CounterActor, type Increment } from "./counter.ts";

/** Messages between two looks at whether all were processed. */
const BATCH = 1_000;
/** The same for bursts. */
const BURST = 1_000_000;

/** Messages processed in a second, sent by plain code in batches. */
export function tellBatches(): Promise<number> {
  return tellRate(BATCH, 10);
}

/** The same when a million messages are sent before the first is processed. */
export function tellBursts(): Promise<number> {
  return tellRate(BURST, 1);
}

/** What {@linkcode tellBatches} would be with a ring alone. */
export function ringBatches(): Promise<number> {
  return ringRate(BATCH, 10);
}

/** What {@linkcode tellBursts} would be with a ring alone. */
export function ringBursts(): Promise<number> {
  return ringRate(BURST, 1);
}

async function tellRate(size: number, batches: number): Promise<number> {
  await using system = new ActorSystem("bench");
  const counter = system.spawn(Counter, () => new CounterActor());
  let sum = 0;
  return await rate(async () => {
    for (let batch = 0; batch < batches; batch++) {
      for (let i = 0; i < size; i++) {
        const by = i & 7;
        counter.tell(Counter.increment({ by }));
        sum += by;
      }
      prove("increments", await counter.ask(Counter.get()), sum);
    }
    return size * batches;
  });
}

async function ringRate(size: number, batches: number): Promise<number> {
  let count = 0;
  const capacity = 2 ** Math.ceil(Math.log2(size));
  const ring = new BareRing<Increment>(capacity, ({ by }) => {
    count += by;
  });
  let sum = 0;
  return await rate(async () => {
    for (let batch = 0; batch < batches; batch++) {
      for (let i = 0; i < size; i++) {
        const by = i & 7;
        ring.push({ by });
        sum += by;
      }
      await undefined; // the ring was drained before this goes on
      prove("increments", count, sum);
    }
    return size * batches;
  });
}
