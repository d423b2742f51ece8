/**
 * The error for a message that an outbox has given up.
 * @module
 */

import {
  ActorError,
  type ActorErrorOptions,
  type Outcome,
} from "../../actor/errors.ts";
import type { Pid } from "../../actor/reference/pid.ts";

/**
 * An outbox has given up a message. With the outcome `"not_delivered"` no handler saw it; with
 * `"unknown"` one may have.
 */
export class DeliveryError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "delivery_error";
  /** The inbox that the message was for. */
  readonly target: Pid;
  /** The type of the message. */
  readonly type: string;

  /**
   * Names the message, the inbox, and why it was given up; `cause` is what the last attempt ended with. It may
   * be sent again when it was not delivered, unless the options say otherwise.
   */
  constructor(
    target: Pid,
    type: string,
    found: string,
    outcome: Outcome,
    options: Pick<ActorErrorOptions, "cause" | "retryable"> = {},
  ) {
    super(
      `Cannot deliver "${type}" to "${target}": ${found}, a confirmation was expected`,
      { retryable: outcome === "not_delivered", ...options, outcome },
    );
    this.target = target;
    this.type = type;
  }
}
