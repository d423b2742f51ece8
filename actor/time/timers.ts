/**
 * Messages that an actor sends to itself later.
 * @module
 */

import { Alarm, type Alarms, SLACK } from "./alarms.ts";
import { Envelope, type Mail, type Message } from "../protocol/message.ts";
import { StoppedError } from "../errors.ts";
import type { Pid } from "../reference/pid.ts";
import type {
  AnyProtocol,
  MessageOf,
  ProtocolData,
} from "../protocol/protocol.ts";
import { wrongProtocol } from "../reference/ref.ts";
import {
  checkedDelay,
  Interval,
  type IntervalOptions,
  OneShot,
  type Timing,
} from "./timing.ts";

/** A wait before a message that is sent once. */
export interface DelayOptions {
  /** How long, in milliseconds; any finite number of at least 0. */
  delay: number;
}

/**
 * Timers of one actor, by name. They end with the instance that started them: on stop and on restart.
 * A timer that is cancelled or started anew is over at once: a message of it that waits in the mailbox
 * is dropped. A timer that repeats keeps its rate and leaves out what has passed, as a
 * {@linkcode Scheduler} does.
 */
export interface Timers<P extends AnyProtocol = AnyProtocol> {
  /**
   * Starts a timer, in place of the one of that name.
   *
   * @param key The name.
   * @param when After how long, or how far apart.
   * @param message What the actor is sent.
   * @throws {RangeError} When a time is out of its range.
   * @throws {StoppedError} When the actor is stopping.
   * @throws {TypeError} When the message belongs to another protocol.
   */
  start(
    key: string,
    when: DelayOptions | IntervalOptions,
    message: MessageOf<P>,
  ): void;
  /**
   * Ends a timer.
   *
   * @returns False when there was none of that name.
   */
  cancel(key: string): boolean;
  /** Whether a message of the timer is still to come, or waits in the mailbox. */
  isActive(key: string): boolean;
  /** Ends all timers; the receive timeout stays. */
  cancelAll(): void;
  /**
   * Has the actor be sent a message each time that it handled none for a while, in place of an
   * earlier receive timeout. The message itself counts as one that is handled.
   *
   * @param delay How long, in milliseconds, at least 1.
   * @param message What the actor is sent.
   * @throws {RangeError} When the delay is out of its range.
   * @throws {StoppedError} When the actor is stopping.
   * @throws {TypeError} When the message belongs to another protocol.
   */
  setReceiveTimeout(delay: number, message: MessageOf<P>): void;
  /**
   * Ends the receive timeout.
   *
   * @returns False when there was none.
   */
  cancelReceiveTimeout(): boolean;
}

/** The actor that timers belong to. */
export interface TimerOwner {
  /** Its address. */
  readonly pid: Pid;
  /** What it speaks. */
  readonly protocol: ProtocolData;
  /** Whether its end has begun. */
  readonly isEnding: boolean;
  /** Whether it handles nothing, and nothing waits for it. */
  readonly isIdle: boolean;
  /** Takes mail. */
  deliver(mail: Mail): boolean;
}

/** Mail of a timer, which is to be handled only when {@linkcode TimerMail.accept} says so. */
export class TimerMail extends Envelope {
  #source: { accept(): boolean };

  constructor(message: Message, source: { accept(): boolean }) {
    super(message, undefined, undefined);
    this.#source = source;
  }

  /** Asked once for each delivery, right before the handler is called. */
  accept(): boolean {
    return this.#source.accept();
  }
}

/** The timers of an actor behind their public interface. */
export class ActorTimers implements Timers {
  readonly alarms: Alarms;
  readonly owner: TimerOwner;
  #entries: Map<string, NamedTimer> = new Map<string, NamedTimer>();
  #receiveTimeout: ReceiveTimeout | undefined = undefined;

  constructor(alarms: Alarms, owner: TimerOwner) {
    this.alarms = alarms;
    this.owner = owner;
  }

  start(
    key: string,
    when: DelayOptions | IntervalOptions,
    message: Message,
  ): void {
    this.#check(message, `start timer "${key}" of`);
    const timing = "delay" in when
      ? new OneShot(when.delay)
      : new Interval(when);
    this.cancel(key);
    const timer = new NamedTimer(this, key, timing, message);
    this.#entries.set(key, timer);
    timer.begin();
  }

  cancel(key: string): boolean {
    const timer = this.#entries.get(key);
    if (timer === undefined) return false;
    this.#entries.delete(key);
    this.alarms.drop(timer);
    return true;
  }

