/**
 * What travels with messages besides their bodies: headers, and who decides about them.
 * @module
 */

import type { AskRegistry } from "../asks/asks.ts";
import { Envelope, type Mail } from "../protocol/message.ts";
import type { Pid } from "../reference/pid.ts";
import type { AnyProtocol, ProtocolData } from "../protocol/protocol.ts";
import {
  type ActorRef,
  BaseRef,
  baseRef,
  type Watcher,
} from "../reference/ref.ts";

/** Texts by name that travel with a message, such as a trace context. */
export type MessageHeaders = ReadonlyMap<string, string>;

/**
 * Decides which headers go from message to message. Given to a system, it is asked about each message
 * that an actor sends with its context; neither method may throw, and what they return must not change
 * afterwards.
 */
export interface Propagator {
  /**
   * The headers for a message that is sent while another is handled.
   *
   * @param headers Those of the message being handled, if it has any.
   * @returns None for a message without headers.
   */
  inject(headers: MessageHeaders | undefined): MessageHeaders | undefined;
  /**
   * What a handler gets to see of the headers that a message brought from another node.
   *
   * @param headers As they came: any text may be in them.
   * @returns None for a message without headers.
   */
  extract(headers: MessageHeaders): MessageHeaders | undefined;
}

/** The headers of a message that has none. */
export const NO_HEADERS: MessageHeaders = new Map<string, string>();

/** The headers of `mail`, if it has any. */
export function headersOf(mail: Mail | undefined): MessageHeaders | undefined {
  return mail instanceof Envelope ? mail.headers : undefined;
}

/**
 * A reference to the same actor whose messages bring headers along: how code that is no actor begins a
 * trace. What is sent with `ref` itself brings none.
 *
 * @param ref Any reference.
 * @param headers Names and values; names are in lower case by custom.
 * @returns The reference, for `tell`, `ask` and their kind.
 *
 * @example
 * ```ts
 * import { ActorSystem, ask, protocol, withHeaders } from "@troupe/troupe/actor";
 *
 * const Echo = protocol("echo", { tenant: ask<void, string | undefined>() });
 * await using system = new ActorSystem("demo");
 * const echo = system.spawn(Echo, () => ({
 *   tenant: (_, ctx) => ctx.headers.get("tenant"),
 * }));
 * const blue = withHeaders(echo, { tenant: "blue" });
 * console.assert(await blue.ask(Echo.tenant()) === "blue");
 * ```
 */
export function withHeaders<P extends AnyProtocol>(
  ref: ActorRef<P>,
  headers: Readonly<Record<string, string>>,
): ActorRef<P> {
  return new HeadersRef<P>(baseRef(ref), new Map(Object.entries(headers)));
}

/** Puts headers on all that it sends on. */
class HeadersRef<P extends AnyProtocol> extends BaseRef<P> {
  readonly #target: BaseRef;
  readonly #headers: MessageHeaders;

  constructor(target: BaseRef, headers: MessageHeaders) {
    super();
    this.#target = target;
    this.#headers = headers;
  }

  get pid(): Pid {
    return this.#target.pid;
  }

  get protocol(): ProtocolData {
    return this.#target.protocol;
  }

  get isLocal(): boolean {
    return this.#target.isLocal;
  }

  get asks(): AskRegistry {
    return this.#target.asks;
  }

  deliver(mail: Mail): boolean {
    const envelope = mail instanceof Envelope
      ? mail
      : new Envelope(mail, undefined, undefined);
    envelope.headers = this.#headers;
    return this.#target.deliver(envelope);
  }

  override work(): string | undefined {
    return this.#target.work();
  }

  started(): Promise<void> {
    return this.#target.started();
  }

  ready(): Promise<void> {
    return this.#target.ready();
  }

  watch(watcher: Watcher): void {
    this.#target.watch(watcher);
  }

  unwatch(watcher: Watcher): void {
    this.#target.unwatch(watcher);
  }

  override toString(): string {
    return this.#target.toString();
  }
}
