/**
 * What an actor is made of: one handler for each message, and hooks.
 * @module
 */

import type { Context } from "../cell/context.ts";
import { describe } from "../errors.ts";
import type { Message } from "./message.ts";
import type {
  AnyProtocol,
  BodyOf,
  MessageOf,
  ProtocolData,
  ReplyOf,
  SpecsOf,
} from "./protocol.ts";
import type { Terminated } from "../reference/ref.ts";

/** What a hook or a handler returns: a value, or the promise of one. The actor waits for a promise. */
export type Awaitable<T> = T | Promise<T>;

/** A message from another node for which this protocol has no codec. */
export interface ForeignMessage {
  /** The name on the wire. */
  readonly typeName: string;
  /** The encoded body. */
  readonly bytes: Uint8Array;
}

/** Methods that an actor may have besides its handlers. */
export interface Hooks<P extends AnyProtocol> {
  /** Called on a new instance before its first message. What it throws fails the start. */
  onStart?(ctx: Context<P>): Awaitable<void>;
  /**
   * Called on the last instance, after the children have ended and before the watchers are told.
   * Every started instance is ended exactly once: by `onRestart` when it is replaced and has one, by
   * `onStop` otherwise.
   */
  onStop?(ctx: Context<P>): Awaitable<void>;
  /** Called on an instance that failed, before a fresh one takes its place. */
  onRestart?(error: unknown, ctx: Context<P>): Awaitable<void>;
  /** Called when a watched actor has ended, after the messages that it sent before. */
  onTerminated?(terminated: Terminated, ctx: Context<P>): Awaitable<void>;
  /**
   * Called when a linked actor has ended, however it did, after the messages that it sent before. With
   * this hook the actor lives on; without it an end other than by request makes it fail.
   */
  onExit?(terminated: Terminated, ctx: Context<P>): Awaitable<void>;
}

/** One handler for each message of a protocol; what it returns is the reply. */
export type Handlers<P extends AnyProtocol> =
  & {
    [K in keyof SpecsOf<P> & string]: (
      body: BodyOf<SpecsOf<P>[K]>,
      ctx: Context<P>,
    ) => Awaitable<ReplyOf<SpecsOf<P>[K]>>;
  }
  & Hooks<P>
  & Partial<Receiver<P>>;

/** Takes what no handler claims: a router, a proxy, a bridge. */
export interface Receiver<P extends AnyProtocol> {
  /** Called with each unclaimed message; what it returns is the reply. */
  receive(message: MessageOf<P> | ForeignMessage, ctx: Context<P>): unknown;
}

/** Some handlers, and a `receive` for the rest. */
export type PartialHandlers<P extends AnyProtocol> =
  & Partial<Handlers<P>>
  & Receiver<P>
  & Hooks<P>;

/** Anything that can be an actor of protocol `P`. */
export type Behavior<P extends AnyProtocol> = Handlers<P> | PartialHandlers<P>;

/** A handler as the cell calls it. */
export type Handler = (this: unknown, body: unknown, ctx: unknown) => unknown;

/** The instance of an actor as the cell sees it. */
export interface Instance {
  onStart?(ctx: unknown): unknown;
  onStop?(ctx: unknown): unknown;
  onRestart?(error: unknown, ctx: unknown): unknown;
  onTerminated?(terminated: Terminated, ctx: unknown): unknown;
  onExit?(terminated: Terminated, ctx: unknown): unknown;
  receive?(message: Message | ForeignMessage, ctx: unknown): unknown;
}

/** Handlers by the position of their message. */
export type HandlerTable = readonly (Handler | undefined)[];

interface CachedTable {
  readonly protocol: ProtocolData;
  readonly table: HandlerTable;
}

/** The tables of classes, by prototype; an entry goes with its class. */
const tables: WeakMap<object, CachedTable> = new WeakMap<object, CachedTable>();

/**
 * The handlers that `instance` has for `protocol`. Instances of one class share a table.
 *
 * @throws {TypeError} When something is not a function, or a handler is missing and there is no `receive`.
 */
export function handlerTable(
  protocol: ProtocolData,
  instance: object,
): HandlerTable {
  if (typeof instance !== "object" || instance === null) {
    throw new TypeError(
      `Cannot use the handlers of protocol "${protocol.name}": found ${
        describe(instance)
      }, wanted an object with a method for each message`,
    );
  }
  const prototype: unknown = Object.getPrototypeOf(instance);
  if (prototype === null || prototype === Object.prototype) {
    return buildTable(protocol, instance);
  }
  const cached = tables.get(prototype as object);
  if (
    cached?.protocol === protocol && isCurrent(cached.table, protocol, instance)
  ) return cached.table;
  const table = buildTable(protocol, instance);
  tables.set(prototype as object, { protocol, table });
  return table;
}

function isCurrent(
  table: HandlerTable,
  protocol: ProtocolData,
  instance: object,
): boolean {
  const { messages } = protocol;
  for (let i = 0; i < messages.length; i++) {
    if (
      memberOf(instance, (messages[i] as { name: string }).name) !== table[i]
    ) return false;
  }
  return true;
}

function buildTable(protocol: ProtocolData, instance: object): HandlerTable {
  const missing: string[] = [];
  const table = protocol.messages.map(({ name }) => {
    const handler = memberOf(instance, name);
    if (handler === undefined) missing.push(name);
    else if (typeof handler !== "function") {
      throw new TypeError(
        `Cannot use the handlers of protocol "${protocol.name}": "${name}" is a ${typeof handler}, a method was expected`,
      );
    }
    return handler as Handler | undefined;
  });
  if (
    missing.length > 0 && typeof memberOf(instance, "receive") !== "function"
  ) {
    const list = missing.map((name) => `"${name}"`).join(", ");
    throw new TypeError(
      `Cannot use the handlers of protocol "${protocol.name}": found none for ${list}, wanted one for each message or a receive method`,
    );
  }
  return table;
}

/** A member of the instance or its class; what every object has from birth does not count. */
function memberOf(instance: object, name: string): unknown {
  const member = (instance as Record<string, unknown>)[name];
  return member ===
      (Object.prototype as unknown as Record<string, unknown>)[name]
    ? undefined
    : member;
}
