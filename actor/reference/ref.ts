/**
 * References: the handles through which messages are sent.
 * @module
 */

import type { AskRegistry } from "../asks/asks.ts";
import { askAll, type AskOutcomes, tellAll } from "./batch.ts";
import { describe, type Silence } from "../errors.ts";
import { showAs } from "../logging/inspect.ts";
import type { Mail, ReplyTo } from "../protocol/message.ts";
import type { Pid } from "./pid.ts";
import type { Poison } from "../cell/signals.ts";
import {
  type AnyProtocol,
  type MessageOf,
  type MessageReply,
  PROTOCOL,
  type ProtocolData,
} from "../protocol/protocol.ts";

/** Options of an ask. */
export interface AskOptions {
  /**
   * How long to wait for the reply, in milliseconds.
   * @default 5000, or what the system was given
   */
  timeout?: number;
  /** Ends the wait: the ask rejects with the signal's reason. The message may still be handled. */
  signal?: AbortSignal;
}

/**
 * A handle on one actor, wherever it runs. Handles of one actor are interchangeable and stay valid
 * after the actor has stopped; messages then go to the dead letters.
 *
 * Delivery is at most once. Messages of one sender reach one actor in the order of sending.
 */
export interface ActorRef<P extends AnyProtocol> {
  /** The address of the actor. */
  readonly pid: Pid;
  /** The protocol that the actor speaks. */
  readonly protocol: ProtocolData;
  /** Whether the actor runs in this system. */
  readonly isLocal: boolean;
  /**
   * Sends a message and does not wait.
   *
   * @param message A message of the actor's protocol, or {@linkcode PoisonPill}.
   * @returns False when it was refused on the spot; it is then a dead letter.
   * @throws {TypeError} When the message belongs to another protocol.
   */
  tell(message: MessageOf<P> | Poison): boolean;
  /**
   * Sends a message and waits for the reply. Rejects at once when the actor is dead, missing or
   * unreachable, or when its handler throws.
   *
   * @param message A message of the actor's protocol.
   * @param options How long to wait.
   * @returns What the handler returned.
   * @throws {AskTimeoutError} When no reply came in time; the message may have been handled.
   * @throws {StoppedError} When the actor is dead or missing.
   * @throws {TypeError} When the message belongs to another protocol.
   */
  ask<M extends MessageOf<P>>(
    message: M,
    options?: AskOptions,
  ): Promise<MessageReply<M>>;
  /**
   * Sends several messages in order and does not wait.
   *
   * @param messages Messages of the actor's protocol.
   * @returns How many were taken; the others are dead letters.
   * @throws {TypeError} When a message belongs to another protocol; those before it were sent.
   */
  tellAll(messages: Iterable<MessageOf<P>>): number;
  /**
   * Sends several messages in order and waits for the replies to all, which are in flight at once. A
   * failure concerns its own message only.
   *
   * @param messages Messages of the actor's protocol.
   * @param options How long to wait for each.
   * @returns For each message, at its place, the reply or the error that {@linkcode ActorRef.ask}
   * would reject with. Never rejects.
   */
  askAll<const M extends readonly MessageOf<P>[]>(
    messages: M,
    options?: AskOptions,
  ): Promise<AskOutcomes<M>>;
  /**
   * Waits until the actor has started. When its start failed for good, waits until it has ended: its
   * name is free then.
   *
   * @throws {StartError} When its factory or its `onStart` threw.
   * @throws {StoppedError} When it stopped before.
   */
  started(): Promise<void>;
  /**
   * Waits until there is room for a message on the way to the actor. Resolves at once when there is.
   *
   * @throws {StoppedError} When the actor is known to be dead.
   */
  ready(): Promise<void>;
}

/** Gets the end of an actor that it watches. */
export interface Watcher {
  /** The watched actor has ended; called at most once for each watch. */
  terminated(terminated: Terminated, ref: BaseRef): void;
  /** The node of the watched actor, another one, has said that it lives; called again after each lost link. */
  watching?(ref: BaseRef): void;
}

/** Why an actor is no more. */
export type TerminationReason =
  | "stopped"
  | "failed"
  | "not_started"
  | "passivated"
  | "missing"
  | "node_down";

/** Says that a watched actor has ended. */
export interface Terminated {
  /** Which actor. */
  readonly pid: Pid;
  /**
   * `"stopped"` by request, `"failed"` by its supervisor's decision, `"not_started"` when its start
   * failed, `"passivated"` when it was not needed any more, `"missing"` when it was gone before the watch began,
   * `"node_down"` when its node cannot be reached, so that nothing is known of it any more.
   */
  readonly reason: TerminationReason;
  /** What it failed with. */
  readonly error?: unknown;
}

