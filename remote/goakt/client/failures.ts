/**
 * What GoAkt peers report, and what their silence means, as errors that a caller can act on.
 * @module
 */

import { ActorError, type Outcome } from "../../../actor/errors.ts";
import { DisconnectedError, RemoteError } from "../../errors.ts";
import { codecRoomError } from "../compression/codec_budget.ts";
import type { Compression } from "../compression/compression.ts";
import {
  Code,
  type Error as ErrorMessage,
} from "../gen/internalpb/error_pb.ts";
import { TEXT } from "../refusal.ts";

/** What a peer's code and text mean in the words of our own lanes. */
interface Meaning {
  readonly code: string;
  readonly outcome: Outcome;
}

/**
 * The error that an answer of a peer becomes.
 *
 * @param node The peer as `host:port`.
 * @param action What was to be done.
 * @param answer What the peer said.
 * @param count How many messages the request carried: of several, some may have been delivered.
 */
export function reportedError(
  node: string,
  action: string,
  { code, message: text }: ErrorMessage,
  count = 1,
): RemoteError {
  const meaning = meaningOf(code, text);
  const outcome = count > 1 ? "unknown" : meaning.outcome;
  return new RemoteError(node, action, {
    code: meaning.code,
    text,
    outcome,
    retryable: code === Code.UNAVAILABLE,
  });
}

function meaningOf(code: Code, text: string): Meaning {
  switch (code) {
    case Code.NOT_FOUND:
      return { code: "stopped_error", outcome: "not_delivered" };
    case Code.ALREADY_EXISTS:
      return { code: "name_taken_error", outcome: "not_delivered" };
    case Code.DEADLINE_EXCEEDED:
      return { code: "ask_timeout_error", outcome: "unknown" };
    case Code.INVALID_ARGUMENT:
      return { code: "invalid_argument", outcome: "not_delivered" };
    case Code.UNAVAILABLE:
      return { code: "unavailable", outcome: "not_delivered" };
    case Code.FAILED_PRECONDITION: {
      const unknownKind = text.includes(TEXT.unknownKind);
      return {
        code: unknownKind ? "unknown_kind_error" : "failed_precondition",
        outcome: "not_delivered",
      };
    }
    default:
      if (text.includes(TEXT.notAlive)) {
        return { code: "stopped_error", outcome: "not_delivered" };
      }
      if (text.startsWith(TEXT.invalidMessage)) {
        return { code: "codec_error", outcome: "not_delivered" };
      }
      return { code: "internal_error", outcome: "unknown" };
  }
}

/** The error for a request that was never answered. GoAkt nodes say nothing to a request without a handler. */
export function silenceError(
  node: string,
  name: string,
  timeout: number,
): DisconnectedError {
  return new DisconnectedError(
    node,
    `get an answer to "${name}" from`,
    `none came within ${timeout} ms, which is also how GoAkt nodes treat a request that they have no handler for`,
  );
}

/** The error for a connection that a peer has closed, or that was ended here for want of room. */
export function hangUpError(
  node: string,
  compression: Compression,
  answers: number,
  name: string | undefined,
  cause: unknown,
): DisconnectedError {
  if (cause instanceof DisconnectedError && codecRoomError(cause)) return cause;
  const asked = name === undefined ? "" : ` instead of answering "${name}"`;
  const guess = answers > 0 || name === undefined
    ? ""
    : `, most likely because its compression is not "${compression}" or it does not know the type of the request`;
  return new DisconnectedError(
    node,
    "wait for",
    `it has closed the connection${asked}${guess}`,
    cause === undefined ? {} : { cause },
  );
}

/** Wraps the reason why a connection ended, for what was not on the way yet. */
export class NotSentError extends ActorError {
  /** What it is to callers: a lost connection. */
  override readonly code = "disconnected_error";

  /** Names the request; `cause` is why the connection ended. */
  constructor(name: string, cause: unknown) {
    super(
      `Cannot send a "${name}": the connection ended before, an open one was expected`,
      { cause, outcome: "not_delivered", retryable: true },
    );
  }
}
