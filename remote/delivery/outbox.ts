/**
 * The sending end of reliable delivery.
 * @module
 */

import type { DeadLetterReason } from "../../actor/events/events.ts";
import type { Message } from "../../actor/protocol/message.ts";
import type { AnyProtocol, MessageOf } from "../../actor/protocol/protocol.ts";
import {
  type ActorRef,
  baseRef,
  protocolData,
  wrongProtocol,
} from "../../actor/reference/ref.ts";
import type { Runtime } from "../../actor/system/runtime.ts";
import { type ActorSystem, internalsOf } from "../../actor/system/system.ts";
import type { Timer } from "../../internal/clock.ts";
import { randomIncarnation } from "../../internal/random.ts";
import { CodecCache, type MessageCodecs } from "../codec/message_codecs.ts";
import { OverloadedError, RemoteError } from "../errors.ts";
import { formatAddress } from "../transport/transport.ts";
import {
  foundOf,
  isAnswer,
  reasonOf,
  refusalOf,
  verdictOf,
  wordsOf,
} from "./attempts.ts";
import { DeliveryError } from "./delivery_error.ts";
import { Inbox, type InboxProtocol } from "./inbox_protocol.ts";
import { OutboxCore } from "./outbox_core.ts";
import type { OutboxEffect, OutboxEvent } from "./outbox_steps.ts";
import { checkedOutboxOptions, type OutboxOptions } from "./outbox_options.ts";
import { SEGMENT_BYTES } from "./segment.ts";

/** An inbox answers a question after 5 s at the latest. */
const QUESTION_TIMEOUT = 15_000;
const OPEN_TIMEOUT = 5_000;

/** A message that is not confirmed. */
interface Sent {
  readonly message: Message;
  /** Takes the outcome; a tell has none. */
  readonly settle: ((error: unknown) => void) | undefined;
}

/**
 * Sends messages to the actor behind an {@linkcode Inbox} until it has handled them: in order, again
 * after a loss, each handled once as long as the inbox lives. It keeps messages in memory until they
 * are confirmed, so they end with it.
 *
 * Dispose it to wait for what is not confirmed.
 *
 * @example
 * ```ts
 * import { ActorSystem, protocol, tell } from "@troupe/troupe/actor";
 * import { Inbox, Outbox, Remote, spawnInbox } from "@troupe/troupe/remote";
 *
 * const Orders = protocol("orders", { place: tell<{ id: number }>() });
 * await using shop = new ActorSystem("shop");
 * await using shopRemote = await Remote.start(shop);
 * const orders = shop.spawn(Orders, () => ({ place: () => {} }));
 * spawnInbox(shop, orders, { name: "orders-inbox" });
 *
 * await using web = new ActorSystem("web");
 * await using remote = await Remote.start(web);
 * const inbox = remote.ref(Inbox, `goakt://${shopRemote.address}/orders-inbox`);
 * await using outbox = new Outbox(web, Orders, inbox);
 * await outbox.send(Orders.place({ id: 1 })); // it was handled
 * ```
 */
export class Outbox<P extends AnyProtocol> implements AsyncDisposable {
  readonly #protocol: P;
  readonly #inbox: ActorRef<InboxProtocol>;
  readonly #runtime: Runtime;
  readonly #core: OutboxCore;
  readonly #codecs: readonly MessageCodecs[];
  readonly #maxBytes: number;
  readonly #producer: string;
  readonly #retention: number;
  readonly #sent: Map<number, Sent> = new Map();
  #last = 0;
  #timer: { readonly at: number; readonly timer: Timer } | undefined =
    undefined;
  #state: "open" | "draining" | "closed" = "open";
  /** Whether the failures since something was heard have been told. */
  #hasWarned = false;
  #onRoom: (() => void)[] = [];
  #onEmpty: (() => void)[] = [];

