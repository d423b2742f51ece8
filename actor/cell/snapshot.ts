/**
 * What one actor is doing and has done, as data.
 * @module
 */

import { activityOf, waitingFor } from "../time/activity.ts";
import type { Cell } from "./cell.ts";
import type { Pid } from "../reference/pid.ts";

/** Where an actor is in its life. */
export type ActorState =
  | "new"
  | "starting"
  | "running"
  | "restarting"
  | "suspended"
  | "draining"
  | "stopping"
  | "stopped";

/** What was counted of one actor, over its restarts. */
export interface ActorFigures {
  /** How long ago it was spawned, in milliseconds. */
  readonly uptime: number;
  /** How many messages were handled to their end, failures among them. */
  readonly handled: number;
  /** How often it was given a fresh instance. */
  readonly restarts: number;
  /** How often its instances failed. */
  readonly failed: number;
  /** How many messages for it became dead letters. */
  readonly deadLetters: number;
  /** How long ago a handler began last, in milliseconds; not there before the first. */
  readonly idle: number | undefined;
  /** How long the handler took that ended last, in milliseconds; not there before the first. */
  readonly lastDuration: number | undefined;
}

/** One actor at one moment. A copy: it does not change. */
export interface ActorSnapshot {
  /** Which actor. */
  readonly pid: Pid;
  /** The name of its kind, or of its protocol. */
  readonly kind: string;
  /** Where it is in its life. */
  readonly state: ActorState;
  /** What it is doing, in words for people, such as `in "till.pay"`. */
  readonly work: string;
  /** How many messages wait for it, those about its own life included and the stashed ones not. */
  readonly waiting: number;
  /** How many messages it has stashed. */
  readonly stashed: number;
  /** How many of its handlers wait for a promise while others may begin. */
  readonly inFlight: number;
  /** How many living children it has. */
  readonly children: number;
  /** What was counted; not there in a system without metrics, which counts nothing. */
  readonly figures: ActorFigures | undefined;
}

/** One system at one moment. A copy: it does not change. */
export interface SystemSnapshot {
  /** Its name. */
  readonly name: string;
  /** Whether it takes new actors. */
  readonly state: "running" | "draining" | "stopped";
  /** How long ago it was made, in milliseconds. */
  readonly uptime: number;
  /** How many actors live, those that are starting or stopping included. */
  readonly actors: number;
  /** How many asks wait for their reply. */
  readonly openAsks: number;
  /** How many messages were not handled since it began. */
  readonly deadLetters: number;
}

/** What `cell` is doing and has done. */
export function snapshotOf(cell: Cell): ActorSnapshot {
  const { pid, protocol, state, meter, inFlight } = cell;
  const rare = cell.rareOrNone;
  return {
    pid,
    kind: meter?.kind ?? protocol.name,
    state,
    work: activityOf(cell),
    waiting: waitingFor(cell) + (rare?.interleaving?.chained.size ?? 0),
    stashed: rare?.stash?.size ?? 0,
    inFlight,
    children: cell.children?.size ?? 0,
    figures: meter?.figures(),
  };
}
