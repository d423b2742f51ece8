/**
 * What an actor system can be told when it is made.
 * @module
 */

import type { Clock } from "../../internal/clock.ts";
import type { Random } from "../../internal/random.ts";
import type { EvictionOptions } from "../time/eviction.ts";
import type { ExitSignal } from "./exit_signals.ts";
import type { AnyKind } from "../protocol/kind.ts";
import type { LogLevel } from "../logging/log.ts";
import type { Logger } from "../logging/logger.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Propagator } from "../propagation/propagation.ts";
import type { ProvidedResource } from "./resources.ts";
import type { ShutdownHook } from "./shutdown_hooks.ts";
import type { SimulatedWire } from "./simulation.ts";
import type { Supervisor } from "../supervision/supervisor.ts";

/** What is done before the actors of a system stop. */
export interface ShutdownOptions {
  /**
   * In this order, one after the other.
   * @default none
   */
  hooks?: readonly ShutdownHook[];
}

/** Options of an {@linkcode ActorSystem}. */
export interface ActorSystemOptions {
  /**
   * The kinds that actors can be created from by name.
   * @default none
   */
  kinds?: Iterable<AnyKind>;
  /**
   * How long an ask waits when it does not say, in milliseconds.
   * @default 5000
   */
  askTimeout?: number;
  /**
   * The policy of actors that name none.
   * @default oneForOne()
   */
  supervisor?: Supervisor;
  /**
   * Where failures, warnings, (at most 10 in 10 s) dead letters and what actors write with
   * {@linkcode Context.log} go; `null` for nowhere.
   * @default {consoleLogger} standard error
   */
  logger?: Logger | null;
  /**
   * The lowest level of what is written.
   * @default "info"
   */
  logLevel?: LogLevel;
  /**
   * Where figures about actors go, such as a {@linkcode MemoryMetrics}. Without it nothing is counted or
   * timed.
   * @default none
   */
  metrics?: Metrics;
  /**
   * For tests: every message and reply is encoded and decoded on its way, so that what would not reach
   * another node does not reach an actor here. `simulateRemote` of `@troupe/troupe/testing` is what to
   * give.
   * @default none: messages are passed as they are
   */
  simulateRemote?: SimulatedWire;
  /**
   * What all actors may use, for {@linkcode Context.extension}; see {@linkcode provide}.
   * @default none
   */
  extensions?: Iterable<ProvidedResource>;
  /**
   * What is done before the actors stop; {@linkcode ActorSystem.onShutdown} adds to it.
   * @default nothing
   */
  shutdown?: ShutdownOptions;
  /**
   * Signals of the operating system at which the system is drained and the program then exits: with
   * code 0, or with 1 when a shutdown hook failed. A second signal ends it at once, with 1. Give it to
   * one system of a program.
   * @default none
   */
  signals?: readonly ExitSignal[];
  /**
   * How many actors that may passivate the system holds; above that, some are passivated.
   * @default any number
   */
  eviction?: EvictionOptions;
  /**
   * Which headers go from message to message, such as {@linkcode traceContext}.
   * @default none: messages that actors send have no headers, and those of other nodes are not looked at
   */
  propagator?: Propagator;
  /**
   * The source of time.
   * @default the platform's
   */
  clock?: Clock;
  /**
   * The time by the calendar, for schedules by the calendar, in milliseconds since the beginning of 1970.
   * @default Date.now
   */
  wall?: () => number;
  /**
   * The source of randomness.
   * @default the platform's
   */
  random?: Random;
}
