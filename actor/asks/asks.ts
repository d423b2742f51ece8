/**
 * Open asks and their deadlines.
 * @module
 */

import type { Clock, Timer } from "../../internal/clock.ts";
import type { Addressee } from "../events/dead_letters.ts";
import { AskTimeoutError } from "../errors.ts";
import {
  type Carrier,
  Envelope,
  type Message,
  type ReplyTo,
} from "../protocol/message.ts";
import { type AskLink, OpenAsks } from "./ask_chain.ts";
import type { MessageHeaders } from "../propagation/propagation.ts";
import type { AskOptions, BaseRef } from "../reference/ref.ts";

export type { Carrier } from "../protocol/message.ts";

/** Deadlines are looked at this often, in milliseconds: an ask times out this much late at most. */
const TICK = 10;
/** Ticks in one turn of the wheel, a power of two; later deadlines wait for a later turn. */
const SLOTS = 1024;
const NONE: readonly PendingAsk[] = [];

/** An ask that waits for its reply: the envelope, the promise and the place in the wheel in one object. */
export class PendingAsk extends Envelope implements ReplyTo {
  readonly target: BaseRef;
  readonly timeout: number;
  readonly deadline: number;
  readonly promise: Promise<unknown>;
  /** The asks that led to this one, when it came from inside an actor. */
  chain: AskLink | undefined = undefined;
  /** Neighbours in the wheel; owned by the registry. */
  next: PendingAsk | undefined = undefined;
  previous: PendingAsk | undefined = undefined;
  #registry: AskRegistry | undefined;
  #resolve: (reply: unknown) => void;
  #reject: (error: unknown) => void;
  #signal: AbortSignal | undefined = undefined;
  #onAbort: (() => void) | undefined = undefined;
  #carrier: Carrier | undefined = undefined;
  /** Why the asker gave up. */
  #reason: { readonly reason: unknown } | undefined = undefined;

