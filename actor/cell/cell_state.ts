/**
 * What an actor is made from, and where it can be in its life.
 * @module
 */

import type { ActorOptions } from "./actor_options.ts";
import type { Behaviors } from "./behaviors.ts";
import type { Cell } from "./cell.ts";
import type { ChildKey } from "./children.ts";
import type { Timer } from "../../internal/clock.ts";
import type { Deque } from "../../internal/deque.ts";
import type { DeathWatch } from "../supervision/death_watch.ts";
import type { Interleaving } from "./interleaving.ts";
import type { Mail } from "../protocol/message.ts";
import type { ActorMeter } from "../metrics/meter.ts";
import type { Residency } from "../time/passivation.ts";
import type { Pipe } from "../asks/pipe.ts";
import type { ProtocolData } from "../protocol/protocol.ts";
import type { Resources } from "../system/resources.ts";
import type { TerminationReason, Watcher } from "../reference/ref.ts";
import type { RestartWindow } from "../supervision/restart_window.ts";
import type { Supervisor } from "../supervision/supervisor.ts";
import type { ActorTimers } from "../time/timers.ts";

/** How many messages an actor may put aside, unless told otherwise. */
export const STASH_CAPACITY: number = 1_000;

/**
 * Where an actor is in its life:
 *
 * ```text
 * new -> starting -> running <-> restarting
 *           |        |  ^ |         ^
 *           |        |  | v         |
 *           |        | suspended ---+
 *           v        v
 *        draining | stopping -> stopped
 * ```
 *
 * | State        | Mail      | Left by                                                                     |
 * | ------------ | --------- | --------------------------------------------------------------------------- |
 * | `new`        | waits     | its first turn                                                              |
 * | `starting`   | waits     | `onStart`: `running`, another try, or `stopping` after the last one         |
 * | `running`    | handled   | a directive, a wish to restart, stop or drain, a poison pill in its mail    |
 * | `suspended`  | waits     | reinstatement or the parent's decision; a wish to restart, stop or drain    |
 * | `restarting` | waits     | the end of handler, children and old instance, the backoff, the new start   |
 * | `draining`   | refused   | the end of the children, which finish their mail; a stop makes it `stopping`|
 * | `stopping`   | refused   | the end of handler, children and instance                                   |
 * | `stopped`    | refused   | nothing                                                                     |
 *
 * A stop is possible in every state before `draining`, and dead-letters what waits. A drain of a
 * `suspended` actor is a stop, since nobody is left to reinstate it, and so is a suspension below an
 * owner that ends or of an actor that its pool gave up; in the other states a drain is a poison pill.
 * A reinstatement does nothing in any state but `suspended`, and a restart nothing before the first
 * start and after the end. A failure is decided upon only while `running`; in a state that is left
 * already it is reported and changes nothing. `tests/actor/cell/model.ts` says all of it once more, as code.
 */
export type CellState =
  | "new"
  | "starting"
  | "running"
  | "restarting"
  | "suspended"
  | "draining"
  | "stopping"
  | "stopped";

/** Whether an actor runs now, will, or waits: for a promise, or for the end of its children. */
export type Turn =
  | "idle"
  | "queued"
  | "busy"
  | "awaiting"
  | "awaiting_children";

/** Who an actor belongs to: its parent, or the system. */
export interface Owner {
  /** The path of the owner with a slash behind it, or nothing. */
  readonly prefix: string;
  /** The living children; none until the first is spawned. */
  readonly children: ReadonlyMap<ChildKey, Cell> | undefined;
  /** Whether it ends, so that nobody will reinstate a child that is suspended. */
  readonly isEnding: boolean;
  /** Somebody else has decided about a child's failure. */
  childDecided(child: Cell): void;
  /** The end of a child. */
  childEnded(child: Cell): void;
  /** A child's failure that its supervisor does not decide. The child is suspended. */
  childFailed(child: Cell, error: unknown): void;
}

/** What an actor is made from. */
export interface CellSpec {
  /** What it speaks. */
  protocol: ProtocolData;
  /** Makes an instance. */
  create: () => object;
  /** Decides about its failures. */
  supervisor: Supervisor;
  /** Its name, when it was given one. */
  name: string | undefined;
  /** The kind that it is of, for metrics. */
  kind: string | undefined;
  /** What else was said of it. */
  options: ActorOptions | undefined;
}

/** Why an actor ends or restarts. */
export interface Ending {
  /** As its watchers will be told. */
  readonly reason: TerminationReason;
  /** What it failed with. */
  readonly error: unknown;
}

/** A start that did not succeed at once. */
export interface StartTries {
  /** When the first try failed. */
  readonly since: number;
  /** How many have failed. */
  count: number;
}

/** Somebody who waits for the start of an actor. */
export interface StartWaiter {
  /** Called once it has started. */
  resolve(): void;
  /** Called once that will not happen. */
  reject(error: unknown): void;
}

/** What few actors need, and most of the time none; made when the first part is needed. */
export class Rare {
  /** Its restarts that still count. */
  restarts: RestartWindow | undefined = undefined;
  /** How long the next restart waits, in milliseconds, and what ends that wait. */
  restartDelay = 0;
  restartTimer: Timer | undefined = undefined;
  /** What was said of the actor when it was spawned, besides name and supervisor. */
  options: ActorOptions | undefined = undefined;
  /** The tries of a start that is under way. */
  tries: StartTries | undefined = undefined;
  /** Children that wait for a decision about their failure. */
  failed: Map<Cell, unknown> | undefined = undefined;
  /** The child whose failure has suspended this actor, which therefore goes on when this actor does. */
  passedOn: Cell | undefined = undefined;
  /** Whom it watches, and who watches it. */
  watch: DeathWatch | undefined = undefined;
  /** The messages in work, when there may be several. */
  interleaving: Interleaving | undefined = undefined;
  /** Mail that is put aside. */
  stash: Deque<Mail> | undefined = undefined;
  /** What the actor can go back to after it has changed its behavior. */
  behaviors: Behaviors | undefined = undefined;
  /** Mail that comes before what is in the mailbox. */
  front: Deque<Mail> | undefined = undefined;
  /** Its links with other actors, by the other. */
  links: Map<unknown, Watcher> | undefined = undefined;
  /** Counts what it does, in a system with metrics. */
  meter: ActorMeter | undefined = undefined;
  /** What it sends to itself later. */
  timers: ActorTimers | undefined = undefined;
  /** Ends it when it is not needed, where that was asked for. */
  residency: Residency | undefined = undefined;
  /** Tasks whose outcome it will send. */
  pipes: Set<Pipe> | undefined = undefined;
  /** What it was given to use. */
  dependencies: Resources | undefined = undefined;
  /** Whether it was given up by whoever knew it, so that nobody would reinstate it. */
  isRetiring = false;
  /** Why it ends or restarts. */
  ending: Ending | undefined = undefined;
  /** Who waits for its start. */
  startWaiters: StartWaiter[] | undefined = undefined;
  /** Called when it has stopped. */
  stopWaiters: (() => void)[] | undefined = undefined;
}

/** Whether a stop has begun. */
export function isEnding(state: CellState): boolean {
  return state === "stopping" || state === "draining" || state === "stopped";
}