/** A resolved promise, shared by all who need not wait. */
export const READY: Promise<void> = Promise.resolve();

/** What all references share: sending in terms of one `deliver`. */
export abstract class BaseRef<P extends AnyProtocol = AnyProtocol>
  implements ActorRef<P> {
  abstract readonly pid: Pid;
  abstract readonly protocol: ProtocolData;
  abstract readonly isLocal: boolean;
  /** The open asks of the system that the reference belongs to. */
  abstract readonly asks: AskRegistry;

  /**
   * Takes `mail` on its way. What cannot be delivered is answered, when somebody waits for an answer,
   * and is a dead letter otherwise. Returns false when it was refused on the spot.
   *
   * @throws {TypeError} When the message belongs to another protocol.
   */
  abstract deliver(mail: Mail): boolean;
  abstract started(): Promise<void>;
  abstract ready(): Promise<void>;
  /**
   * Begins to tell `watcher` of the actor's end; tells at once when it is over. With `linked`, an actor of this
   * node, the actor is made to watch that one too, if it is on another node.
   */
  abstract watch(watcher: Watcher, linked?: BaseRef): void;
  /**
   * Ends what {@linkcode BaseRef.watch} began, and what an actor on another node was made to watch, unless
   * the actor that it watches has `"ended"`, which it is to be told.
   */
  abstract unwatch(watcher: Watcher, why?: "unwanted" | "ended"): void;
  /** Equal for references to the same actor: what is watched or linked once is known by it. */
  get identity(): unknown {
    return this;
  }

  /** What the actor is doing, in words for people, where that is known. */
  work(): string | undefined {
    return undefined;
  }

  /** What is known of why an ask has no reply. */
  silence(_ask: ReplyTo): Silence | undefined {
    const work = this.work();
    return work === undefined
      ? undefined
      : { of: "actor", found: `it is ${work}` };
  }

  tell(message: MessageOf<P> | Poison): boolean {
    return this.deliver(message);
  }

  ask<M extends MessageOf<P>>(
    message: M,
    options?: AskOptions,
  ): Promise<MessageReply<M>> {
    // The protocol promises the type of the reply; the handler's type was checked against it.
    return this.asks.ask(this, message, undefined, options) as Promise<
      MessageReply<M>
    >;
  }

  tellAll(messages: Iterable<MessageOf<P>>): number {
    return tellAll(this, messages, undefined);
  }

  askAll<const M extends readonly MessageOf<P>[]>(
    messages: M,
    options?: AskOptions,
  ): Promise<AskOutcomes<M>> {
    return askAll(
      messages,
      (message) => this.asks.ask(this, message, undefined, options),
    );
  }
}

showAs(BaseRef, (ref) => {
  const work = ref.work();
  const also = work === undefined ? "" : `, ${work}`;
  return `ActorRef "${ref.pid}" (${ref.protocol.name}${also})`;
});

/**
 * The reference behind the public interface.
 *
 * @throws {TypeError} When `ref` was not made by this library.
 */
export function baseRef(ref: unknown): BaseRef {
  if (ref instanceof BaseRef) return ref;
  throw new TypeError(
    `Cannot send to ${
      describe(ref)
    }: it is not a reference, an ActorRef was expected`,
  );
}

/** The error for a message of another protocol, or for what is no message. */
export function wrongProtocol(
  type: string,
  found: ProtocolData | undefined,
  target: { pid: Pid; protocol: ProtocolData },
): TypeError {
  if (found === undefined) {
    return new TypeError(
      `Cannot send to "${target.pid}": it is not a message, one that a call makes, such as P.name(body), was expected`,
    );
  }
  const detail = found.name === target.protocol.name
    ? `of another protocol that is also named "${found.name}"`
    : `of protocol "${found.name}"`;
  return new TypeError(
    `Cannot send "${type}" to "${target.pid}": it is a message ${detail}, a message of protocol "${target.protocol.name}" was expected`,
  );
}

/** The protocol data of `protocol`, or a clear error when it is none. */
export function protocolData(protocol: AnyProtocol): ProtocolData {
  const data = (protocol as AnyProtocol | undefined)?.[PROTOCOL];
  if (data === undefined) {
    throw new TypeError(
      `Cannot use ${
        describe(protocol)
      } as a protocol: a value made by protocol() was expected`,
    );
  }
  return data;
}
