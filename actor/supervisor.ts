/**
 * What happens to an actor that failed.
 * @module
 */

import { Deque } from "../internal/deque.ts";
import { describe } from "./errors.ts";
import { disown } from "./thenable.ts";

/**
 * What to do about a failure: go on with the same state, go on with a fresh instance, end the actor,
 * or let the parent fail with the same error.
 */
export type Directive = "resume" | "restart" | "stop" | "escalate";

/** A policy for failures. An immutable value: it may be shared by any number of actors. */
export interface Supervisor {
  /** Which actors a directive applies to: the failed one. */
  readonly strategy: "one_for_one";
  /** Restarts within {@linkcode Supervisor.within}; one more stops the actor. */
  readonly maxRestarts: number;
  /** The length of the restart window, in milliseconds. */
  readonly within: number;
  /** Chooses what to do. When it throws, the actor is stopped. */
  readonly decide: (error: unknown) => Directive;
}

/** Options of {@linkcode oneForOne}. */
export interface OneForOneOptions {
  /**
   * How many restarts the window allows; one more stops the actor.
   * @default 10
   */
  maxRestarts?: number;
  /**
   * The length of the restart window, in milliseconds.
   * @default 60000
   */
  within?: number;
  /**
   * Chooses what to do about an error.
   * @default () => "restart"
   */
  decide?: (error: unknown) => Directive;
}

/**
 * A policy that concerns the failed actor alone.
 *
 * @param options The restart budget and the choice of the directive.
 * @returns The policy.
 * @throws {RangeError} When the budget or the window is not a number of at least 0.
 *
 * @example
 * ```ts
 * import { oneForOne } from "@troupe/troupe/actor";
 *
 * const policy = oneForOne({
 *   maxRestarts: 3,
 *   within: 10_000,
 *   decide: (error) => error instanceof RangeError ? "resume" : "restart",
 * });
 * console.assert(policy.decide(new RangeError("too much")) === "resume");
 * ```
 */
export function oneForOne(options: OneForOneOptions = {}): Supervisor {
  const { maxRestarts = 10, within = 60_000, decide = () => "restart" } =
    options;
  if (!(maxRestarts >= 0)) {
    throw new RangeError(
      `Cannot make a supervisor: maxRestarts is ${maxRestarts}, a number >= 0 was expected`,
    );
  }
  if (!(within >= 0)) {
    throw new RangeError(
      `Cannot make a supervisor: within is ${within}, a number of milliseconds >= 0 was expected`,
    );
  }
  return Object.freeze({
    strategy: "one_for_one",
    maxRestarts,
    within,
    decide,
  });
}

/** The restarts of one actor that still count. */
export class RestartWindow {
  #times: Deque<number> = new Deque<number>();

  /** Counts a restart at `now`; false when the budget of `supervisor` does not allow it. */
  admit(now: number, { maxRestarts, within }: Supervisor): boolean {
    if (maxRestarts === Infinity) return true; // nothing to count
    for (
      let first = this.#times.peek();
      first !== undefined && first <= now - within;
      first = this.#times.peek()
    ) {
      this.#times.shift();
    }
    if (this.#times.size >= maxRestarts) return false;
    this.#times.push(now);
    return true;
  }
}

const DIRECTIVES: readonly string[] = ["resume", "restart", "stop", "escalate"];

/**
 * What `supervisor` says of `error`. A policy that throws or says something unknown gives `"stop"`
 * and its own error.
 */
export function decide(
  supervisor: Supervisor,
  error: unknown,
): { directive: Directive; fault?: { readonly error: unknown } } {
  try {
    const directive = supervisor.decide(error);
    disown(directive);
    if (DIRECTIVES.includes(directive)) return { directive };
    const list = DIRECTIVES.map((name) => `"${name}"`).join(", ");
    return {
      directive: "stop",
      fault: {
        error: new TypeError(
          `Cannot apply the directive ${
            describe(directive)
          }: it is unknown, wanted one of ${list}`,
        ),
      },
    };
  } catch (error) {
    return { directive: "stop", fault: { error } };
  }
}