  constructor(
    registry: AskRegistry,
    target: BaseRef,
    message: Message,
    sender: BaseRef | undefined,
    timeout: number,
    deadline: number,
  ) {
    super(message, sender, undefined);
    this.replyTo = this;
    this.target = target;
    this.timeout = timeout;
    this.deadline = deadline;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.promise = promise;
    this.#registry = registry;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Whether somebody still waits. */
  get isOpen(): boolean {
    return this.#registry !== undefined;
  }

  get carrier(): Carrier | undefined {
    return this.#carrier;
  }

  /** Told when the asker gives up; at once when that has happened, for a handler that looks later. */
  set carrier(carrier: Carrier | undefined) {
    this.#carrier = carrier;
    if (this.#reason !== undefined) {
      carrier?.abandon(this, this.#reason.reason);
    }
  }

  succeed(reply: unknown): void {
    if (this.#settle()) this.#resolve(reply);
    else this.#late();
  }

  fail(error: unknown): void {
    if (this.#settle()) this.#reject(error);
  }

  /** Ends the wait from the asker's side. */
  giveUp(error: unknown): void {
    if (!this.#settle()) return;
    this.#reason = { reason: error };
    this.#reject(error);
    this.#carrier?.abandon(this, error);
  }

  /** Gives up when `signal` aborts. */
  follow(signal: AbortSignal): void {
    if (signal.aborted) return this.giveUp(signal.reason);
    const onAbort = () => this.giveUp(signal.reason);
    signal.addEventListener("abort", onAbort);
    this.#signal = signal;
    this.#onAbort = onAbort;
  }

  /** Counts a reply that nobody waits for: the second one, or one after the wait. */
  #late(): void {
    const target: Addressee = this.target;
    target.meter?.lateReply();
  }

  #settle(): boolean {
    const registry = this.#registry;
    if (registry === undefined) return false;
    this.#registry = undefined;
    registry.remove(this);
    this.chain?.closed(this);
    if (this.#onAbort !== undefined) {
      this.#signal?.removeEventListener("abort", this.#onAbort);
    }
    return true;
  }
}

/**
 * All open asks of a system. Their deadlines share one timer, which runs only while an ask is open:
 * a hashed wheel of linked lists, so that opening and closing an ask costs a few writes.
 */
export class AskRegistry {
  /** The timeout of an ask that names none, in milliseconds. */
  readonly defaultTimeout: number;
  /** The open asks from inside actors. */
  readonly open: OpenAsks = new OpenAsks();
  #clock: Clock;
  #wheel: (PendingAsk | undefined)[] = new Array<PendingAsk | undefined>(SLOTS)
    .fill(undefined);
  #size = 0;
  #swept = 0;
  #timer: Timer | undefined = undefined;

  constructor(clock: Clock, defaultTimeout: number) {
    this.#clock = clock;
    this.defaultTimeout = defaultTimeout;
  }

  /** How many asks are open. */
  get size(): number {
    return this.#size;
  }

  /**
   * Sends `message` to `target` and returns the promise of its reply, which comes before `limit` or not at all.
   * Never throws.
   */
  ask(
    target: BaseRef,
    message: Message,
    sender: BaseRef | undefined,
    options?: AskOptions,
    chain?: AskLink,
    limit: number = Infinity,
    headers?: MessageHeaders,
  ): Promise<unknown> {
    let timeout = options?.timeout ?? this.defaultTimeout;
    if (!(timeout >= 0)) {
      return Promise.reject(
        new RangeError(
          `Cannot ask "${target.pid}": the timeout is ${timeout}, a number of milliseconds >= 0 was expected`,
        ),
      );
    }
    const now = this.#clock.now();
    if (limit - now < timeout) timeout = Math.max(0, limit - now);
    const ask = new PendingAsk(
      this,
      target,
      message,
      sender,
      timeout,
      now + timeout,
    );
    if (headers !== undefined) ask.headers = headers;
    this.#add(ask);
    if (chain !== undefined) {
      ask.chain = chain;
      chain.opened(ask);
    }
    try {
      const signal = options?.signal;
      if (signal !== undefined) ask.follow(signal);
      if (signal === undefined || ask.isOpen) target.deliver(ask);
    } catch (error) {
      ask.fail(error);
    }
    if (this.#timer === undefined && ask.isOpen) this.#wind(now);
    return ask.promise;
  }

  /** Rejects all open asks with what `error` makes of them and stops the timer. */
  close(error: (ask: PendingAsk) => Error): void {
    for (let slot = 0; slot < SLOTS; slot++) {
      for (const ask of this.#inSlot(slot)) ask.giveUp(error(ask));
    }
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #add(ask: PendingAsk): void {
    const slot = slotOf(ask.deadline);
    const head = this.#wheel[slot];
    ask.next = head;
    if (head !== undefined) head.previous = ask;
    this.#wheel[slot] = ask;
    this.#size++;
  }

  #wind(now: number): void {
    this.#swept = Math.floor(now / TICK);
    this.#timer = this.#clock.setTimer(TICK, this.#sweep);
  }

  /** Takes a settled ask out of the wheel. */
  remove(ask: PendingAsk): void {
    const { next, previous } = ask;
    if (next !== undefined) next.previous = previous;
    if (previous !== undefined) previous.next = next;
    else this.#wheel[slotOf(ask.deadline)] = next;
    ask.next = undefined;
    ask.previous = undefined;
    this.#size--;
  }

  #sweep = (): void => {
    const now = this.#clock.now();
    const until = Math.floor(now / TICK);
    // The slot of this very tick may hold deadlines that are still to come: it is looked at again.
    const first = Math.max(this.#swept, until - SLOTS + 1);
    for (let tick = first; tick <= until; tick++) {
      this.#expire(tick & (SLOTS - 1), now);
    }
    this.#swept = until;
    this.#timer = this.#size > 0
      ? this.#clock.setTimer(TICK, this.#sweep)
      : undefined;
  };

  #expire(slot: number, now: number): void {
    for (const ask of this.#inSlot(slot)) {
      if (ask.deadline > now) continue;
      ask.giveUp(
        new AskTimeoutError(
          ask.target.pid,
          ask.message.type,
          ask.timeout,
          ask.target.silence(ask),
        ),
      );
    }
  }

  /** A copy, since giving up one ask may settle others. */
  #inSlot(slot: number): readonly PendingAsk[] {
    let ask = this.#wheel[slot];
    if (ask === undefined) return NONE;
    const asks: PendingAsk[] = [];
    for (; ask !== undefined; ask = ask.next) asks.push(ask);
    return asks;
  }
}

/** An ask without an end stands in the first slot, where its deadline is never reached. */
function slotOf(deadline: number): number {
  return deadline === Infinity ? 0 : Math.floor(deadline / TICK) % SLOTS;
}
