/**
 * Errors on their way between nodes.
 * @module
 */

import { ActorError, describe, type Outcome } from "../actor/errors.ts";
import { Pid } from "../actor/pid.ts";
import { Reject } from "../actor/reject.ts";
import { RemoteError } from "./errors.ts";
import type { MessageCodecs } from "./message_codecs.ts";
import type { Failure } from "./wire/fields.ts";
import { OUTCOMES } from "./wire/kinds.ts";

const NO_DATA = new Uint8Array();
/** Longest text of an error that is sent, in characters. */
const LONGEST_TEXT = 4_096;

/**
 * What of `error` leaves the node: code and text, never a stack.
 *
 * @param error What was thrown.
 * @param outcome What is known of the message; what the error says, or else that it was not delivered,
 * unless given.
 */
export function failureOf(
  error: unknown,
  outcome: Outcome = error instanceof ActorError
    ? error.outcome
    : "not_delivered",
): Failure {
  const isRemote = error instanceof RemoteError;
  const isActorError = error instanceof ActorError;
  return {
    code: isRemote
      ? error.remoteCode
      : isActorError
      ? error.code
      : classOf(error),
    text: cut(
      isRemote ? error.text : isActorError ? error.message : describe(error),
    ),
    outcome: OUTCOMES.indexOf(outcome),
    // What a handler has seen is not sent again without another thought.
    retryable: isActorError && error.retryable && outcome !== "done",
    data: NO_DATA,
  };
}

/** What of an error that the message declares leaves the node; `undefined` when it declares no such error. */
export function rejectionOf(
  error: unknown,
  type: string,
  { errors }: MessageCodecs,
): Failure | undefined {
  if (!Reject.isOf(type, error)) return undefined;
  const codec = errors.get(error.code);
  if (codec === undefined) return undefined;
  return {
    code: error.code,
    text: cut(error.message),
    outcome: OUTCOMES.indexOf("done"),
    retryable: false,
    data: codec.encode(error.data),
  };
}

/** The declared error that a peer's failure stands for; `undefined` when the message declares no such error. */
export function rejectOf(
  failure: Failure | undefined,
  type: string,
  { errors }: MessageCodecs,
): Reject | undefined {
  const codec = failure && errors.get(failure.code);
  if (failure === undefined || codec === undefined) return undefined;
  return new Reject(type, failure.code, codec.decode(failure.data));
}

/**
 * What is known of a message to the actor at `receiver` when `error` is why it has no reply: an error
 * about that actor says it, any other was thrown while the message was handled.
 */
export function outcomeFor(receiver: Pid, error: unknown): Outcome {
  if (!(error instanceof ActorError)) return "done";
  const target: unknown = "target" in error ? error.target : undefined;
  return target instanceof Pid && target.equals(receiver)
    ? error.outcome
    : "done";
}

/** The error that a peer's failure becomes. */
export function errorOf(
  node: string,
  action: string,
  failure: Failure | undefined,
): RemoteError {
  const {
    code = "unknown",
    text = "no reason was given",
    outcome = 1,
    retryable = false,
  } = failure ?? {};
  return new RemoteError(node, action, {
    code,
    text,
    outcome: OUTCOMES[outcome] ?? "unknown",
    retryable,
  });
}

/** The class of a thrown error in snake_case. */
function classOf(error: unknown): string {
  const snake = nameOf(error).replace(/([a-z0-9])([A-Z])/g, "$1_$2").replace(
    /[^A-Za-z0-9]+/g,
    "_",
  ).toLowerCase();
  return snake.slice(0, 64) || "error";
}

function nameOf(error: unknown): string {
  try {
    if (error instanceof Error) return String(error.name);
  } catch {
    // What was thrown does not want to be looked at.
  }
  return "Error";
}

function cut(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}…`;
}
