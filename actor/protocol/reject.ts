/**
 * Errors that a message declares: expected outcomes, not failures.
 * @module
 */

import { ActorError } from "../errors.ts";
import type { Message } from "./message.ts";
import type { DataSpec, Format } from "./specs.ts";
import { formatOf } from "../logging/format.ts";
import { validatorOf } from "./validation.ts";

/** The errors of a message by name, each with how its data is checked and encoded. */
export interface ErrorSpecs {
  /** One error. */
  readonly [name: string]: Format<unknown> | DataSpec<unknown>;
}

/** What an error of a message carries. */
export type ErrorData<F> = F extends Format<infer Data> | DataSpec<infer Data>
  ? Data
  : never;

/**
 * An error that a message declares. A handler throws it instead of returning a reply; it reaches the
 * asker with its code and data, from this process or from another. The supervisor does not see it.
 */
export class Reject<Code extends string = string, Data = unknown>
  extends ActorError {
  /** The name under which the message declares it. */
  override readonly code: Code;
  /** What it carries. */
  readonly data: Data;
  /** The wire name of the message that declares it. */
  readonly type: string;
  /** What no other object has, and what reading it cannot fail for. */
  readonly #brand = true;

  /** Use the constructor of the declaring message; the library uses this one. */
  constructor(type: string, code: Code, data: Data) {
    super(`Cannot do "${type}": the actor rejected it with ${code}`, {
      outcome: "done",
    });
    this.type = type;
    this.code = code;
    this.data = data;
  }

  /** Whether `thrown` is a declared error of the message with that wire name. Safe for any value. */
  static isOf(type: string, thrown: unknown): thrown is Reject {
    return typeof thrown === "object" && thrown !== null && #brand in thrown &&
      thrown.type === type;
  }
}

/** Whether `thrown` is an error that `message` declares. Safe for any value. */
export function isDeclared(message: Message, thrown: unknown): boolean {
  if (!Reject.isOf(message.type, thrown)) return false;
  const errors = message.protocol.messages[message.index]?.errors;
  return errors !== undefined && Object.hasOwn(errors, thrown.code);
}

/** Makes and recognises one declared error. */
export interface RejectType<Code extends string, Data> {
  /** Makes the error, for a handler to throw. Data that its schema refuses is a `TypeError`. */
  (data: Data): Reject<Code, Data>;
  /** Whether a thrown value is this error; its data is typed then. */
  is(error: unknown): error is Reject<Code, Data>;
}

/** The declared errors of a message, ready for use. */
export type RejectTypes<Errors extends ErrorSpecs> = {
  readonly [Code in keyof Errors & string]: RejectType<
    Code,
    ErrorData<Errors[Code]>
  >;
};

/**
 * Makes the error types of one message.
 *
 * @throws {TypeError} When a name does not look like the name of a class.
 */
export function rejectTypes(
  type: string,
  errors: ErrorSpecs,
): Readonly<Record<string, RejectType<string, unknown>>> {
  const types: Record<string, RejectType<string, unknown>> = Object.create(
    null,
  );
  for (const [code, format] of Object.entries(errors)) {
    if (!/^[A-Z][A-Za-z0-9]*$/.test(code)) {
      throw new TypeError(
        `Cannot declare error "${code}" of message "${type}": found another form, wanted a name like "InsufficientFunds"`,
      );
    }
    types[code] = rejectType(type, code, formatOf(format));
  }
  return Object.freeze(types);
}

function rejectType(
  type: string,
  code: string,
  format: Format<unknown> | undefined,
): RejectType<string, unknown> {
  const validate = validatorOf(format, `build ${code} of "${type}"`);
  const make = (data: unknown) =>
    new Reject(type, code, validate === undefined ? data : validate(data));
  const is = (error: unknown): error is Reject =>
    Reject.isOf(type, error) && error.code === code;
  return Object.freeze(Object.assign(make, { is }));
}
