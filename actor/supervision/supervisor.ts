/**
 * What happens to an actor that failed.
 * @module
 */

import { type Backoff, checkBackoff } from "./backoff.ts";
import { describe } from "../errors.ts";
import { disown } from "../cell/thenable.ts";

/**
 * What to do about a failure: go on with the same state, go on with a fresh instance, end the actor,
 * hold its mail until somebody reinstates, restarts or stops it, or let the parent fail with the same
 * error.
 */
export type Directive = "resume" | "restart" | "stop" | "suspend" | "escalate";

/**
 * Which actors a restart or a stop applies to: the failed one, all children of its parent, or the failed
 * one and those that were spawned after it.
 */
export type Strategy = "one_for_one" | "one_for_all" | "rest_for_one";

/** A class of errors, or a test for them. */
export type ErrorMatch =
  | (abstract new (...args: never[]) => unknown)
  | ((error: unknown) => boolean);

/** What to do about some errors. */
export interface Rule {
  /** Which errors: instances of a class, or what a function says. */
  readonly error: ErrorMatch;
  /** What to do about them. */
  readonly directive: Directive;
}

/** A policy for failures. An immutable value: it may be shared by any number of actors. */
export interface Supervisor {
  /** Which actors a restart or a stop applies to. */
  readonly strategy: Strategy;
  /** Restarts within {@linkcode Supervisor.within}; one more stops the actor. */
  readonly maxRestarts: number;
  /** The length of the restart window, in milliseconds. */
  readonly within: number;
  /** How long a restart waits; at once when it is not given. */
  readonly backoff: Backoff | undefined;
  /** Chooses what to do. When it throws, the actor is stopped. */
  readonly decide: (error: unknown) => Directive;
}

/** Options of {@linkcode oneForOne}, {@linkcode oneForAll} and {@linkcode restForOne}. */
export interface SupervisorOptions {
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
   * How long restarts wait, longer with each one that still counts.
   * @default they do not wait
   */
  backoff?: Backoff;
  /**
   * What to do about some errors; the first rule that matches decides.
   * @default none
   */
  rules?: readonly Rule[];
  /**
   * Chooses what to do about an error that no rule matches.
   * @default () => "restart"
   */
  decide?: (error: unknown) => Directive;
}

/**
 * A policy that concerns the failed actor alone.
 *
 * @param options The restart budget and the choice of the directive.
 * @returns The policy.
 * @throws {RangeError} When the budget, the window or the backoff is out of range.
 *
 * @example
 * ```ts
 * import { oneForOne } from "@troupe/troupe/actor";
 *
 * const policy = oneForOne({
 *   maxRestarts: 3,
 *   within: 10_000,
 *   backoff: { min: 100, max: 5_000 },
 *   rules: [{ error: RangeError, directive: "resume" }],
 * });
 * console.assert(policy.decide(new RangeError("too much")) === "resume");
 * console.assert(policy.decide(new Error("broken")) === "restart");
 * ```
 */
export function oneForOne(options: SupervisorOptions = {}): Supervisor {
  return policy("one_for_one", options);
}

/**
 * A policy by which a restart or a stop of the failed actor is one of all children of its parent.
 *
 * @param options The restart budget and the choice of the directive.
 * @returns The policy.
 * @throws {RangeError} When the budget, the window or the backoff is out of range.
 *
 * @example
 * ```ts
 * import { oneForAll } from "@troupe/troupe/actor";
 *
 * console.assert(oneForAll().strategy === "one_for_all");
 * ```
 */
export function oneForAll(options: SupervisorOptions = {}): Supervisor {
  return policy("one_for_all", options);
}

/**
 * A policy by which a restart or a stop of the failed actor is one of those children of its parent
 * too that were spawned after it.
 *
 * @param options The restart budget and the choice of the directive.
 * @returns The policy.
 * @throws {RangeError} When the budget, the window or the backoff is out of range.
 *
 * @example
 * ```ts
 * import { restForOne } from "@troupe/troupe/actor";
 *
 * console.assert(restForOne().strategy === "rest_for_one");
 * ```
 */
export function restForOne(options: SupervisorOptions = {}): Supervisor {
  return policy("rest_for_one", options);
}

function policy(strategy: Strategy, options: SupervisorOptions): Supervisor {
  const {
    maxRestarts = 10,
    within = 60_000,
    backoff,
    rules = [],
    decide: otherwise = () => "restart",
  } = options;
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
  if (backoff !== undefined) checkBackoff(backoff);
  const kept = rules.map((rule) => Object.freeze({ ...rule }));
  return Object.freeze({
    strategy,
    maxRestarts,
    within,
    backoff: backoff && Object.freeze({ ...backoff }),
    decide: kept.length === 0
      ? otherwise
      : (error: unknown) =>
        kept.find((rule) => matches(rule.error, error))?.directive ??
          otherwise(error),
  });
}

function matches(match: ErrorMatch, error: unknown): boolean {
  if (isClass(match)) return error instanceof match;
  return (match as (error: unknown) => boolean)(error);
}

/** A class has a prototype that cannot be replaced, or inherits from Error; a function for tests has neither. */
function isClass(match: ErrorMatch): boolean {
  const prototype = Object.getOwnPropertyDescriptor(match, "prototype");
  return prototype !== undefined && prototype.writable === false;
}

const DIRECTIVES: readonly string[] = [
  "resume",
  "restart",
  "stop",
  "suspend",
  "escalate",
];

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
