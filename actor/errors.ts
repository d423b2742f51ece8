/**
 * What can go wrong with an actor, as classes that a caller can act on.
 * @module
 */

import type { Pid } from "./reference/pid.ts";
import type { Terminated, TerminationReason } from "./reference/ref.ts";

/**
 * What is known about the message behind an error: `"not_delivered"` says that no handler saw it,
 * `"unknown"` that one may have, `"done"` that one did.
 */
export type Outcome = "not_delivered" | "unknown" | "done";

/** What every {@linkcode ActorError} can be given. */
export interface ActorErrorOptions {
  /** What is known about the message behind the error. */
  outcome?: Outcome;
  /** Whether the same call may succeed later without any other change. */
  retryable?: boolean;
  /** The error that led to this one. */
  cause?: unknown;
}

/** The base of all errors that a caller can act on. Match by `code`: it survives the wire. */
export abstract class ActorError extends Error {
  /** The class in snake_case, for example `"ask_timeout_error"`. */
  abstract readonly code: string;
  /** What is known about the message behind the error. */
  readonly outcome: Outcome;
  /** Whether the same call may succeed later without any other change. */
  readonly retryable: boolean;

  /** Takes the text; `outcome` is `"not_delivered"` and `retryable` is false unless given. */
  constructor(message: string, options: ActorErrorOptions = {}) {
    const { outcome = "not_delivered", retryable = false } = options;
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.outcome = outcome;
    this.retryable = retryable;
  }
}

/**
 * Who is silent when no reply comes: the `"actor"`, which has the message; the `"node"`, which lives and has
 * not taken it; or the `"network"`, when nothing at all comes from the node.
 */
export type Silent = "actor" | "network" | "node";

/** What is known of an ask that has no reply. */
export interface Silence {
  /** Who is silent. */
  readonly of: Silent;
  /** What was found, in words, for example `it is in "worker.run"`. */
  readonly found: string;
}

/** No reply came in time. The message may have been handled. */
export class AskTimeoutError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "ask_timeout_error";
  /** Who was asked. */
  readonly target: Pid;
  /** How long the asker waited, in milliseconds. */
  readonly timeout: number;
  /** Who was silent in the end, when that is known. */
  readonly silent: Silent | undefined;

  /** Names who was asked what, for how long, and what is known of why there was no reply. */
  constructor(
    target: Pid,
    type: string,
    timeout: number,
    silence?: Silence,
  ) {
    const found = silence === undefined ? "" : ` (${silence.found})`;
    super(
      `Cannot complete the ask of "${type}" to "${target}": no reply within ${timeout} ms${found}, a reply was expected`,
      { outcome: "unknown", retryable: false },
    );
    this.target = target;
    this.timeout = timeout;
    this.silent = silence?.of;
  }
}

/** The target has stopped, is stopping, or never existed. */
export class StoppedError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "stopped_error";
  /** Who was meant. */
  readonly target: Pid;

  /** Names who was meant to get what, and the state that was found. */
  constructor(
    target: Pid,
    action: string,
    state: string,
    outcome: Outcome = "not_delivered",
  ) {
    super(
      `Cannot ${action} "${target}": ${state}, a running actor was expected`,
      { outcome },
    );
    this.target = target;
  }
}

/** The name of the new actor is in use by a living sibling. */
export class NameTakenError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "name_taken_error";
  /** The actor that has the name. */
  readonly holder: Pid;

  /** Names the holder. */
  constructor(holder: Pid) {
    super(
      `Cannot spawn "${holder}": the name is in use, a free name was expected`,
    );
    this.holder = holder;
  }
}

/** No kind of that name is known to the system. */
export class UnknownKindError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "unknown_kind_error";
  /** The name that was asked for. */
  readonly kind: string;

  /** Names the kind that was asked for and those that are known. */
  constructor(kind: string, known: readonly string[]) {
    const list = known.length === 0
      ? "no kinds"
      : known.map((name) => `"${name}"`).join(", ");
    super(
      `Cannot create an actor of kind "${kind}": it is not registered, registered are ${list}`,
    );
    this.kind = kind;
  }
}

