/**
 * A guard in front of something that fails at times, such as a service of others.
 * @module
 */

import type { Clock } from "../../internal/clock.ts";
import { CircuitOpenError } from "./circuit_breaker_errors.ts";
import {
  type CircuitBreakerOptions,
  type CircuitChange,
  type CircuitMetrics,
  type CircuitPermit,
  circuitSettings,
  type CircuitState,
} from "./circuit_breaker_options.ts";
import { OutcomeWindow } from "./outcome_window.ts";
import type { Awaitable } from "../protocol/handlers.ts";
import { thenableOf, whenSettled } from "../cell/thenable.ts";

/** The outcome of one call. */
type CallOutcome = "success" | "failure" | "released";

/**
 * Stops calls for a while when too many of them fail, so that callers get an answer at once and the
 * callee can recover. While closed it counts outcomes in a moving window; a failure that brings the
 * share of failures to the limit opens it. After a time it is half open: the next calls are let
 * through on trial and decide whether it closes or opens again.
 *
 * Only calls that were let through in the present state decide about it: the late outcome of an
 * earlier call is counted and changes nothing. It holds no timer, so there is nothing to dispose.
 *
 * @example
 * ```ts
 * import { CircuitBreaker } from "@troupe/troupe/actor";
 *
 * const breaker = new CircuitBreaker({ name: "prices", minRequests: 1 });
 * console.assert(await breaker.run(() => Promise.resolve(4)) === 4);
 * await breaker.run(() => Promise.reject(new Error("down"))).catch(() => {});
 * console.assert(breaker.state === "open");
 * console.assert(breaker.tryAcquire() === undefined);
 * ```
 */
export class CircuitBreaker {
  /** What it is called. */
  readonly name: string;
  #failureRate: number;
  #minRequests: number;
  #openTimeout: number;
  #halfOpenMaxCalls: number;
  #isFailure: (error: unknown) => boolean;
  #onChange: ((change: CircuitChange) => void) | undefined;
  #clock: Clock;
  #window: OutcomeWindow;
  #state: CircuitState = "closed";
  /** Grows with each change and each round of trials, so that outcomes of earlier calls are known. */
  #round = 0;
  /** When it opened, or when the last trial was let through. */
  #since = 0;
  #trialsInFlight = 0;
  #trialSuccesses = 0;
  #inFlight = 0;
  #successes = 0;
  #failures = 0;
  #released = 0;
  #rejected = 0;
  #trips = 0;
  #hookFailures = 0;

  /**
   * Makes a closed breaker.
   *
   * @throws {RangeError} When an option is out of its range.
   */
  constructor(options: CircuitBreakerOptions = {}) {
    const settings = circuitSettings(options);
    const { name, window, buckets } = settings;
    this.name = name;
    this.#failureRate = settings.failureRate;
    this.#minRequests = settings.minRequests;
    this.#openTimeout = settings.openTimeout;
    this.#halfOpenMaxCalls = settings.halfOpenMaxCalls;
    this.#isFailure = settings.isFailure;
    this.#onChange = settings.onChange;
    this.#clock = settings.clock;
    this.#window = new OutcomeWindow(window, buckets);
  }

  /** The state as the last call found or left it: an open breaker is half open only from a call on. */
  get state(): CircuitState {
    return this.#state;
  }

  /** Counts as of now. */
  get metrics(): CircuitMetrics {
    const { successes, failures } = this.#window.count(this.#clock.now());
    const requests = successes + failures;
    return {
      state: this.#state,
      windowSuccesses: successes,
      windowFailures: failures,
      failureRate: requests === 0 ? 0 : failures / requests,
      inFlight: this.#inFlight,
      successes: this.#successes,
      failures: this.#failures,
      released: this.#released,
      rejected: this.#rejected,
      trips: this.#trips,
      hookFailures: this.#hookFailures,
    };
  }

  /**
   * Runs a task unless calls are stopped, and takes note of its outcome.
   *
   * @param task What to run; called before this method returns, or not at all.
   * @returns What the task returned.
   * @throws {CircuitOpenError} When calls are stopped; the task was not run.
   * @throws What the task threw.
   */
  async run<T>(task: () => Awaitable<T>): Promise<T> {
    const permit = this.acquire();
    try {
      const result = await task();
      permit.success();
      return result;
    } catch (error) {
      if (this.isFailure(error)) permit.failure();
      else permit.success();
      throw error;
    }
  }

