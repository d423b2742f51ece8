/**
 * What a message of a protocol carries, is answered with and may be rejected with.
 * @module
 */

import { formatOf, isFormat } from "../logging/format.ts";
import type { Codec, StandardSchema } from "./codec.ts";
import type { ErrorSpecs } from "./reject.ts";

/** How a body or a reply is checked and encoded: a Standard Schema, or a codec. */
export type Format<T> = StandardSchema<T> | Codec<T>;

/** One message of a protocol: what it carries, what it is answered with and how it may be rejected. */
export interface Spec<Body, Reply, Errors extends ErrorSpecs = ErrorSpecs> {
  /** How the body is checked and encoded; JSON without a check when it is not given. */
  readonly input?: Format<Body> | undefined;
  /** How the reply is checked and encoded; JSON without a check when it is not given. */
  readonly output?: Format<Reply> | undefined;
  /** The errors that its handler may throw without failing. */
  readonly errors?: Errors | undefined;
  /** Whether it leaves the state of the actor as it is, so that it may interleave with others that do. */
  readonly readOnly?: boolean | undefined;
  /** Carries the types only; never set. */
  readonly types?: {
    readonly body: Body;
    readonly reply: Reply;
    readonly errors: Errors;
  };
}

/** The messages of a protocol by name. */
export interface Specs {
  /** One message. */
  readonly [name: string]: Spec<unknown, unknown>;
}

/** Data of which only the type is declared, as {@linkcode input} and {@linkcode data} return it. */
export interface DataSpec<Data> {
  /** How the data is checked and encoded; JSON without a check when it is not given. */
  readonly format: Format<Data> | undefined;
  /** Carries the type only; never set. */
  readonly types?: { readonly data: Data };
}

/** What {@linkcode ask} takes when its parts are named. */
export interface AskSpec<Body, Reply, Errors extends ErrorSpecs> {
  /** How the body is checked and encoded. */
  input?: Format<Body> | DataSpec<Body>;
  /** How the reply is checked and encoded. */
  output?: Format<Reply> | DataSpec<Reply>;
  /**
   * The errors that the handler may throw without failing.
   * @default none
   */
  errors?: Errors;
  /**
   * Whether the message leaves the state of the actor as it is: then several of them, and only such,
   * may be in work at the same time.
   * @default false
   */
  readOnly?: boolean;
}

/**
 * Declares a message without a reply. Asked, it resolves with `undefined` once it has been handled.
 *
 * @param format How the body is checked and encoded; JSON without a check when it is not given.
 * @returns The spec, for {@linkcode protocol}.
 */
export function tell(): Spec<void, void>;
/** Declares a message without a reply whose body is a `Body`. */
export function tell<Body>(format?: Format<Body>): Spec<Body, void>;
export function tell(format?: Format<unknown>): Spec<unknown, void> {
  return { input: format };
}

/**
 * Declares a message that is answered with what its handler returns.
 *
 * @param input How the body is checked and encoded; JSON without a check when it is not given.
 * @param output How the reply is checked and encoded; JSON without a check when it is not given.
 * @returns The spec, for {@linkcode protocol}.
 *
 * @example
 * ```ts
 * import { ask, data, protocol } from "@troupe/troupe/actor";
 *
 * const Account = protocol("account", {
 *   balance: ask<void, number>(),
 *   withdraw: ask({
 *     input: data<{ amount: number }>(),
 *     output: data<number>(),
 *     errors: { InsufficientFunds: data<{ missing: number }>() },
 *   }),
 * });
 * const error = Account.withdraw.errors.InsufficientFunds({ missing: 5 });
 * console.assert(error.data.missing === 5);
 * ```
 */
export function ask<Body, Reply>(
  input?: Format<Body>,
  output?: Format<Reply>,
): Spec<Body, Reply, NoErrors>;
/** Declares a message that is answered, with its parts by name. */
export function ask<Body, Reply, const Errors extends ErrorSpecs = NoErrors>(
  spec: AskSpec<Body, Reply, Errors>,
): Spec<Body, Reply, Errors>;
export function ask(
  input?: Format<unknown> | AskSpec<unknown, unknown, ErrorSpecs>,
  output?: Format<unknown>,
): Spec<unknown, unknown> {
  if (input === undefined || isFormat(input)) return { input, output };
  const { errors, readOnly } = input;
  return {
    input: formatOf(input.input),
    output: formatOf(input.output),
    errors,
    readOnly,
  };
}

/** The errors of a message that declares none. */
export type NoErrors = Readonly<Record<never, never>>;

/**
 * Declares what a kind of a protocol is created from.
 *
 * @param format How the input is checked and encoded; JSON without a check when it is not given.
 * @returns The declaration, for the options of {@linkcode protocol}.
 */
export function input<Input>(format?: Format<Input>): DataSpec<Input> {
  return { format };
}

/**
 * Declares data by its type alone: it travels as JSON and is not checked.
 *
 * @returns The declaration, for {@linkcode ask}.
 */
export function data<Data>(): DataSpec<Data> {
  return { format: undefined };
}