/** The target has neither a handler for the message nor a `receive` method. */
export class UnhandledError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "unhandled_error";
  /** Who was asked. */
  readonly target: Pid;

  /** Names the message and the protocol that the target speaks. */
  constructor(target: Pid, type: string, protocol: string) {
    super(
      `Cannot handle "${type}" in "${target}": it is not handled there, a message of protocol "${protocol}" was expected`,
    );
    this.target = target;
  }
}

/** The mailbox of the target is full. */
export class MailboxFullError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "mailbox_full_error";
  /** Who was meant. */
  readonly target: Pid;
  /** How many messages wait there. */
  readonly waiting: number;

  /** Names the message and the target. */
  constructor(target: Pid, type: string, waiting: number) {
    super(
      `Cannot deliver "${type}" to "${target}": its mailbox is full, ${waiting} messages wait, fewer were expected`,
      { retryable: true },
    );
    this.target = target;
    this.waiting = waiting;
  }
}

/** The mailbox of the target threw instead of taking the message. */
export class MailboxFailedError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "mailbox_failed_error";
  /** Who was meant. */
  readonly target: Pid;

  /** Names the message and the target; `cause` is what was thrown. */
  constructor(target: Pid, type: string, cause: unknown) {
    super(
      `Cannot deliver "${type}" to "${target}": its mailbox failed, ${
        describe(cause)
      }`,
      { cause },
    );
    this.target = target;
  }
}

/** The actor could not be started: its factory or its `onStart` threw. */
export class StartError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "start_error";
  /** The actor that did not start. */
  readonly target: Pid;

  /** Names the actor; `cause` is what its factory or `onStart` threw. */
  constructor(target: Pid, cause: unknown) {
    super(`Cannot start "${target}": ${describe(cause)}`, { cause });
    this.target = target;
  }
}

/** A router has nobody to give a message to. */
export class NoRouteesError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "no_routees_error";
  /** The router. */
  readonly target: Pid;

  /** Names the router and the message. */
  constructor(target: Pid, type: string) {
    super(
      `Cannot route "${type}" by "${target}": nobody lives behind it, at least one living actor was expected`,
      { retryable: true },
    );
    this.target = target;
  }
}

/** All actors that a router asked have failed. */
export class RouteesFailedError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "routees_failed_error";
  /** The router. */
  readonly target: Pid;
  /** What they failed with, in the order of the failures. */
  readonly errors: readonly unknown[];

  /** Names the router and the message; `cause` is the first failure. */
  constructor(target: Pid, type: string, errors: readonly unknown[]) {
    super(
      `Cannot complete the ask of "${type}" to "${target}": all ${errors.length} actors behind it failed, a reply was expected`,
      { outcome: outcomeOf(errors), cause: errors[0] },
    );
    this.target = target;
    this.errors = errors;
  }
}

/** A linked actor has failed, could not start or was never there. */
export class LinkedActorError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "linked_actor_error";
  /** The actor that has ended. */
  readonly target: Pid;
  /** Why it has ended. */
  readonly reason: TerminationReason;

  /** Names the actor that feels the end and the one that ended; `cause` is what that failed with. */
  constructor(survivor: Pid, { pid, reason, error }: Terminated) {
    super(
      `Cannot go on with "${survivor}": the linked actor "${pid}" is gone (${reason}), a running actor or an onExit method was expected`,
      error === undefined ? {} : { cause: error },
    );
    this.target = pid;
    this.reason = reason;
  }
}

/** What is known about a message whose handling failed with `errors` in several places. */
function outcomeOf(errors: readonly unknown[]): Outcome {
  const outcomes = new Set(
    errors.map((error) => error instanceof ActorError ? error.outcome : "done"),
  );
  if (outcomes.has("done")) return "done";
  return outcomes.has("unknown") ? "unknown" : "not_delivered";
}

/** The text of whatever was thrown, for use inside another error's message. */
export function describe(thrown: unknown): string {
  try {
    if (!(thrown instanceof Error)) return String(thrown);
    const { name, message } = thrown;
    return message === "" ? String(name) : `${name}: ${message}`;
  } catch {
    return "a value that cannot be shown was thrown";
  }
}
