/**
 * How a request is refused: a code and a text, which peers tell apart.
 * @module
 */

import { create } from "@bufbuild/protobuf";
import { describe } from "../../actor/errors.ts";
import {
  Code,
  type Error as ErrorMessage,
  ErrorSchema,
} from "./gen/internalpb/error_pb.ts";

/** Longest text that is sent, in characters. */
const LONGEST_TEXT = 4_096;

/** Looked up to find out whether a node is a GoAkt node: nodes of ours say that they are none. */
export const PROBE_NAME = "troupe.remote.v1.Hello";

/** The texts that GoAkt peers look for. */
export const TEXT = {
  clusterDisabled: "cluster is not enabled",
  remotingDisabled: "remoting is not enabled",
  invalidHost: "invalid host",
  notAlive: "actor is not alive",
  sendFailed: "remote send failed",
  timedOut: "request timed out",
  deadlineExceeded: "context deadline exceeded",
  invalidMessage: "invalid remote message",
  unhandled: "unhandled message",
  unknownKind: "actor type is not registered",
  unknownGrainKind: "grain type is not registered",
  unknownDependency: "dependency type is not registered",
  invalidGrain: "invalid graind identity", // as GoAkt spells it
  startFailed: "preStart failed",
  notGoakt: "this node speaks troupe.remote.v1",
} as const;

/** Thrown where a request is carried out; becomes the `Error` that answers it. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  /** Which sort of error. */
  readonly code: Code;

  /** Takes the code and the lines of the text. */
  constructor(code: Code, ...lines: readonly string[]) {
    super(lines.join("\n"));
    this.code = code;
  }
}

/** The answer that says what `error` is. */
export function toErrorMessage(error: unknown): ErrorMessage {
  const isRefusal = error instanceof Refusal;
  const text = isRefusal ? error.message : describe(error);
  return create(ErrorSchema, {
    code: isRefusal ? error.code : Code.INTERNAL_ERROR,
    message: text.slice(0, LONGEST_TEXT),
  });
}

/** Nobody lives at `address`. */
export function addressNotFound(address: string): Refusal {
  return new Refusal(
    Code.NOT_FOUND,
    `(actor address=${address}) address not found`,
  );
}

/** The name is one that only the system itself uses. */
export function actorNotFound(name: string): Refusal {
  return new Refusal(
    Code.FAILED_PRECONDITION,
    `(actor=${name}) actor not found`,
  );
}

/** The node is about to leave. */
export function remotingDisabled(): Refusal {
  return new Refusal(Code.FAILED_PRECONDITION, TEXT.remotingDisabled);
}

/** The request is meant for another node. */
export function invalidHost(): Refusal {
  return new Refusal(Code.INVALID_ARGUMENT, TEXT.invalidHost);
}

/** The message did not reach its actor, or nothing came back. */
export function sendFailed(...lines: readonly string[]): Refusal {
  return new Refusal(Code.INTERNAL_ERROR, TEXT.sendFailed, ...lines);
}

/** Names that begin like this are GoAkt's own. */
export function isReserved(name: string): boolean {
  return name.startsWith("GoAkt");
}
