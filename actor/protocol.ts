/**
 * Protocols: the messages that an actor takes, as one value that types both ends.
 * @module
 */

import type { Codec, StandardSchema } from "./codec.ts";
import type { Message } from "./message.ts";
import { MessageValue } from "./message.ts";
import { type Validate, validatorOf } from "./validation.ts";

/** The property of a protocol that holds its {@linkcode ProtocolData}; all others are messages. */
export const PROTOCOL: unique symbol = Symbol("troupe.protocol");

/** How a body or a reply is checked and encoded: a Standard Schema, or a codec. */
export type Format<T> = StandardSchema<T> | Codec<T>;

/** One message of a protocol: what it carries and what it is answered with. */
export interface Spec<Body, Reply> {
  /** How the body is checked and encoded; JSON without a check when it is not given. */
  readonly input?: Format<Body> | undefined;
  /** How the reply is checked and encoded; JSON without a check when it is not given. */
  readonly output?: Format<Reply> | undefined;
  /** Carries the types only; never set. */
  readonly types?: { readonly body: Body; readonly reply: Reply };
}

/** The messages of a protocol by name. */
export interface Specs {
  /** One message. */
  readonly [name: string]: Spec<unknown, unknown>;
}

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
  & {
    readonly [K in keyof S & string]: (
      body: BodyOf<S[K]>,
    ) => Message<Name, K, BodyOf<S[K]>, ReplyOf<S[K]>>;
  }
  & { readonly [PROTOCOL]: ProtocolData<Name, S, Input> };

/** The body of a message spec. */
export type BodyOf<S> = S extends Spec<infer Body, unknown> ? Body : never;

/** The reply to a message spec, or to a message. */
export type ReplyOf<S> = S extends Spec<unknown, infer Reply> ? Reply : never;

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
  input?: InputSpec<Input>;
}

/** What a kind is created from, as {@linkcode input} returns it. */
export interface InputSpec<Input> {
  /** How the input is checked and encoded. */
  readonly format: Format<Input> | undefined;
  /** Carries the type only; never set. */
  readonly types?: { readonly input: Input };
}

/** What {@linkcode ask} takes when the formats are named. */
export interface AskSpec<Body, Reply> {
  /** How the body is checked and encoded. */
  input?: Format<Body>;
  /** How the reply is checked and encoded. */
  output?: Format<Reply>;
}

/** Names that no message may have: the language or the handlers object gives them a meaning. */
export const RESERVED_NAMES: readonly string[] = [
  "__proto__",
  "constructor",
  "onRestart",
  "onStart",
  "onStop",
  "onTerminated",
  "receive",
  "then",
];

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
 * @param input How the body is checked and encoded, or both formats by name.
 * @param output How the reply is checked and encoded; JSON without a check when it is not given.
 * @returns The spec, for {@linkcode protocol}.
 */
export function ask<Body, Reply>(
  input?: Format<Body> | AskSpec<Body, Reply>,
  output?: Format<Reply>,
): Spec<Body, Reply> {
  if (input === undefined || isFormat(input)) return { input, output };
  return { input: input.input, output: input.output };
}

/**
 * Declares what a kind of a protocol is created from.
 *
 * @param format How the input is checked and encoded; JSON without a check when it is not given.
 * @returns The declaration, for the options of {@linkcode protocol}.
 */
export function input<Input>(format?: Format<Input>): InputSpec<Input> {
  return { format };
}

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
  };
}

function constructorOf(
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

/** Whether `format` is a codec and not a schema. */
export function isCodec<T>(format: Format<T> | undefined): format is Codec<T> {
  return format !== undefined && !("~standard" in format);
}

function isFormat<T>(
  value: Format<T> | AskSpec<T, unknown>,
): value is Format<T> {
  return "~standard" in value || "encode" in value;
}
