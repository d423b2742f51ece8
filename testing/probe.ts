/**
 * An actor that shows a test what reaches it.
 * @module
 */

import { isDeepStrictEqual } from "node:util";
import {
  type ActorRef,
  type ActorSystem,
  type AnyProtocol,
  type Awaitable,
  type BodyOf,
  type Clock,
  type Context,
  type Message,
  type MessageOf,
  oneForOne,
  type PartialHandlers,
  type ReplyOf,
  type SpecsOf,
  type Terminated,
} from "../actor/mod.ts";
import { internalsOf } from "../actor/system/system.ts";
import { settle } from "./settle.ts";
import { showMessage } from "./show.ts";
import { Waits } from "./waits.ts";

/** Options of a {@linkcode Probe}. */
export interface ProbeOptions {
  /**
   * The name of the actor.
   * @default a name that nobody else can have
   */
  name?: string;
  /**
   * How long a wait lasts that does not say, in milliseconds.
   * @default 3000
   */
  timeout?: number;
  /**
   * The clock of the waits.
   * @default that of the system
   */
  clock?: Clock;
}

/** Options of the waits of a {@linkcode Probe}. */
export interface ProbeWaitOptions {
  /**
   * How long to wait, in milliseconds.
   * @default what the probe was given
   */
  timeout?: number;
}

/** A wait of a {@linkcode Probe} that failed; the message says what was expected and what was there. */
export class ProbeError extends Error {
  /** The name of the class. */
  override name = "ProbeError";
}

/** How a probe answers one type of message. */
export type ProbeScript<P extends AnyProtocol, K extends string> = (
  body: BodyOf<SpecsOf<P>[K]>,
  ctx: Context<P>,
) => Awaitable<ReplyOf<SpecsOf<P>[K]>>;

interface Arrival<P extends AnyProtocol> {
  readonly message: MessageOf<P>;
  readonly sender: ActorRef<AnyProtocol> | undefined;
}

/** How many arrivals a failed wait shows. */
const SHOWN = 10;

/**
 * An actor that records what reaches it and lets a test wait for it. Asked, it answers with what
 * {@linkcode Probe.answer} was given for the message, and with `undefined` otherwise. It never
 * restarts, so what it recorded stays.
 *
 * With a clock that only the test moves, a wait fails only when the test moves it.
 *
 * @example
 * ```ts
 * import { ActorSystem, protocol, tell } from "@troupe/troupe/actor";
 * import { Probe } from "@troupe/troupe/testing";
 *
 * const Till = protocol("till", { paid: tell<{ amount: number }>() });
 * await using system = new ActorSystem("shop");
 * const probe = new Probe(system, Till);
 * probe.ref.tell(Till.paid({ amount: 5 }));
 * await probe.expect(Till.paid({ amount: 5 }));
 * await probe.expectNoMessage();
 * ```
 */
export class Probe<P extends AnyProtocol> implements AsyncDisposable {
  /** The reference to give to others. */
  readonly ref: ActorRef<P>;
  #system: ActorSystem;
  #clock: Clock;
  #timeout: number;
  #context: Context<P> | undefined = undefined;
  #received: Arrival<P>[] = [];
  /** How many of the received messages have been taken by a wait. */
  #taken = 0;
  #sender: ActorRef<AnyProtocol> | undefined = undefined;
  #terminated: Terminated[] = [];
  #scripts: Map<string, (body: unknown, ctx: Context<P>) => unknown> =
    new Map();
  #waits: Waits;
  /** When the innermost `within` is over. */
  #deadline = Infinity;

