/**
 * What an actor can do from inside.
 * @module
 */

import type { AskOutcomes } from "../reference/batch.ts";
import type {
  AnyProtocol,
  MessageOf,
  MessageReply,
} from "../protocol/protocol.ts";
import type { Caller } from "../protocol/caller.ts";
import type { Behavior } from "../protocol/handlers.ts";
import type { Log } from "../logging/log.ts";
import type { ActorRef, AskOptions } from "../reference/ref.ts";
import type { SpawnGroup } from "../routing/group.ts";
import type { PipeTo } from "../asks/pipe.ts";
import type { SpawnPool } from "../routing/pool.ts";
import type { Poison } from "./signals.ts";
import type { MessageHeaders } from "../propagation/propagation.ts";
import type { ResourceKey } from "../system/resources.ts";
import type { Spawn } from "./spawn.ts";
import type { ActorSystem } from "../system/system.ts";
import type { Timers } from "../time/timers.ts";

/**
 * An actor's own view of its world, given to each handler and hook. There is one for each actor, so
 * `sender` and `remaining` speak of the message being handled, also after an `await`; outside of a
 * handler they are `undefined` and `Infinity`.
 */
export interface Context<P extends AnyProtocol = AnyProtocol> {
  /** The actor itself. */
  readonly self: ActorRef<P>;
  /** The system that it runs in. */
  readonly system: ActorSystem;
  /** Who sent the message with {@linkcode Context.tell} or {@linkcode Context.ask}. */
  readonly sender: ActorRef<AnyProtocol> | undefined;
  /**
   * Who the message has come from, when it has come from another node: what that node or client has proved to be,
   * and what it may do. `undefined` for messages of this node. {@linkcode Context.sender} is what the message says,
   * this is what the connection shows.
   */
  readonly caller: Caller | undefined;
  /** How long the asker still waits, in milliseconds; `Infinity` when nobody waits. */
  readonly remaining: number;
  /** What came with the message besides its body, such as a trace context; see {@linkcode Propagator}. */
  readonly headers: MessageHeaders;
  /**
   * Says what goes with the messages that this handler sends with the context from now on, in place of what
   * the {@linkcode Propagator} of the system would have go with them.
   *
   * @param headers Names and values; none for nothing.
   */
  carry(headers: Readonly<Record<string, string>>): void;
  /**
   * Aborts when nobody wants the outcome of the message being handled any more: its asker gave up, or
   * the actor is stopping, or restarting after the failure of another message in work. A handler that then
   * throws the signal's reason has not failed. Made when it is first read; aborted already when that is late.
   */
  readonly signal: AbortSignal;
  /** Messages that the actor sends to itself later. They end with the instance, at a restart too. */
  readonly timers: Timers<P>;
  /** Writes lines that name the actor to the logger of the system. */
  readonly log: Log;
  /**
   * What the system was given under a key.
   *
   * @throws {TypeError} When it was given nothing under it.
   */
  extension<T>(key: ResourceKey<T>): T;
  /**
   * What the actor was given under a key when it was spawned.
   *
   * @throws {TypeError} When it was given nothing under it.
   */
  dependency<T>(key: ResourceKey<T>): T;
  /** The actor above; none at the top level. */
  readonly parent: ActorRef<AnyProtocol> | undefined;
  /** The living actors below. */
  readonly children: readonly ActorRef<AnyProtocol>[];
  /** Creates an actor below this one. It ends before this one does. */
  readonly spawn: Spawn;
  /** Creates a router below this actor, with actors of its own. */
  readonly spawnPool: SpawnPool;
  /** Creates a router below this actor, to actors that exist. */
  readonly spawnGroup: SpawnGroup;
  /**
   * Sends a message with this actor as its sender and does not wait.
   *
   * @returns False when it was refused on the spot; it is then a dead letter.
   */
  tell<Q extends AnyProtocol>(
    ref: ActorRef<Q>,
    message: MessageOf<Q> | Poison,
  ): boolean;
  /**
   * Sends a message with this actor as its sender and waits for the reply, no longer than the asker
   * of the message being handled waits. The actor handles no other message meanwhile, unless it was
   * spawned with {@linkcode Reentrancy}. Until the handler ends the actor counts as waiting for the reply,
   * also when the handler does not await it: {@linkcode Context.pipeTo} in a handler that ends lets it go on.
   *
   * @throws {AskCycleError} At once, when the target, or whoever that waits for, waits for this actor.
   * @throws {AskTimeoutError} When no reply came in time.
   * @throws {StoppedError} When the target is dead or missing.
   */
  ask<Q extends AnyProtocol, M extends MessageOf<Q>>(
    ref: ActorRef<Q>,
    message: M,
    options?: AskOptions,
  ): Promise<MessageReply<M>>;
  /**
   * Sends several messages in order with this actor as their sender and does not wait.
   *
   * @returns How many were taken; the others are dead letters.
   */
  tellAll<Q extends AnyProtocol>(
    ref: ActorRef<Q>,
    messages: Iterable<MessageOf<Q>>,
  ): number;
  /**
   * Sends several messages in order with this actor as their sender and waits for the replies to all,
   * no longer than the asker of the message being handled waits.
   *
   * @returns For each message, at its place, the reply or the error. Never rejects.
   */
  askAll<Q extends AnyProtocol, const M extends readonly MessageOf<Q>[]>(
    ref: ActorRef<Q>,
    messages: M,
    options?: AskOptions,
  ): Promise<AskOutcomes<M>>;
  /**
   * Hands the message being handled on to another actor, as if its sender had sent it there: with the same
   * sender, and for an ask with the same asker, who gets the reply from there, within the time that is left.
   * What the handler returns then is no reply. An ask is handed on once, and not stashed as well. A message
   * without a codec here is handed on to actors of this node only.
   *
   * @param ref To whom, on this node or another; a router passes it on to its routees.
   * @param message What to send in its place; the asker gets the reply to that.
   * @returns False when it was refused on the spot; its asker is told, and otherwise it is a dead letter.
   * @throws {TypeError} Outside of a handler, when an ask was handed on or the message was stashed already,
   * and when the message belongs to another protocol.
   */
  forward(ref: ActorRef<P>): boolean;
  /** Hands the message being handled on as another message. */
  forward<Q extends AnyProtocol>(
    ref: ActorRef<Q>,
    message: MessageOf<Q>,
  ): boolean;
  /** Sends what a task leads to as a message, and lets the actor handle others meanwhile. */
  readonly pipeTo: PipeTo;
  /**
   * Asks to be told, through `onTerminated`, when the actor behind `ref` has ended, on whatever node that is.
   * Of an actor whose node is out of reach for longer than `nodeDownTimeout` it is told once, as `"node_down"`.
   */
  watch(ref: ActorRef<AnyProtocol>): void;
  /** Ends a watch. An end that was noticed but not handled yet is not told any more. */
  unwatch(ref: ActorRef<AnyProtocol>): void;
  /**
   * Links this actor with another one, of any node, both ways: when one ends, the other is told
   * through `onExit`. Without that hook it fails with a {@linkcode LinkedActorError} when the end was
   * not by request, and its supervisor decides. A restart is not an end; a link survives it. Linking
   * with an actor that is gone counts as its end, and so does a node that is out of reach for too long, or
   * is a GoAkt node, which knows no links. Linking twice is linking once.
   */
  link(ref: ActorRef<AnyProtocol>): void;
  /** Ends a link on both sides. An end that was noticed but not handled yet is not felt any more. */
  unlink(ref: ActorRef<AnyProtocol>): void;
  /**
   * Puts the message being handled aside, once. What the handler returns then is no reply; an asker waits on,
   * as long as its timeout allows. Stashed messages are unstashed by a restart, and dead letters after
   * a stop.
   *
   * @throws {StashOverflowError} When 1,000 are stashed, or what `stashCapacity` says.
   * @throws {TypeError} Outside of a handler.
   */
  stash(): void;
  /** Puts the oldest stashed message before the mail that waits; false when none is stashed. */
  unstash(): boolean;
  /** Puts all stashed messages, in their order, before the mail that waits; returns how many. */
  unstashAll(): number;
  /**
   * Handles the next messages with other handlers, and forgets what was stacked. Hooks stay those of
   * the instance that the factory made. A restart goes back to a fresh instance.
   *
   * @throws {TypeError} When a handler is missing and there is no `receive`, and in a hook that begins or
   * ends the instance.
   */
  become(handlers: Behavior<P>): void;
  /**
   * Handles the next messages with other handlers, until {@linkcode Context.unbecomeStacked}.
   *
   * @throws {RangeError} When 256 behaviors lie on one another.
   */
  becomeStacked(handlers: Behavior<P>): void;
  /** Goes back to the behavior below; false when there is none. */
  unbecomeStacked(): boolean;
  /** Goes back to the behavior that the actor began with, and forgets what was stacked. */
  unbecome(): void;
  /**
   * Keeps this actor from passivating, also from eviction, until {@linkcode Context.resumePassivation} or
   * a restart. Does nothing to an actor that never passivates.
   */
  pausePassivation(): void;
  /** Lets it passivate again; the time without messages begins anew. */
  resumePassivation(): void;
  /**
   * Ends an actor, by default this one, after the message that it is handling.
   *
   * @returns Resolves once it has stopped; at once when it is this actor or one above it, which
   * cannot stop before the handler has returned.
   */
  stop(ref?: ActorRef<AnyProtocol>): Promise<void>;
  /**
   * Drains the whole system.
   *
   * @returns Resolves once all actors have stopped but this one and those above it, which cannot
   * stop before the handler has returned.
   */
  drain(): Promise<void>;
}
