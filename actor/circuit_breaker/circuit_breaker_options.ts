/**
 * How a circuit breaker is set up, and what it shows.
 * @module
 */

import { type Clock, systemClock } from "../../internal/clock.ts";

/**
 * Whether calls are let through: `"closed"` all, `"open"` none, `"half_open"` a few, on trial.
 */
export type CircuitState = "closed" | "open" | "half_open";

/** A change of the state of a {@linkcode CircuitBreaker}. */
export interface CircuitChange {
  /** The name of the breaker. */
  readonly name: string;
  /** The state before. */
  readonly from: CircuitState;
  /** The state now. */
  readonly to: CircuitState;
  /** When, on the clock of the breaker, in milliseconds. */
  readonly at: number;
}

/** Options of a {@linkcode CircuitBreaker}. */
export interface CircuitBreakerOptions {
  /**
   * What to call the breaker in errors and changes.
   * @default "circuit breaker"
   */
  name?: string;
  /**
   * The share of failures among the calls in the window at which it opens, above 0 and at most 1.
   * @default 0.5
   */
  failureRate?: number;
  /**
   * How many calls with an outcome the window must hold before it can open.
   * @default 10
   */
  minRequests?: number;
  /**
   * How long it stays open before it tries again, in milliseconds. A trial call that has no outcome
   * after the same time is given up.
   * @default 30000
   */
  openTimeout?: number;
  /**
   * How far back outcomes count, in milliseconds.
   * @default 60000
   */
  window?: number;
  /**
   * Into how many parts the window is divided. It moves on by one part at a time.
   * @default 12
   */
  buckets?: number;
  /**
   * How many calls are let through on trial when half open. When all have succeeded it closes; one
   * failure opens it again.
   * @default 1
   */
  halfOpenMaxCalls?: number;
  /**
   * Whether an error thrown by a task of {@linkcode CircuitBreaker.run} counts as a failure; if not,
   * it counts as a success, since an answer came. When it throws itself, the error is a failure.
   * @default every error does
   */
  isFailure?: (error: unknown) => boolean;
  /**
   * Called after each change of the state. What it throws is only counted.
   * @default nothing
   */
  onChange?: (change: CircuitChange) => void;
  /**
   * The source of time.
   * @default the platform's
   */
  clock?: Clock;
}

/**
 * The leave to make one call. Exactly one of its methods is to be called when the outcome is known;
 * a second call does nothing.
 */
export interface CircuitPermit {
  /** The call succeeded. */
  success(): void;
  /** The call failed. */
  failure(): void;
  /** The call was not made, or its outcome says nothing, as when the caller cancelled it. */
  release(): void;
}

/** What a {@linkcode CircuitBreaker} has seen. */
export interface CircuitMetrics {
  /** The state. */
  readonly state: CircuitState;
  /** Calls in the window that succeeded. */
  readonly windowSuccesses: number;
  /** Calls in the window that failed. */
  readonly windowFailures: number;
  /** The share of failures in the window; 0 when it is empty. */
  readonly failureRate: number;
  /** Calls that were let through and have no outcome yet. */
  readonly inFlight: number;
  /** All calls that succeeded. */
  readonly successes: number;
  /** All calls that failed. */
  readonly failures: number;
  /** All calls that were released without an outcome. */
  readonly released: number;
  /** All calls that were not let through. */
  readonly rejected: number;
  /** How often it opened. */
  readonly trips: number;
  /** How often `onChange` failed. */
  readonly hookFailures: number;
}

/** Options that are all there, `onChange` aside. */
export type CircuitSettings =
  & Required<Omit<CircuitBreakerOptions, "onChange">>
  & Pick<CircuitBreakerOptions, "onChange">;

/**
 * Fills in the defaults.
 *
 * @throws {RangeError} When an option is out of its range.
 */
export function circuitSettings(
  options: CircuitBreakerOptions,
): CircuitSettings {
  const settings: CircuitSettings = {
    name: options.name ?? "circuit breaker",
    failureRate: options.failureRate ?? 0.5,
    minRequests: options.minRequests ?? 10,
    openTimeout: options.openTimeout ?? 30_000,
    window: options.window ?? 60_000,
    buckets: options.buckets ?? 12,
    halfOpenMaxCalls: options.halfOpenMaxCalls ?? 1,
    isFailure: options.isFailure ?? (() => true),
    clock: options.clock ?? systemClock,
    ...(options.onChange === undefined ? {} : { onChange: options.onChange }),
  };
  const { name, failureRate } = settings;
  const check = (what: string, value: number, ok: boolean, wanted: string) => {
    if (ok) return;
    throw new RangeError(
      `Cannot create circuit breaker "${name}": ${what} is ${value}, ${wanted} was expected`,
    );
  };
  check(
    "failureRate",
    failureRate,
    failureRate > 0 && failureRate <= 1,
    "a number above 0 and at most 1",
  );
  for (const what of ["minRequests", "buckets", "halfOpenMaxCalls"] as const) {
    const value = settings[what];
    const ok = Number.isSafeInteger(value) && value >= 1;
    check(what, value, ok, "an integer >= 1");
  }
  for (const what of ["openTimeout", "window"] as const) {
    const value = settings[what];
    const ok = value > 0 && value < Infinity;
    check(what, value, ok, "a finite number of milliseconds > 0");
  }
  return settings;
}
