/**
 * The context that a cell gives to its instance.
 * @module
 */

import { AskLink } from "../asks/ask_chain.ts";
import { askAll, type AskOutcomes, tellAll } from "../reference/batch.ts";
import {
  become,
  becomeStacked,
  unbecome,
  unbecomeStacked,
} from "./behaviors.ts";
import type { Cell } from "./cell.ts";
import { isEnding } from "./cell_state.ts";
import type { Context } from "./context.ts";
import { abortFor } from "./failures.ts";
import { forward } from "../asks/forward.ts";
import { type SpawnGroup, spawnGroup } from "../routing/group.ts";
import { pipe, type PipeTo } from "../asks/pipe.ts";
import { type SpawnPool, spawnPool } from "../routing/pool.ts";
import { link, unlink } from "../supervision/links.ts";
import {
  headersOf,
  type MessageHeaders,
  NO_HEADERS,
} from "../propagation/propagation.ts";
import { type Log, SinkLog } from "../logging/log.ts";
import type { Caller } from "../protocol/caller.ts";
import {
  addHeaders,
  callerOf,
  Envelope,
  type Mail,
  type Message,
  replyToOf,
  senderOf,
} from "../protocol/message.ts";
import type {
  AnyProtocol,
  MessageOf,
  MessageReply,
} from "../protocol/protocol.ts";
import { type ActorRef, type AskOptions, baseRef } from "../reference/ref.ts";
import { NO_DEPENDENCIES, type ResourceKey } from "../system/resources.ts";
import { stash, unstash } from "./stash.ts";
import { interruption } from "./ending.ts";
import type { Poison } from "./signals.ts";
import type { Spawn } from "./spawn.ts";
import type { ActorSystem } from "../system/system.ts";
import { ActorTimers, type Timers } from "../time/timers.ts";

