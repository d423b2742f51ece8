/**
 * Protocols: the messages that an actor takes, as one value that types both ends.
 * @module
 */

import type { Message } from "./message.ts";
import { MessageValue } from "./message.ts";
import { isCodec } from "../logging/format.ts";
import { type ErrorSpecs, type RejectTypes, rejectTypes } from "./reject.ts";
import type { DataSpec, Format, Spec, Specs } from "./specs.ts";
import { type Validate, validatorOf } from "./validation.ts";

/** The property of a protocol that holds its {@linkcode ProtocolData}; all others are messages. */
export const PROTOCOL: unique symbol = Symbol("troupe.protocol");

/** One message of a protocol, ready for use. */
export interface MessageType {
  /** The name in the protocol, which is the name of its handler. */
  readonly name: string;
  /** The name on the wire. */
  readonly type: string;
  /** The position in the protocol. */
  readonly index: number;
  /** How the body is checked and encoded. */
  readonly input: Format<unknown> | undefined;
  /** How the reply is checked and encoded. */
  readonly output: Format<unknown> | undefined;
  /** How the data of each declared error is checked and encoded. */
  readonly errors: ErrorSpecs;
  /** Whether it may interleave with other read-only messages. */
  readonly readOnly: boolean;
}

/** What a protocol is, under {@linkcode PROTOCOL}. */
export interface ProtocolData<
  Name extends string = string,
  S extends Specs = Specs,
  Input = unknown,
> {
  /** The name of the protocol. */
  readonly name: Name;
  /** The messages in the order in which they were declared. */
  readonly messages: readonly MessageType[];
  /** The messages by their names on the wire. */
  readonly byType: ReadonlyMap<string, MessageType>;
  /** Whether it has messages that may interleave. */
  readonly hasReadOnly: boolean;
  /** How the input of a kind is checked and encoded. */
  readonly input: Format<Input> | undefined;
  /** Carries the types only; never set. */
  readonly types?: { readonly specs: S; readonly input: Input };
}

/** What every protocol has; use it as a constraint. */
export interface AnyProtocol {
  /** The protocol's own data. */
  readonly [PROTOCOL]: ProtocolData;
}

/** A protocol: one constructor for each message, and its data under {@linkcode PROTOCOL}. */
export type Protocol<Name extends string, S extends Specs, Input = void> =
  & { readonly [K in keyof S & string]: MessageConstructor<Name, K, S[K]> }
  & { readonly [PROTOCOL]: ProtocolData<Name, S, Input> };

/** Makes the messages of one type, and the errors that it declares. */
export interface MessageConstructor<
  Name extends string,
  Key extends string,
  S,
> {
  /** Makes a message. */
  (body: BodyOf<S>): Message<Name, Key, BodyOf<S>, ReplyOf<S>>;
  /** The errors that the message declares, by name. */
  readonly errors: RejectTypes<ErrorsOf<S>>;
}

/** The body of a message spec. */
export type BodyOf<S> = S extends Spec<infer Body, unknown> ? Body : never;

/** The reply to a message spec. */
export type ReplyOf<S> = S extends Spec<unknown, infer Reply> ? Reply : never;

/** The declared errors of a message spec. */
export type ErrorsOf<S> = S extends Spec<unknown, unknown, infer Errors>
  ? Errors
  : never;

/** The reply to a message. */
export type MessageReply<M> = M extends
  Message<string, string, unknown, infer Reply> ? Reply : never;

/** The name of a protocol as a type. */
export type NameOf<P extends AnyProtocol> = P[typeof PROTOCOL]["name"];

/** The message specs of a protocol as a type. */
export type SpecsOf<P extends AnyProtocol> = P[typeof PROTOCOL] extends
  ProtocolData<string, infer S, unknown> ? S : never;

/** What a kind of the protocol is created from. */
export type InputOf<P extends AnyProtocol> = P[typeof PROTOCOL] extends
  ProtocolData<string, Specs, infer Input> ? Input : never;

/** Any message of a protocol. */
export type MessageOf<P extends AnyProtocol> = {
  [K in keyof SpecsOf<P> & string]: Message<
    NameOf<P>,
    K,
    BodyOf<SpecsOf<P>[K]>,
    ReplyOf<SpecsOf<P>[K]>
  >;
}[keyof SpecsOf<P> & string];

