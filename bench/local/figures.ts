/**
 * The suite `local`: actors of one process.
 * @module
 */

import type { Figure } from "../figure.ts";
import {
  askInFlight,
  askSequential,
  promiseInFlight,
  promiseSequential,
} from "./ask.ts";
import { actorPingPong, ringPingPong } from "./pingpong.ts";
import { allocateObjects, freshHeap, spawnActors, usedHeap } from "./spawn.ts";
import { ringBatches, ringBursts, tellBatches, tellBursts } from "./tell.ts";
import { busyTimer, idleTimer } from "./timer.ts";

/** The figures of the suite. */
export const localFigures: readonly Figure[] = [
  {
    name: "local.tell",
    unit: "messages/s",
    better: "higher",
    subject: tellBatches,
    baseline: ringBatches,
    floor: 12e6,
    goal: 20e6,
  },
  {
    name: "local.tell.burst",
    unit: "messages/s",
    better: "higher",
    subject: tellBursts,
    baseline: ringBursts,
  },
  {
    name: "local.pingpong",
    unit: "messages/s",
    better: "higher",
    subject: actorPingPong,
    baseline: ringPingPong,
    floor: 4e6,
    goal: 8e6,
  },
  {
    name: "local.ask.sequential",
    unit: "asks/s",
    better: "higher",
    subject: askSequential,
    baseline: promiseSequential,
    floor: 1.4e6,
    goal: 2.5e6,
  },
  {
    name: "local.ask.inflight64",
    unit: "asks/s",
    better: "higher",
    subject: askInFlight,
    baseline: promiseInFlight,
    floor: 2e6,
    goal: 4e6,
  },
  {
    name: "local.spawn",
    unit: "actors/s",
    better: "higher",
    subject: spawnActors,
    baseline: allocateObjects,
    floor: 500e3,
    goal: 1e6,
  },
  {
    name: "local.idle_heap",
    unit: "bytes",
    better: "lower",
    subject: freshHeap,
    floor: 500,
    goal: 300,
    v8Flags: "--expose-gc",
  },
  {
    name: "local.idle_heap.used",
    unit: "bytes",
    better: "lower",
    subject: usedHeap,
    v8Flags: "--expose-gc",
  },
  {
    name: "local.timer_p99",
    unit: "ms",
    better: "lower",
    subject: busyTimer,
    baseline: idleTimer,
    floor: 10,
    goal: "baseline",
  },
];