  /** Spawns the probe as a top-level actor of `system` that speaks `protocol`. */
  constructor(system: ActorSystem, protocol: P, options: ProbeOptions = {}) {
    const {
      name,
      timeout = 3_000,
      clock = internalsOf(system).runtime.clock,
    } = options;
    this.#system = system;
    this.#clock = clock;
    this.#waits = new Waits(clock);
    this.#timeout = timeout;
    const handlers = {
      onStart: (ctx: Context<P>): void => {
        this.#context = ctx;
        this.#waits.wake();
      },
      onTerminated: (terminated: Terminated): void => {
        this.#terminated.push(terminated);
        this.#waits.wake();
      },
      receive: (message: Message, ctx: Context<P>): unknown =>
        this.#receive(message, ctx),
    };
    this.ref = system.spawn(
      protocol,
      // A `receive` alone serves any protocol, which the type cannot see while P is open.
      () => handlers as unknown as PartialHandlers<P>,
      {
        supervisor: oneForOne({ decide: () => "resume" }),
        ...(name === undefined ? {} : { name }),
      },
    );
  }

  /** Everything that has arrived so far, taken by a wait or not. */
  get received(): readonly MessageOf<P>[] {
    return this.#received.map(({ message }) => message);
  }

  /** Who sent the message that the last wait took. */
  get sender(): ActorRef<AnyProtocol> | undefined {
    return this.#sender;
  }

  /**
   * Sets how messages of one name are answered from now on. What the script throws, the asker gets.
   *
   * @param name The name of the message in the protocol.
   * @param script Makes the reply. While a promise that it returned is open, the probe takes no other
   * message.
   */
  answer<K extends keyof SpecsOf<P> & string>(
    name: K,
    script: ProbeScript<P, K>,
  ): void {
    // Called only with bodies of messages of this name.
    this.#scripts.set(name, script as (body: unknown) => unknown);
  }

  /**
   * Takes the next message.
   *
   * @returns The message, in the order of arrival.
   * @throws {ProbeError} When none came in time.
   */
  next(options?: ProbeWaitOptions): Promise<MessageOf<P>> {
    return this.#next("a message", options);
  }

  /**
   * Takes the next message and compares it.
   *
   * @param expected The message, whose body is compared by its structure, or a condition.
   * @returns The message.
   * @throws {ProbeError} When another one came, or none in time.
   */
  async expect(
    expected: MessageOf<P> | ((message: MessageOf<P>) => boolean),
    options?: ProbeWaitOptions,
  ): Promise<MessageOf<P>> {
    const wanted = typeof expected === "function"
      ? `a message for which ${expected} holds`
      : showMessage(expected);
    const message = await this.#next(wanted, options);
    const fits = typeof expected === "function"
      ? expected(message)
      : message.type === expected.type &&
        message.protocol === expected.protocol &&
        isDeepStrictEqual(message.body, expected.body);
    if (!fits) {
      throw new ProbeError(
        `${this.#name} expected ${wanted}, got ${showMessage(message)}`,
      );
    }
    return message;
  }

  /**
   * Fails when a message is there that no wait has taken, once the actors of the system have come to
   * rest and, when it is given, the time is over.
   *
   * @param options How long to wait after that; 0 unless given.
   * @throws {ProbeError} When a message is there.
   */
  async expectNoMessage(options: ProbeWaitOptions = {}): Promise<void> {
    await settle(this.#system);
    const timeout = this.#allowed(options.timeout ?? 0);
    if (timeout > 0 && this.#taken === this.#received.length) {
      await this.#waits.until(
        () => this.#taken < this.#received.length,
        timeout,
      );
    }
    if (this.#taken < this.#received.length) {
      throw new ProbeError(
        `${this.#name} expected no message, got ${this.#arrivals()}`,
      );
    }
  }

