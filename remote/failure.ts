/**
 * Errors on their way between nodes.
 * @module
 */

import { ActorError, describe } from "../actor/errors.ts";
import { RemoteError } from "./errors.ts";
import type { Failure } from "./wire/fields.ts";
import { OUTCOMES } from "./wire/kinds.ts";

const NO_DATA = new Uint8Array();
/** Longest text of an error that is sent, in characters. */
const LONGEST_TEXT = 4_096;

/** What of `error` leaves the node: code and text, never a stack. */
export function failureOf(error: unknown): Failure {
  if (error instanceof RemoteError) {
    const { remoteCode, text, outcome, retryable } = error;
    return {
      code: remoteCode,
      text,
      outcome: OUTCOMES.indexOf(outcome),
      retryable,
      data: NO_DATA,
    };
  }
  if (error instanceof ActorError) {
    const { code, outcome, retryable } = error;
    return {
      code,
      text: cut(error.message),
      outcome: OUTCOMES.indexOf(outcome),
      retryable,
      data: NO_DATA,
    };
  }
  // A handler saw the message and threw this.
  return {
    code: codeOf(error),
    text: cut(describe(error)),
    outcome: OUTCOMES.indexOf("done"),
    retryable: false,
    data: NO_DATA,
  };
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
function codeOf(error: unknown): string {
  const name = error instanceof Error && typeof error.name === "string"
    ? error.name
    : "Error";
  const snake = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replace(
    /[^A-Za-z0-9]+/g,
    "_",
  ).toLowerCase();
  return snake.slice(0, 64) || "error";
}

function cut(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}…`;
}
