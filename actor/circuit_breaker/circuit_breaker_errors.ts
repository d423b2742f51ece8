/**
 * What a circuit breaker answers instead of a call.
 * @module
 */

import type { CircuitState } from "./circuit_breaker_options.ts";
import { ActorError } from "../errors.ts";

/** A circuit breaker stops calls at the moment. The call was not made. */
export class CircuitOpenError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "circuit_open_error";
  /** The name of the breaker. */
  readonly breaker: string;
  /**
   * How long it stops calls at least, in milliseconds; 0 when a call on trial is under way, which
   * decides.
   */
  readonly retryAfter: number;

  /** Names the breaker, its state and how long to wait. */
  constructor(breaker: string, state: CircuitState, retryAfter: number) {
    const found = state === "open"
      ? `it is open for another ${Math.ceil(retryAfter)} ms`
      : "it is half open and a call on trial is under way";
    super(
      `Cannot make a call through circuit breaker "${breaker}": ${found}, a closed one was expected`,
      { outcome: "not_delivered", retryable: true },
    );
    this.breaker = breaker;
    this.retryAfter = retryAfter;
  }
}
