/**
 * Two of the scenarios with an entity of Effect's cluster module, all in one process and in memory.
 * @module
 */

import { Effect, Layer, Schema } from "effect";
import {
  Entity,
  MessageStorage,
  RunnerHealth,
  Runners,
  RunnerStorage,
  Sharding,
  ShardingConfig,
} from "effect/cluster";
import { Rpc } from "effect/rpc";
import { askRate, type Load } from "./scenarios.ts";

const Counter = Entity.make("Counter", [
  Rpc.make("Add", { payload: { by: Schema.Number }, success: Schema.Number }),
]);

/** A cluster of one runner without network and storage, which hands values over as they are. */
const clusterLayer = Sharding.layer.pipe(
  Layer.provideMerge(Runners.layerNoop),
  Layer.provideMerge(MessageStorage.layerMemory),
  Layer.provide(Layer.mergeAll(
    RunnerStorage.layerMemory,
    RunnerHealth.layerNoop,
    ShardingConfig.layer({ simulateRemoteSerialization: false }),
  )),
);

const counterLayer = Counter.toLayer(
  Effect.sync(() => {
    let count = 0;
    return Counter.of({
      Add: ({ payload }) => Effect.sync(() => count += payload.by),
    });
  }),
  { mailboxCapacity: "unbounded" },
).pipe(Layer.provideMerge(clusterLayer));

/** Requests of one fiber, each when the last was answered. */
export function askSequential(load: Load): Promise<number> {
  return asks(load, 1);
}

/** Requests of 64 fibers. */
export function askInFlight(load: Load): Promise<number> {
  return asks(load, 64);
}

function asks(load: Load, width: number): Promise<number> {
  return Effect.runPromise(
    Effect.gen(function* () {
      const counter = (yield* Counter.client)("counter");
      return yield* Effect.promise(() =>
        askRate(load, (count, take) => {
          let left = count;
          const loop = Effect.gen(function* () {
            while (left-- > 0) take(yield* counter.Add({ by: 1 }));
          });
          return Effect.runPromise(
            Effect.all(Array.from({ length: width }, () => loop), {
              concurrency: "unbounded",
              discard: true,
            }).pipe(Effect.orDie),
          );
        })
      );
    }).pipe(Effect.provide(counterLayer)),
  );
}