  /**
   * Asks for leave to make one call.
   *
   * @returns What takes the outcome.
   * @throws {CircuitOpenError} When calls are stopped.
   */
  acquire(): CircuitPermit {
    const permit = this.tryAcquire();
    if (permit !== undefined) return permit;
    throw new CircuitOpenError(this.name, this.#state, this.#retryAfter());
  }

  /**
   * Asks for leave to make one call.
   *
   * @returns What takes the outcome, or `undefined` when calls are stopped.
   */
  tryAcquire(): CircuitPermit | undefined {
    const now = this.#clock.now();
    if (this.#state !== "closed" && !this.#admitTrial(now)) {
      this.#rejected++;
      return undefined;
    }
    this.#inFlight++;
    return this.#permit(this.#round);
  }

  /** Closes the breaker and forgets the outcomes in the window. */
  reset(): void {
    const now = this.#clock.now();
    this.#window.clear();
    if (this.#state === "closed") this.#round++;
    else this.#change("closed", now);
  }

  /** Whether an error counts as a failure; see {@linkcode CircuitBreakerOptions.isFailure}. */
  isFailure(error: unknown): boolean {
    try {
      return this.#isFailure(error);
    } catch {
      return true;
    }
  }

  #permit(round: number): CircuitPermit {
    let state: "open" | "settled" = "open";
    const settle = (outcome: CallOutcome) => {
      if (state === "settled") return;
      state = "settled";
      this.#settle(outcome, round);
    };
    return {
      success: () => settle("success"),
      failure: () => settle("failure"),
      release: () => settle("released"),
    };
  }

  /** Whether a call is let through although the breaker is not closed. */
  #admitTrial(now: number): boolean {
    const isOver = now - this.#since >= this.#openTimeout;
    if (this.#state === "open") {
      if (!isOver) return false;
      this.#trialsInFlight = 1; // before the change, whose hook may ask for leave too
      this.#trialSuccesses = 0;
      this.#since = now;
      this.#change("half_open", now);
      return true;
    }
    if (
      this.#trialsInFlight + this.#trialSuccesses >= this.#halfOpenMaxCalls
    ) {
      if (!isOver) return false;
      this.#round++; // trials without an outcome are given up
      this.#trialsInFlight = 0;
    }
    this.#trialsInFlight++;
    this.#since = now;
    return true;
  }

  #settle(outcome: CallOutcome, round: number): void {
    const now = this.#clock.now();
    this.#inFlight--;
    if (outcome === "success") this.#successes++;
    else if (outcome === "failure") this.#failures++;
    else this.#released++;
    if (round !== this.#round) return;
    if (this.#state === "half_open") this.#settleTrial(outcome, now);
    else if (outcome !== "released") {
      this.#window.add(now, outcome === "success");
      if (outcome === "failure" && this.#isTooBad(now)) this.#trip(now);
    }
  }

  #settleTrial(outcome: CallOutcome, now: number): void {
    this.#trialsInFlight--;
    if (outcome === "failure") this.#trip(now);
    else if (
      outcome === "success" && ++this.#trialSuccesses === this.#halfOpenMaxCalls
    ) {
      this.#window.clear();
      this.#change("closed", now);
    }
  }

  #isTooBad(now: number): boolean {
    const { successes, failures } = this.#window.count(now);
    const requests = successes + failures;
    return requests >= this.#minRequests &&
      failures >= this.#failureRate * requests;
  }

  #trip(now: number): void {
    this.#trips++;
    this.#since = now;
    this.#change("open", now);
  }

  #change(to: CircuitState, at: number): void {
    const from = this.#state;
    this.#state = to;
    this.#round++;
    try {
      const result: unknown = this.#onChange?.({
        name: this.name,
        from,
        to,
        at,
      });
      const awaited = thenableOf(result);
      if (awaited !== undefined) whenSettled(awaited, () => {}, this.#onHook);
    } catch {
      this.#onHook();
    }
  }

  #onHook = (): void => {
    this.#hookFailures++;
  };

  /** Milliseconds until a call can be let through; 0 while a trial decides. */
  #retryAfter(): number {
    if (this.#state !== "open") return 0;
    return Math.max(0, this.#since + this.#openTimeout - this.#clock.now());
  }
}
