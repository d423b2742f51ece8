/**
 * The context that a cell gives to its instance.
 * @module
 */

import type { Cell } from "./cell.ts";
import type { Context } from "./context.ts";
import { Envelope, type Message, replyToOf, senderOf } from "./message.ts";
import type { AnyProtocol, MessageOf, MessageReply } from "./protocol.ts";
import { type ActorRef, type AskOptions, baseRef } from "./ref.ts";
import type { Spawn } from "./spawn.ts";
import type { ActorSystem } from "./system.ts";

/** The one context of a cell. */
export class CellContext implements Context {
  readonly #cell: Cell;

  constructor(cell: Cell) {
    this.#cell = cell;
  }

  get self(): ActorRef<AnyProtocol> {
    return this.#cell.ref;
  }

  get system(): ActorSystem {
    return this.#cell.runtime.system;
  }

  get sender(): ActorRef<AnyProtocol> | undefined {
    const { mail } = this.#cell;
    return mail === undefined ? undefined : senderOf(mail);
  }

  get remaining(): number {
    const { mail, runtime } = this.#cell;
    const replyTo = mail === undefined ? undefined : replyToOf(mail);
    return replyTo === undefined
      ? Infinity
      : Math.max(0, replyTo.deadline - runtime.clock.now());
  }

  get parent(): ActorRef<AnyProtocol> | undefined {
    const { owner } = this.#cell;
    return "ref" in owner ? (owner as Cell).ref : undefined; // the system has no reference
  }

  get children(): readonly ActorRef<AnyProtocol>[] {
    return [...this.#cell.children?.values() ?? []].map(({ ref }) => ref);
  }

  get spawn(): Spawn {
    // The overloads of Spawn are read from the arguments one by one.
    return ((...args: unknown[]) =>
      this.#cell.runtime.commands.spawn(this.#cell, args)) as Spawn;
  }

  tell<Q extends AnyProtocol>(
    ref: ActorRef<Q>,
    message: MessageOf<Q>,
  ): boolean {
    return baseRef(ref).deliver(
      new Envelope(message, this.#cell.ref, undefined),
    );
  }

  ask<Q extends AnyProtocol, M extends MessageOf<Q>>(
    ref: ActorRef<Q>,
    message: M,
    options: AskOptions = {},
  ): Promise<MessageReply<M>> {
    const { runtime: { asks }, ref: self } = this.#cell;
    const { remaining } = this;
    const timeout = Math.min(options.timeout ?? asks.defaultTimeout, remaining);
    // The protocol promises the type of the reply; the handler's type was checked against it.
    return asks.ask(baseRef(ref), message as Message, self, {
      ...options,
      timeout,
    }) as Promise<MessageReply<M>>;
  }

  watch(ref: ActorRef<AnyProtocol>): void {
    this.#cell.watch(baseRef(ref));
  }

  unwatch(ref: ActorRef<AnyProtocol>): void {
    this.#cell.unwatch(baseRef(ref));
  }

  stop(ref: ActorRef<AnyProtocol> = this.self): Promise<void> {
    return this.#cell.runtime.commands.stop(ref, this.#cell);
  }

  drain(): Promise<void> {
    return this.#cell.runtime.commands.drain(this.#cell);
  }
}
