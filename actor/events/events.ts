/**
 * What a system reports of itself.
 * @module
 */

import type { Message } from "../protocol/message.ts";
import type { Pid } from "../reference/pid.ts";
import type { Directive } from "../supervision/supervisor.ts";
import type { Terminated } from "../reference/ref.ts";

/**
 * Why a message was not handled: the target had stopped, never existed, could not start or has no
 * handler for it; its sender may not send it; it is a router with nobody to give it to; its mailbox was
 * full or threw; the way to it was full or broken; or it was on a link that died, so that nobody
 * knows (`"unknown"`).
 */
export type DeadLetterReason =
  | "stopped"
  | "missing"
  | "not_started"
  | "unhandled"
  | "denied"
  | "overloaded"
  | "mailbox_full"
  | "mailbox_failed"
  | "not_encodable"
  | "not_decodable"
  | "disconnected"
  | "no_routees"
  | "unknown";

/** A message that no handler saw, or may not have seen. */
export interface DeadLetter {
  /** Tells the events apart. */
  readonly type: "dead_letter";
  /** The message. */
  readonly message: Message;
  /** Who sent it, when that is known. */
  readonly sender: Pid | undefined;
  /** Who was meant to get it. */
  readonly target: Pid;
  /** Why it was not handled. */
  readonly reason: DeadLetterReason;
  /** What led to it, when there is more to say. */
  readonly error?: unknown;
}

/** An actor has started. */
export interface ActorStarted {
  /** Tells the events apart. */
  readonly type: "actor_started";
  /** Which actor. */
  readonly pid: Pid;
}

/** An actor has been given a fresh instance. */
export interface ActorRestarted {
  /** Tells the events apart. */
  readonly type: "actor_restarted";
  /** Which actor. */
  readonly pid: Pid;
  /** What it failed with. */
  readonly error: unknown;
}

/** An actor holds its mail after a failure, until somebody reinstates, restarts or stops it. */
export interface ActorSuspended {
  /** Tells the events apart. */
  readonly type: "actor_suspended";
  /** Which actor. */
  readonly pid: Pid;
  /** What it failed with. */
  readonly error: unknown;
}

/** A suspended actor goes on. */
export interface ActorReinstated {
  /** Tells the events apart. */
  readonly type: "actor_reinstated";
  /** Which actor. */
  readonly pid: Pid;
}

/** An actor has ended. */
export interface ActorStopped extends Terminated {
  /** Tells the events apart. */
  readonly type: "actor_stopped";
}

/** How often an actor may be restarted. */
export interface RestartBudget {
  /** The number of restarts. */
  readonly maxRestarts: number;
  /** Within which time, in milliseconds. */
  readonly within: number;
}

/** A handler or a hook threw. */
export interface ActorFailed {
  /** Tells the events apart. */
  readonly type: "actor_failed";
  /** Which actor. */
  readonly pid: Pid;
  /** What was thrown. */
  readonly error: unknown;
  /** What it was doing: the wire name of a message, or the name of a hook. */
  readonly during: string;
  /** What the supervisor decided; none when a stop was on its way already. */
  readonly directive: Directive | undefined;
  /** How often the supervisor allows a restart, and in which time, when that is why it was a stop. */
  readonly exhausted?: RestartBudget;
}

/** A condition that somebody should know of and that is nobody's error to catch. */
export interface Warning {
  /** Tells the events apart. */
  readonly type: "warning";
  /** What happened. */
  readonly text: string;
  /** What led to it. */
  readonly cause?: unknown;
}

/** Anything that a system reports of itself. */
export type SystemEvent =
  | ActorFailed
  | ActorReinstated
  | ActorSuspended
  | ActorRestarted
  | ActorStarted
  | ActorStopped
  | DeadLetter
  | Warning;