  isActive(key: string): boolean {
    return this.#entries.has(key);
  }

  cancelAll(): void {
    for (const timer of this.#entries.values()) this.alarms.drop(timer);
    this.#entries.clear();
  }

  setReceiveTimeout(delay: number, message: Message): void {
    this.#check(message, "set the receive timeout of");
    checkedDelay("receive timeout", delay, 1);
    this.cancelReceiveTimeout();
    this.#receiveTimeout = new ReceiveTimeout(this, delay, message);
    this.#receiveTimeout.begin();
  }

  cancelReceiveTimeout(): boolean {
    const timeout = this.#receiveTimeout;
    if (timeout === undefined) return false;
    this.#receiveTimeout = undefined;
    this.alarms.drop(timeout);
    return true;
  }

  /** Ends everything: the instance is no more. */
  close(): void {
    this.cancelAll();
    this.cancelReceiveTimeout();
  }

  /** Whether `mail` is to be handled; asked once for each delivery, right before its handler runs. */
  accepts(mail: Mail): boolean {
    return !(mail instanceof TimerMail) || mail.accept();
  }

  /** A message was handled to its end, awaited promises included. */
  handled(): void {
    this.#receiveTimeout?.handled();
  }

  /** Whether `timer` was neither cancelled nor replaced. */
  holds(timer: NamedTimer | ReceiveTimeout): boolean {
    return timer instanceof ReceiveTimeout
      ? this.#receiveTimeout === timer
      : this.#entries.get(timer.key) === timer;
  }

  #check({ type, protocol }: Message, action: string): void {
    const { owner } = this;
    if (protocol !== owner.protocol) throw wrongProtocol(type, protocol, owner);
    if (owner.isEnding) {
      throw new StoppedError(owner.pid, action, "it is ending");
    }
  }
}

/** One named timer; its place among the timers is what makes its mail valid. */
class NamedTimer extends Alarm {
  readonly key: string;
  #timers: ActorTimers;
  #timing: Timing;
  #mail: TimerMail;

  constructor(
    timers: ActorTimers,
    key: string,
    timing: Timing,
    message: Message,
  ) {
    super();
    this.key = key;
    this.#timers = timers;
    this.#timing = timing;
    this.#mail = new TimerMail(message, this);
  }

  begin(): void {
    this.#wait(this.#timers.alarms.clock.now());
  }

  ring(now: number): void {
    this.#wait(now);
    const isTaken = this.#timers.owner.deliver(this.#mail);
    if (!isTaken && this.#timing instanceof OneShot) {
      this.#timers.cancel(this.key); // it is a dead letter, and nothing is to come
    }
  }

  accept(): boolean {
    if (!this.#timers.holds(this)) return false;
    // What was sent once is over now, unless its handler starts it again.
    if (this.#timing instanceof OneShot) this.#timers.cancel(this.key);
    return true;
  }

  #wait(now: number): void {
    const next = this.#timing.next(now);
    if (next !== undefined) this.#timers.alarms.set(this, next);
  }
}

/**
 * Looks now and then whether the actor was idle for long enough, instead of being set anew with each
 * message.
 */
class ReceiveTimeout extends Alarm {
  #timers: ActorTimers;
  #delay: number;
  #mail: TimerMail;
  #lastHandled: number;
  /** Whether a message was sent and no other was handled since. */
  #state: "counting" | "sent" = "counting";

  constructor(timers: ActorTimers, delay: number, message: Message) {
    super();
    this.#timers = timers;
    this.#delay = delay;
    this.#mail = new TimerMail(message, this);
    this.#lastHandled = timers.alarms.clock.now();
  }

  begin(): void {
    this.#timers.alarms.set(this, this.#lastHandled + this.#delay);
  }

  handled(): void {
    this.#lastHandled = this.#timers.alarms.clock.now();
    this.#state = "counting";
  }

  ring(now: number): void {
    const { alarms, owner } = this.#timers;
    const isCounting = this.#state === "counting" && owner.isIdle;
    const end = isCounting ? this.#lastHandled + this.#delay : Infinity;
    if (end > now + SLACK) {
      alarms.set(this, Math.min(end, now + this.#delay));
      return;
    }
    alarms.set(this, now + this.#delay);
    this.#state = "sent";
    owner.deliver(this.#mail);
  }

  accept(): boolean {
    return this.#state === "sent" && this.#timers.holds(this);
  }
}