  /**
   * Begins to watch an actor, for {@linkcode Probe.expectTerminated}: at once when the probe has
   * started, and then.
   */
  async watch(ref: ActorRef<AnyProtocol>): Promise<void> {
    if (this.#context === undefined) await this.ref.started();
    this.#context?.watch(ref);
  }

  /** Ends a watch. Resolves once it has ended. */
  async unwatch(ref: ActorRef<AnyProtocol>): Promise<void> {
    if (this.#context === undefined) await this.ref.started();
    this.#context?.unwatch(ref);
  }

  /**
   * Waits for the end of an actor; begins to watch it if need be.
   *
   * @param ref Which actor.
   * @returns Why it ended.
   * @throws {ProbeError} When it did not end in time.
   */
  async expectTerminated(
    ref: ActorRef<AnyProtocol>,
    options: ProbeWaitOptions = {},
  ): Promise<Terminated> {
    const timeout = this.#allowed(options.timeout);
    const { pid } = ref;
    const find = () =>
      this.#terminated.findIndex((terminated) => terminated.pid.equals(pid));
    if (find() < 0) await this.watch(ref);
    await this.#waits.until(() => find() >= 0, timeout);
    const [terminated] = find() < 0 ? [] : this.#terminated.splice(find(), 1);
    if (terminated !== undefined) return terminated;
    const others = this.#terminated.map(({ pid, reason }) =>
      `"${pid}" (${reason})`
    );
    throw new ProbeError(
      `${this.#name} expected the end of "${pid}" within ${timeout} ms, ${
        others.length === 0
          ? "no other one has ended"
          : `others have ended: ${others.join(", ")}`
      }`,
    );
  }

  /**
   * Runs what a test expects to be over after some time: waits inside last no longer than what is left of
   * it, and it fails when it took longer.
   *
   * @param timeout How long it may take, in milliseconds.
   * @param run What the test does and expects.
   * @returns What `run` returned.
   * @throws {ProbeError} When it took longer.
   */
  async within<T>(timeout: number, run: () => Awaitable<T>): Promise<T> {
    const before = this.#deadline;
    const start = this.#clock.now();
    this.#deadline = Math.min(before, start + timeout);
    try {
      const result = await run();
      const took = this.#clock.now() - start;
      if (took <= timeout) return result;
      throw new ProbeError(
        `${this.#name} expected it to take ${timeout} ms at most, it took ${took} ms`,
      );
    } finally {
      this.#deadline = before;
    }
  }

  /** Stops the actor. Resolves once it has stopped. */
  stop(): Promise<void> {
    return this.#system.stop(this.ref);
  }

  /** Stops the actor. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #receive(message: Message, ctx: Context<P>): unknown {
    // Foreign messages have no protocol and nothing to compare, so they are refused.
    const name = message.protocol?.messages[message.index]?.name;
    if (name === undefined) {
      throw new TypeError(
        `Cannot record ${
          showMessage(message)
        } in ${this.#name}: it is not of its protocol`,
      );
    }
    this.#received.push({
      message: message as unknown as MessageOf<P>, // of protocol P, or the actor would have refused it
      sender: ctx.sender,
    });
    this.#waits.wake();
    return this.#scripts.get(name)?.(message.body, ctx);
  }

  async #next(
    wanted: string,
    options: ProbeWaitOptions = {},
  ): Promise<MessageOf<P>> {
    const timeout = this.#allowed(options.timeout);
    await this.#waits.until(() => this.#taken < this.#received.length, timeout);
    const arrival = this.#received[this.#taken];
    if (arrival === undefined) {
      throw new ProbeError(
        `${this.#name} expected ${wanted} within ${timeout} ms, got none; before that came ${this.#arrivals()}`,
      );
    }
    this.#taken++;
    this.#sender = arrival.sender;
    return arrival.message;
  }

  /** How long a wait may last: as it says, and no longer than a surrounding `within` allows. */
  #allowed(timeout: number = this.#timeout): number {
    return Math.min(timeout, Math.max(0, this.#deadline - this.#clock.now()));
  }

  get #name(): string {
    return `probe "${this.ref.pid}"`;
  }

  #arrivals(): string {
    const shown = this.#received.slice(-SHOWN).map(({ message }) =>
      showMessage(message)
    );
    if (shown.length === 0) return "nothing";
    const hidden = this.#received.length - shown.length;
    return (hidden > 0 ? `${hidden} others, ` : "") + shown.join(", ");
  }
}
