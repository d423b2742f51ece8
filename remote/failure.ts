/**
 * Errors on their way between nodes.
 * @module
 */

import { ActorError, describe, type Outcome } from "../actor/errors.ts";
import { Pid } from "../actor/reference/pid.ts";
import { Reject } from "../actor/protocol/reject.ts";
import { FrameError, RemoteError } from "./errors.ts";
import { decodeReply, type MessageCodecs } from "./codec/message_codecs.ts";
import type { Failure } from "./wire/fields.ts";
import { OUTCOMES, REJECTED } from "./wire/kinds.ts";

const NO_DATA = new Uint8Array();
/** Longest text and code of an error that is sent or taken, in characters. */
const LONGEST_TEXT = 4_096;
const LONGEST_CODE = 128;
/** Most data of a declared error, in bytes: with the rest it fits into the room that every peer has for it. */
const MOST_DATA = 49_152;

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
  const code = isRemote
    ? error.remoteCode
    : isActorError
    ? error.code
    : classOf(error);
  return {
    code: cut(code, LONGEST_CODE),
    text: cut(
      isRemote ? error.text : isActorError ? error.message : describe(error),
    ),
    outcome: OUTCOMES.indexOf(outcome),
    // What a handler has seen is not sent again without another thought.
    retryable: isActorError && error.retryable && outcome !== "done",
    data: NO_DATA,
  };
}

/**
 * What of an error that the message declares leaves the node; `undefined` when it declares no such error.
 *
 * @throws {FrameError} When its data is too large. What its codec throws passes through.
 */
export function rejectionOf(
  error: unknown,
  type: string,
  { errors }: MessageCodecs,
): Failure | undefined {
  if (!Reject.isOf(type, error)) return undefined;
  const codec = errors.get(error.code);
  if (codec === undefined) return undefined;
  const data = codec.encode(error.data);
  if (data.length > MOST_DATA) {
    throw new FrameError(
      `send error "${error.code}" of "${type}"`,
      `its data has ${data.length} bytes`,
      `at most ${MOST_DATA} bytes were expected`,
    );
  }
  return {
    code: error.code,
    text: cut(error.message),
    outcome: REJECTED,
    retryable: false,
    data,
  };
}

/**
 * The declared error that a peer's failure stands for; `undefined` when the message declares no such error.
 * A failure with the code of one is not one unless the peer says so: its data would be missing.
 *
 * @throws {CodecError} When its data cannot be decoded.
 */
export function rejectOf(
  failure: Failure | undefined,
  type: string,
  { errors }: MessageCodecs,
): Reject | undefined {
  if (failure?.outcome !== REJECTED) return undefined;
  const codec = errors.get(failure.code);
  if (codec === undefined) return undefined;
  return new Reject(type, failure.code, decodeReply(codec, failure.data));
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
    code: harmless(cut(code, LONGEST_CODE)),
    text: harmless(cut(text, LONGEST_TEXT + 1)),
    outcome: outcome === REJECTED ? "done" : OUTCOMES[outcome] ?? "unknown",
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

/** A peer's words end up on terminals: control characters are replaced, the ends of lines aside. */
function harmless(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, "\u{fffd}");
}

function cut(text: string, longest = LONGEST_TEXT): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}
