/**
 * The end of a watched actor on its way to another node.
 * @module
 */

import type {
  Terminated,
  TerminationReason,
} from "../../actor/reference/ref.ts";
import { errorOf, failureOf } from "../failure.ts";
import type { DecodedFrame, FrameFields } from "../wire/fields.ts";
import { FrameKind } from "../wire/kinds.ts";

const REASONS: ReadonlySet<string> = new Set<TerminationReason>([
  "stopped",
  "failed",
  "not_started",
  "passivated",
  "missing",
  "node_down",
]);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The frame that tells of an end. */
export function terminationFrame(
  correlation: number,
  { pid, reason, error }: Terminated,
): FrameFields {
  return {
    kind: FrameKind.TERMINATED,
    correlation,
    address: pid.toJSON(),
    ...(error === undefined ? {} : { failure: failureOf(error) }),
    payload: encoder.encode(reason),
  };
}

/** What a peer says of an end. A reason of a later version is an end like any other. */
export function readTermination(
  frame: DecodedFrame,
  node: string,
  action: string,
): Pick<Terminated, "reason" | "error"> {
  const word = decoder.decode(frame.payload().subarray(0, 64));
  const reason = REASONS.has(word) ? word as TerminationReason : "stopped"; // it is one of them
  return frame.failure === undefined
    ? { reason }
    : { reason, error: errorOf(node, action, frame.failure) };
}
