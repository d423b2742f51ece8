/**
 * The sending end of reliable delivery.
 * @module
 */

import { kept, type Message } from "../../actor/protocol/message.ts";
import type { AnyProtocol, MessageOf } from "../../actor/protocol/protocol.ts";
import {
  type ActorRef,
  baseRef,
  protocolData,
  wrongProtocol,
} from "../../actor/reference/ref.ts";
import type { Outlet } from "../../actor/system/outlets.ts";
import type { Runtime } from "../../actor/system/runtime.ts";
import { type ActorSystem, internalsOf } from "../../actor/system/system.ts";
import type { Timer } from "../../internal/clock.ts";
import { randomIncarnation } from "../../internal/random.ts";
import { CodecCache, type MessageCodecs } from "../codec/message_codecs.ts";
import { RemoteError } from "../errors.ts";
import { isAnswer, verdictOf, wordsOf } from "./attempts.ts";
import { Inbox, type InboxProtocol } from "./inbox_protocol.ts";
import { OutboxCore } from "./outbox_core.ts";
import type { OutboxEffect, OutboxEvent } from "./outbox_steps.ts";
import {
  checkedOutboxOptions,
  type OutboxDrainOptions,
  type OutboxOptions,
} from "./outbox_options.ts";
import { SEGMENT_BYTES } from "./segment.ts";
import { SentMessages, type Settle } from "./sent_messages.ts";

/** An inbox answers a question after 5 s at the latest. */
const QUESTION_TIMEOUT = 15_000;
const OPEN_TIMEOUT = 5_000;
/** No message waits for longer than a day. */
const LONGEST = 86_400_000;

/**
 * Sends messages to the actor behind an {@linkcode Inbox} until it has handled them: in order, again
 * after a loss, each handled once as long as the inbox lives. It keeps messages in memory until they
 * are confirmed, so they end with it.
 *
 * Dispose it to wait for what is not confirmed, at most until that is given up. A system that is drained
 * ends its outboxes when its actors have stopped: what is not confirmed when the time of the drain is over is
 * given up, and so is at once what nothing can bring any more, since remoting or the actors of an inbox of the
 * system itself have ended before.
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
  readonly #sent: SentMessages;
  #timer: { readonly at: number; readonly timer: Timer } | undefined =
    undefined;
  #state: "open" | "draining" | "closed" = "open";
  /** What the system ends when it ends itself. */
  readonly #outlet: Outlet = { end: (timeout) => this.#endWithin(timeout) };
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
    this.#sent = new SentMessages(runtime, baseRef(inbox));
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
   * @returns False when there is no room, or the system has ended; it is then a dead letter.
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
   * @throws {DeliveryError} When it was given up, or the system has ended: its outcome says what is known of it.
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

  /**
   * Takes no more messages, and waits until all are confirmed or given up. Idempotent.
   *
   * @param options How long to wait.
   * @throws {RangeError} When the timeout is no number of milliseconds.
   */
  async drain({ timeout = LONGEST }: OutboxDrainOptions = {}): Promise<void> {
    if (!(timeout >= 0)) {
      throw new RangeError(
        `Cannot drain the outbox for "${this.#inbox.pid}": the timeout is ${timeout}, a number of milliseconds >= 0 was expected`,
      );
    }
    if (this.#state === "open") this.#state = "draining";
    if (this.#core.size > 0 && timeout > 0) {
      const time = Math.min(timeout, LONGEST);
      const timer = this.#runtime.clock.setTimer(time, () => this.close());
      await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
      timer.cancel();
    }
    this.close();
  }

  /** Its system ends, and the actors of it have. */
  async #endWithin(timeout: number): Promise<void> {
    const { network } = this.#runtime;
    if (network === undefined || this.#inbox.isLocal) this.close();
    else await this.drain({ timeout });
  }

  /** Gives up what is not confirmed. Idempotent. */
  close(): void {
    if (this.#state === "closed") return;
    this.#carryOut(this.#core.close());
    this.#state = "closed";
    this.#timer?.timer.cancel();
    this.#timer = undefined;
  }

  /** Drains, which may take until the last message is given up; see {@linkcode OutboxOptions}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
  }

  get #hasRoom(): boolean {
    return this.#state === "closed" || this.#core.bytes * 2 <= this.#maxBytes;
  }

  #send(message: Message, settle: Settle): boolean {
    const protocol = protocolData(this.#protocol);
    const { pid } = this.#inbox;
    if (message.protocol !== protocol) {
      throw wrongProtocol(message.type, message.protocol, { pid, protocol });
    }
    if (!this.#runtime.outlets.isOpen) {
      return this.#sent.ended(message, settle);
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
      return this.#sent.overloaded(message, settle);
    }
    if (bytes === 0) this.#runtime.outlets.add(this.#outlet);
    const id = this.#sent.add(message, settle);
    this.#step({ kind: "send", id, type: message.type, body });
    return true;
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
          this.#inbox.tell(kept(Inbox.segment(effect.segment)));
          break;
        case "open":
          this.#open(effect.session);
          break;
        case "ask":
          this.#ask(effect);
          break;
        case "confirmed":
          this.#sent.confirmed(effect.id);
          break;
        case "rejected":
          this.#sent.rejected(effect);
          break;
        case "given_up":
          this.#sent.givenUp(effect);
      }
    }
    if (this.#onRoom.length > 0 && this.#hasRoom) {
      for (const resolve of this.#onRoom.splice(0)) resolve();
    }
    if (this.#core.size > 0) return;
    this.#runtime.outlets.delete(this.#outlet);
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  }

  #open(session: number): void {
    const message = Inbox.open({
      producer: this.#producer,
      session,
      retention: this.#retention,
    });
    this.#inbox.ask(kept(message), { timeout: OPEN_TIMEOUT }).then(
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
    this.#inbox.ask(kept(message), { timeout: QUESTION_TIMEOUT }).then(
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
    return new RemoteError(this.#sent.node, `open "${this.#inbox.pid}"`, {
      code: "overloaded_error",
      text: "the inbox knows as many outboxes as it may",
      outcome: "not_delivered",
      retryable: true,
    });
  }
}