  /**
   * Sends nothing yet.
   *
   * @param system Whose time it uses, and where dead letters are reported.
   * @param protocol What the actor behind the inbox speaks.
   * @param inbox The inbox, on this node or another.
   * @param options Guarantee, limits and times.
   * @throws {TypeError} When there is no option of a name, or it is none of what it may be.
   * @throws {RangeError} When a limit is out of its range.
   */
  constructor(
    system: ActorSystem,
    protocol: P,
    inbox: ActorRef<InboxProtocol>,
    options: OutboxOptions = {},
  ) {
    const { guarantee, maxBytes, giveUpAfter, resendAfter, backoff } =
      checkedOutboxOptions(options);
    const { runtime } = internalsOf(system);
    this.#protocol = protocol;
    this.#inbox = inbox;
    this.#runtime = runtime;
    this.#codecs = new CodecCache().of(protocolData(protocol));
    this.#maxBytes = maxBytes;
    this.#producer = randomIncarnation();
    // The inbox must remember for longer than a message may wait here.
    this.#retention = 2 * giveUpAfter + QUESTION_TIMEOUT;
    this.#core = new OutboxCore({
      producer: this.#producer,
      guarantee,
      segmentBytes: SEGMENT_BYTES,
      resendAfter,
      giveUpAfter,
      idleAfter: giveUpAfter,
      backoff,
      random: runtime.random,
    });
  }

  /** How many messages are not confirmed. */
  get size(): number {
    return this.#core.size;
  }

  /** How many bytes of memory they need. */
  get bytes(): number {
    return this.#core.bytes;
  }

  /**
   * Sends a message and does not wait. One that is given up is a dead letter.
   *
   * @returns False when there is no room; it is then a dead letter.
   * @throws {TypeError} When the message belongs to another protocol, or the outbox was closed.
   * @throws {CodecError} When the body cannot be encoded.
   */
  tell(message: MessageOf<P>): boolean {
    return this.#send(message, undefined);
  }

  /**
   * Sends a message and waits until it has been handled.
   *
   * @returns Resolves once the message was handled.
   * @throws {RemoteError} When its handler threw, or nobody could handle it.
   * @throws {DeliveryError} When it was given up: its outcome says what is known of it.
   * @throws {OverloadedError} When there is no room.
   * @throws {CodecError} When the body cannot be encoded.
   * @throws {TypeError} When the message belongs to another protocol, or the outbox was closed.
   */
  async send(message: MessageOf<P>): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#send(
      message,
      (error) => error === undefined ? resolve() : reject(error),
    );
    await promise;
  }

  /** Waits until at least half of the room is free. */
  ready(): Promise<void> {
    if (this.#hasRoom) return Promise.resolve();
    return new Promise((resolve) => this.#onRoom.push(resolve));
  }

  /** Takes no more messages, and waits until all are confirmed or given up. Idempotent. */
  async drain(): Promise<void> {
    if (this.#state === "open") this.#state = "draining";
    if (this.#core.size > 0) {
      await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
    }
    this.close();
  }

  /** Gives up what is not confirmed. Idempotent. */
  close(): void {
    if (this.#state === "closed") return;
    this.#carryOut(this.#core.close());
    this.#state = "closed";
    this.#timer?.timer.cancel();
    this.#timer = undefined;
  }

  /** Drains. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
  }

  get #hasRoom(): boolean {
    return this.#state === "closed" || this.#core.bytes * 2 <= this.#maxBytes;
  }

  #send(message: Message, settle: Sent["settle"]): boolean {
    const protocol = protocolData(this.#protocol);
    const { pid } = this.#inbox;
    if (message.protocol !== protocol) {
      throw wrongProtocol(message.type, message.protocol, { pid, protocol });
    }
    if (this.#state !== "open") {
      throw new TypeError(
        `Cannot send "${message.type}" to "${pid}": the outbox is ${this.#state}, an open one was expected`,
      );
    }
    const { input } = this.#codecs[message.index] as MessageCodecs; // one for each message
    const body = input.encode(message.body);
    const { bytes } = this.#core;
    if (bytes > 0 && bytes + body.length > this.#maxBytes) {
      const action = `deliver "${message.type}" to "${pid}"`;
      const error = new OverloadedError(this.#node, action);
      if (settle !== undefined) settle(error);
      else this.#lose(message, "overloaded", error);
      return false;
    }
    const id = ++this.#last;
    this.#sent.set(id, { message, settle });
    this.#step({ kind: "send", id, type: message.type, body });
    return true;
  }

  get #node(): string {
    const { host, port } = this.#inbox.pid;
    return formatAddress(host, port);
  }

  #step(event: OutboxEvent): void {
    if (this.#state === "closed") return;
    this.#carryOut(this.#core.step(event, this.#runtime.clock.now()));
    this.#wind();
  }

  /** Has the clock call when something is due, and not before. */
  #wind(): void {
    const at = this.#core.wakeAt;
    if (this.#timer?.at === at) return;
    this.#timer?.timer.cancel();
    this.#timer = undefined;
    if (at === Infinity) return;
    const { clock } = this.#runtime;
    const timer = clock.setTimer(Math.max(0, at - clock.now()), () => {
      this.#timer = undefined;
      this.#step({ kind: "tick" });
    });
    this.#timer = { at, timer };
  }

  #carryOut(effects: readonly OutboxEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case "segment":
          // What is lost on the way is missed, and sent again.
          this.#inbox.tell(Inbox.segment(effect.segment));
          break;
        case "open":
          this.#open(effect.session);
          break;
        case "ask":
          this.#ask(effect);
          break;
        case "confirmed":
          this.#settle(effect.id, undefined);
          break;
        case "rejected":
          this.#reject(effect);
          break;
        case "given_up":
          this.#giveUp(effect);
      }
    }
    if (this.#onRoom.length > 0 && this.#hasRoom) {
      for (const resolve of this.#onRoom.splice(0)) resolve();
    }
    if (this.#core.size > 0) return;
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  }

  #open(session: number): void {
    const message = Inbox.open({
      producer: this.#producer,
      session,
      retention: this.#retention,
    });
    this.#inbox.ask(message, { timeout: OPEN_TIMEOUT }).then(
      ({ key, upTo }) => {
        if (key === null) return this.#failed(session, this.#noRoom());
        this.#hasWarned = false;
        this.#step({ kind: "opened", session, key, upTo });
      },
      (error) => this.#failed(session, error),
    );
  }

  #ask({ session, key, known }: Extract<OutboxEffect, { kind: "ask" }>): void {
    const message = Inbox.news({ producer: this.#producer, key, known });
    this.#inbox.ask(message, { timeout: QUESTION_TIMEOUT }).then(
      (answer) => {
        this.#hasWarned = false;
        this.#step({ ...answer, session });
      },
      (error) => this.#failed(session, error),
    );
  }

  #failed(session: number, error: unknown): void {
    if (this.#state === "closed") return;
    if (!this.#hasWarned && isAnswer(error)) {
      this.#hasWarned = true;
      const { pid } = this.#inbox;
      this.#runtime.events.publish({
        type: "warning",
        text: `an outbox cannot deliver to "${pid}": ${wordsOf(error)}`,
        cause: error,
      });
    }
    const verdict = verdictOf(error);
    this.#step({ kind: "failed", session, error, verdict });
  }

  #noRoom(): RemoteError {
    return new RemoteError(this.#node, `open "${this.#inbox.pid}"`, {
      code: "overloaded_error",
      text: "the inbox knows as many outboxes as it may",
      outcome: "not_delivered",
      retryable: true,
    });
  }

  #settle(id: number, error: unknown): Message | undefined {
    const sent = this.#sent.get(id);
    this.#sent.delete(id);
    if (sent?.settle === undefined) return sent?.message;
    sent.settle(error);
    return undefined;
  }

  #reject(
    { id, failure }: Extract<OutboxEffect, { kind: "rejected" }>,
  ): void {
    const { pid } = this.#inbox;
    const type = this.#sent.get(id)?.message.type;
    const { code, text, outcome } = failure;
    const error = new RemoteError(this.#node, `deliver "${type}" to "${pid}"`, {
      code,
      text,
      outcome,
      retryable: false,
    });
    const told = this.#settle(id, error);
    // A handler that failed has seen the message.
    if (told === undefined || outcome === "done") return;
    this.#lose(told, reasonOf(code), error);
  }

  #giveUp(
    { id, outcome, why, cause }: Extract<OutboxEffect, { kind: "given_up" }>,
  ): void {
    const { pid } = this.#inbox;
    const type = this.#sent.get(id)?.message.type ?? "";
    const error = new DeliveryError(pid, type, foundOf(why, cause), outcome, {
      ...(cause === undefined ? {} : { cause }),
      ...(why === "refused" ? { retryable: false } : {}),
    });
    const told = this.#settle(id, error);
    if (told === undefined) return;
    const isLost = outcome === "not_delivered";
    this.#lose(told, isLost ? refusalOf(cause) : "unknown", error);
  }

  #lose(message: Message, reason: DeadLetterReason, error: unknown): void {
    const { pid } = baseRef(this.#inbox);
    this.#runtime.deadLetters.take(message, { pid }, reason, error);
  }
}