/** Options of {@linkcode protocol}. */
export interface ProtocolOptions<Input> {
  /**
   * What a kind of this protocol is created from; see {@linkcode input}.
   * @default nothing
   */
  input?: DataSpec<Input>;
}

/** Names that no message may have: the language or the handlers object gives them a meaning. */
export const RESERVED_NAMES: readonly string[] = [
  "__proto__",
  "constructor",
  "onExit",
  "onRestart",
  "onStart",
  "onStop",
  "onTerminated",
  "receive",
  "then",
];

/**
 * Declares the messages of an actor. The result has one constructor for each message, which makes a
 * message value; a body that the message's schema refuses is refused there.
 *
 * A schema is applied where a message is made and again where it arrives from another process, so it
 * should leave what it has accepted unchanged.
 *
 * @param name The name of the protocol: letters, digits, `-`, `_` and `.`.
 * @param specs The messages, made with {@linkcode tell} and {@linkcode ask}.
 * @param options What its kinds are created from.
 * @returns The protocol.
 * @throws {TypeError} When a name is not allowed or two messages share a wire name.
 *
 * @example
 * ```ts
 * import { ask, protocol, tell } from "@troupe/troupe/actor";
 *
 * const Counter = protocol("counter", {
 *   increment: tell<{ by: number }>(),
 *   get: ask<void, number>(),
 * });
 * const message = Counter.increment({ by: 2 });
 * console.assert(message.type === "counter.increment");
 * ```
 */
export function protocol<
  const Name extends string,
  const S extends Specs,
  Input = void,
>(
  name: Name,
  specs: S,
  options: ProtocolOptions<Input> = {},
): Protocol<Name, S, Input> {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/.test(name)) {
    throw new TypeError(
      `Cannot declare a protocol named "${name}": found other characters, wanted a letter or digit and then letters, digits, "-", "_" or "."`,
    );
  }
  const messages: MessageType[] = [];
  const byType = new Map<string, MessageType>();
  const data: ProtocolData = {
    name,
    messages,
    byType,
    hasReadOnly: Object.values(specs).some(({ readOnly }) => readOnly === true),
    input: options.input?.format,
  };
  const constructors: Record<string | symbol, unknown> = Object.create(null);
  for (const [key, spec] of Object.entries(specs)) {
    const message = messageType(name, key, spec, messages.length);
    const other = byType.get(message.type);
    if (other !== undefined) {
      throw new TypeError(
        `Cannot declare protocol "${name}": "${other.name}" and "${key}" share the wire name "${message.type}", every message needs one of its own`,
      );
    }
    messages.push(message);
    byType.set(message.type, message);
    constructors[key] = constructorOf(data, message);
  }
  constructors[PROTOCOL] = Object.freeze(data);
  // The loop above gave it one constructor for each spec.
  return Object.freeze(constructors) as unknown as Protocol<Name, S, Input>;
}

function messageType(
  protocolName: string,
  name: string,
  spec: Spec<unknown, unknown>,
  index: number,
): MessageType {
  if (RESERVED_NAMES.includes(name)) {
    throw new TypeError(
      `Cannot declare message "${name}" of protocol "${protocolName}": the name is reserved, reserved are ${
        RESERVED_NAMES.join(", ")
      }`,
    );
  }
  if (!/^[a-zA-Z_$][\w$]*$/.test(name)) {
    throw new TypeError(
      `Cannot declare message "${name}" of protocol "${protocolName}": found other characters, wanted the name of a method`,
    );
  }
  const typeName = isCodec(spec.input) ? spec.input.typeName : undefined;
  return {
    name,
    type: typeName ?? `${protocolName}.${name}`,
    index,
    input: spec.input,
    output: spec.output,
    errors: spec.errors ?? {},
    readOnly: spec.readOnly ?? false,
  };
}

function constructorOf(data: ProtocolData, message: MessageType): unknown {
  const errors = rejectTypes(message.type, message.errors);
  return Object.freeze(
    Object.assign(bareConstructor(data, message), { errors }),
  );
}

function bareConstructor(
  data: ProtocolData,
  message: MessageType,
): (body: unknown) => Message {
  const { index, type } = message;
  const validate: Validate | undefined = validatorOf(
    message.input,
    `build "${type}"`,
  );
  if (validate === undefined) {
    return (body) => new MessageValue(data, index, type, body);
  }
  return (body) => new MessageValue(data, index, type, validate(body));
}