/** The context of a cell, or that of one message of it when several may be in work. */
export class CellContext implements Context {
  readonly #cell: Cell;
  readonly #mail: Mail | undefined;
  #abort: {
    readonly mail: Mail | undefined;
    readonly controller: AbortController;
  } | undefined = undefined;

  /** Mail that is not this handler's to answer any more. */
  #handedOn: {
    readonly mail: Mail;
    readonly how: "stashed" | "forwarded";
  } | undefined = undefined;

  /** What goes with messages that are sent while `mail` is handled, when its handler has said so. */
  #carried: {
    readonly mail: Mail | undefined;
    readonly headers: MessageHeaders;
  } | undefined = undefined;

  constructor(cell: Cell, mail?: Mail) {
    this.#cell = cell;
    this.#mail = mail;
  }

  get #current(): Mail | undefined {
    return this.#mail ?? this.#cell.mail;
  }

  get self(): ActorRef<AnyProtocol> {
    return this.#cell.ref;
  }

  get system(): ActorSystem {
    return this.#cell.runtime.system;
  }

  get sender(): ActorRef<AnyProtocol> | undefined {
    const mail = this.#current;
    return mail === undefined ? undefined : senderOf(mail);
  }

  get caller(): Caller | undefined {
    const mail = this.#current;
    return mail === undefined ? undefined : callerOf(mail);
  }

  get remaining(): number {
    const mail = this.#current;
    const replyTo = mail === undefined ? undefined : replyToOf(mail);
    return replyTo === undefined
      ? Infinity
      : Math.max(0, replyTo.deadline - this.#cell.runtime.clock.now());
  }

  get headers(): MessageHeaders {
    return headersOf(this.#current) ?? NO_HEADERS;
  }

  carry(headers: Readonly<Record<string, string>>): void {
    const carried = new Map(Object.entries(headers));
    this.#carried = { mail: this.#current, headers: carried };
  }

  /** What goes with the messages that the handler sends now. */
  get outgoing(): MessageHeaders | undefined {
    const carried = this.#carried;
    const { propagator } = this.#cell.runtime;
    if (carried === undefined && propagator === undefined) return undefined;
    const mail = this.#current;
    return carried !== undefined && carried.mail === mail
      ? carried.headers
      : propagator?.inject(headersOf(mail));
  }

  get signal(): AbortSignal {
    const mail = this.#current;
    if (this.#abort === undefined || this.#abort.mail !== mail) {
      const controller = new AbortController();
      this.#abort = { mail, controller };
      const replyTo = mail === undefined ? undefined : replyToOf(mail);
      if (replyTo !== undefined) {
        replyTo.carrier = {
          abandon: (_ask, reason) => abortFor(this.#cell, controller, reason),
        };
      }
      if (mail !== undefined && this.#isInterrupted) {
        controller.abort(interruption(this.#cell));
      }
    }
    return this.#abort.controller.signal;
  }

  /** Whether the handler of `mail` ended with `error` because its signal had aborted with that. */
  gaveUp(mail: Mail | undefined, error: unknown): boolean {
    const abort = this.#abort;
    if (abort === undefined || abort.mail !== mail) return false;
    const { signal } = abort.controller;
    return signal.aborted && signal.reason === error;
  }

  /** Whether the actor has no more use for what is in work. */
  get #isInterrupted(): boolean {
    const { state, inFlight } = this.#cell;
    return isEnding(state) || (state === "restarting" && inFlight > 0);
  }

  stash(): void {
    const mail = this.#current;
    const how = this.#fateOf(mail);
    if (how === "stashed") return; // it is put aside already
    if (how === "forwarded") throw this.#isGone("stash a message of", how);
    stash(this.#cell, mail);
    if (mail !== undefined) this.#handedOn = { mail, how: "stashed" };
  }

  forward(ref: ActorRef<AnyProtocol>, message?: Message): boolean {
    const mail = this.#current;
    const how = this.#fateOf(mail);
    if (how === "stashed" || (how !== undefined && this.#isAsked)) {
      throw this.#isGone("forward from", how);
    }
    const isTaken = forward(this.#cell, mail, baseRef(ref), message);
    if (mail !== undefined) this.#handedOn = { mail, how: "forwarded" };
    return isTaken;
  }

  /** Whether the handler of `mail` has stashed or forwarded it; asked once, at its end. */
  takeHandedOn(mail: Mail | undefined): "stashed" | "forwarded" | undefined {
    const how = this.#fateOf(mail);
    if (how !== undefined) this.#handedOn = undefined;
    return how;
  }

  #fateOf(mail: Mail | undefined): "stashed" | "forwarded" | undefined {
    return mail !== undefined && this.#handedOn?.mail === mail
      ? this.#handedOn.how
      : undefined;
  }

  #isGone(action: string, how: string): TypeError {
    return new TypeError(
      `Cannot ${action} "${this.#cell.pid}": it was ${how} already, a message that was not was expected`,
    );
  }

  /** Whether somebody waits for what the handler returns. */
  get #isAsked(): boolean {
    const mail = this.#current;
    return mail !== undefined && replyToOf(mail) !== undefined;
  }

  unstash(): boolean {
    return unstash(this.#cell, 1) === 1;
  }

  unstashAll(): number {
    return unstash(this.#cell, Infinity);
  }

  become(handlers: object): void {
    become(this.#cell, handlers);
  }

  becomeStacked(handlers: object): void {
    becomeStacked(this.#cell, handlers);
  }

  unbecomeStacked(): boolean {
    return unbecomeStacked(this.#cell);
  }

  unbecome(): void {
    unbecome(this.#cell);
  }

  /** Tells the handler that its work is no longer wanted. */
  cancel(reason: () => unknown): void {
    if (this.#abort !== undefined && this.#abort.mail === this.#current) {
      abortFor(this.#cell, this.#abort.controller, reason());
    }
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

  get spawnPool(): SpawnPool {
    const cell = this.#cell;
    // The overloads of SpawnPool are read from the arguments one by one.
    return ((...args: unknown[]) =>
      spawnPool(
        (own) => cell.runtime.commands.spawn(cell, own),
        args,
      )) as unknown as SpawnPool;
  }

  get spawnGroup(): SpawnGroup {
    const cell = this.#cell;
    return ((...args: unknown[]) =>
      spawnGroup(
        (own) => cell.runtime.commands.spawn(cell, own),
        args,
      )) as unknown as SpawnGroup;
  }

  get timers(): Timers {
    const cell = this.#cell;
    return cell.rare.timers ??= new ActorTimers(cell.runtime.alarms, cell);
  }

  get pipeTo(): PipeTo {
    // The overloads of PipeTo are read from the arguments one by one.
    return (...args: unknown[]) => pipe(this.#cell, args, this.outgoing);
  }

  get log(): Log {
    return new SinkLog(this.#cell.runtime.log, this.#cell);
  }

  extension<T>(key: ResourceKey<T>): T {
    return this.#cell.runtime.extensions.get(key);
  }

  dependency<T>(key: ResourceKey<T>): T {
    const cell = this.#cell;
    const given = cell.hasRare ? cell.rare.dependencies : undefined;
    return (given ?? NO_DEPENDENCIES).get(key);
  }

  tell<Q extends AnyProtocol>(
    ref: ActorRef<Q>,
    message: MessageOf<Q> | Poison,
  ): boolean {
    return baseRef(ref).deliver(
      addHeaders(
        new Envelope(message, this.#cell.ref, undefined),
        this.outgoing,
      ),
    );
  }

  ask<Q extends AnyProtocol, M extends MessageOf<Q>>(
    ref: ActorRef<Q>,
    message: M,
    options?: AskOptions,
  ): Promise<MessageReply<M>> {
    const cell = this.#cell;
    const mail = this.#current;
    const replyTo = mail === undefined ? undefined : replyToOf(mail);
    const chain = new AskLink(cell, mail, replyTo?.chain);
    // The protocol promises the type of the reply; the handler's type was checked against it.
    return cell.runtime.asks.ask(
      baseRef(ref),
      message as Message,
      cell.ref,
      options,
      chain,
      replyTo?.deadline,
      this.outgoing,
    ) as Promise<MessageReply<M>>;
  }

  tellAll<Q extends AnyProtocol>(
    ref: ActorRef<Q>,
    messages: Iterable<MessageOf<Q>>,
  ): number {
    return tellAll(baseRef(ref), messages, this.#cell.ref, this.outgoing);
  }

  askAll<Q extends AnyProtocol, const M extends readonly MessageOf<Q>[]>(
    ref: ActorRef<Q>,
    messages: M,
    options?: AskOptions,
  ): Promise<AskOutcomes<M>> {
    baseRef(ref); // a ref of another make is refused here, not once for each message
    return askAll(
      messages,
      (message) => this.ask(ref, message as MessageOf<Q>, options), // they are of type M
    );
  }

  watch(ref: ActorRef<AnyProtocol>): void {
    this.#cell.watch(baseRef(ref));
  }

  unwatch(ref: ActorRef<AnyProtocol>): void {
    this.#cell.unwatch(baseRef(ref));
  }

  link(ref: ActorRef<AnyProtocol>): void {
    link(this.#cell, baseRef(ref));
  }

  unlink(ref: ActorRef<AnyProtocol>): void {
    unlink(this.#cell, baseRef(ref));
  }

  pausePassivation(): void {
    this.#cell.rareOrNone?.residency?.pause();
  }

  resumePassivation(): void {
    this.#cell.rareOrNone?.residency?.resume();
  }

  stop(ref: ActorRef<AnyProtocol> = this.self): Promise<void> {
    return this.#cell.runtime.commands.stop(ref, this.#cell);
  }

  drain(): Promise<void> {
    return this.#cell.runtime.commands.drain(this.#cell);
  }
}
