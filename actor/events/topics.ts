/**
 * Publishing to whoever has subscribed, inside one system.
 * @module
 */

import {
  BoundedQueue,
  checkCapacity,
  type Subscription,
} from "../mailboxes/bounded_queue.ts";
import { describe } from "../errors.ts";
import type { EventBus } from "./event_stream.ts";
import type { Message } from "../protocol/message.ts";
import type { AnyProtocol, MessageOf } from "../protocol/protocol.ts";
import type { Format } from "../protocol/specs.ts";
import {
  type ActorRef,
  type BaseRef,
  baseRef,
  type Terminated,
  type Watcher,
} from "../reference/ref.ts";
import { isLiving } from "../routing/strategy.ts";
import { validatorOf } from "../protocol/validation.ts";

/** What is published under one name. Two topics of one name are the same topic. */
export interface Topic<T> {
  /** The name. */
  readonly name: string;
  /** How what is published is checked. */
  readonly format: Format<T> | undefined;
  /** Carries the type only; never set. */
  readonly types?: { readonly data: T };
}

/** What a topic, or all of them, have done. */
export interface TopicStatistics {
  /** How many actors and listeners there are. */
  readonly subscribers: number;
  /** How often something was published. */
  readonly published: number;
  /** How many subscribers were given something, summed over what was published. */
  readonly delivered: number;
  /**
   * How many subscribers missed something: a mailbox refused it, the message could not be made, or a
   * listener was too slow.
   */
  readonly dropped: number;
}

/** Options of {@linkcode Topics.listen}. */
export interface TopicListenOptions {
  /**
   * How much waits at most for a slow reader; the oldest is dropped and counted.
   * @default 1024
   */
  capacity?: number;
}

/**
 * The topics of a system. What is published reaches those who have subscribed by then, each in the order of
 * publishing, at most once. Nothing is kept for those who come later, and a topic takes memory only while it has
 * subscribers.
 */
export interface Topics {
  /** The names of the topics that have subscribers. */
  readonly names: readonly string[];
  /**
   * Gives `data` to all subscribers and does not wait.
   *
   * @param topic Where.
   * @param data What.
   * @returns How many subscribers took it.
   * @throws {TypeError} When the schema of the topic refuses the data.
   */
  publish<T>(topic: Topic<T>, data: T): number;
  /**
   * Sends an actor a message for whatever is published, until it unsubscribes or ends. Subscribing again replaces
   * the message.
   *
   * @param topic What it wants to hear of.
   * @param ref The actor, of this node.
   * @param message Makes the message: mostly the constructor of one.
   * @throws {TypeError} When the actor is on another node.
   */
  subscribe<T, P extends AnyProtocol>(
    topic: Topic<T>,
    ref: ActorRef<P>,
    message: (data: T) => MessageOf<P>,
  ): void;
  /** Ends what {@linkcode Topics.subscribe} began. Messages that wait in the mailbox are still handled. */
  unsubscribe<T>(topic: Topic<T>, ref: ActorRef<AnyProtocol>): void;
  /**
   * Begins to collect what is published, for code that is no actor.
   *
   * @param topic What it wants to hear of.
   * @param options How much may wait.
   * @returns What is published, oldest first, until the system has stopped. Leaving the loop ends it.
   * @throws {RangeError} When the capacity is not a number of at least 1.
   */
  listen<T>(topic: Topic<T>, options?: TopicListenOptions): Subscription<T>;
  /**
   * What was counted: for one topic since it has had subscribers without a break, or for all topics since the system
   * began.
   */
  statistics<T>(topic?: Topic<T>): TopicStatistics;
}

/**
 * Declares a topic.
 *
 * @param name Its name.
 * @param format A schema checks whatever is published.
 * @returns The topic: a value that may be made any number of times.
 * @throws {TypeError} When the name is empty.
 *
 * @example
 * ```ts
 * import { ActorSystem, protocol, tell, topic } from "@troupe/troupe/actor";
 *
 * const Prices = topic<{ symbol: string; price: number }>("prices");
 * const Trader = protocol("trader", {
 *   changed: tell<{ symbol: string; price: number }>(),
 * });
 *
 * await using system = new ActorSystem("exchange");
 * const trader = system.spawn(Trader, () => ({
 *   changed: ({ symbol, price }) => console.assert(symbol === "ACME" && price > 0),
 * }));
 * system.topics.subscribe(Prices, trader, Trader.changed);
 * const taken = system.topics.publish(Prices, { symbol: "ACME", price: 7 });
 * console.assert(taken === 1);
 * ```
 */
export function topic<T>(name: string, format?: Format<T>): Topic<T> {
  if (typeof name !== "string" || name === "") {
    throw new TypeError(
      `Cannot declare a topic named ${
        describe(name)
      }: found no characters, wanted a name`,
    );
  }
  return Object.freeze({ name, format });
}

interface Counts {
  published: number;
  delivered: number;
  dropped: number;
}

/** Those who have subscribed to one name. */
interface Audience extends Counts {
  readonly actors: Map<BaseRef, Member>;
  readonly queues: Set<BoundedQueue<unknown>>;
}

/** The topics behind the public interface. */
export class TopicHub implements Topics {
  readonly #events: EventBus;
  /** An entry goes with its last subscriber. */
  readonly #audiences: Map<string, Audience> = new Map<string, Audience>();
  readonly #total: Counts = { published: 0, delivered: 0, dropped: 0 };
  #state: "open" | "closed" = "open";

  constructor(events: EventBus) {
    this.#events = events;
  }

  get names(): readonly string[] {
    return [...this.#audiences.keys()];
  }

  publish<T>({ name, format }: Topic<T>, data: T): number {
    const validate = validatorOf(format, `publish to "${name}"`);
    const checked = validate === undefined ? data : validate(data);
    this.#total.published++;
    const audience = this.#audiences.get(name);
    if (audience === undefined) return 0;
    audience.published++;
    let taken = 0;
    for (const member of [...audience.actors.values()]) {
      if (!isLiving(member.ref)) {
        member.leave();
      } else if (this.#give(name, member, checked)) {
        taken++;
      } else {
        this.#missed(audience);
      }
    }
    for (const queue of audience.queues) {
      if (!queue.add(checked)) this.#missed(audience);
      taken++;
    }
    audience.delivered += taken;
    this.#total.delivered += taken;
    return taken;
  }

  subscribe<T, P extends AnyProtocol>(
    { name }: Topic<T>,
    ref: ActorRef<P>,
    message: (data: T) => MessageOf<P>,
  ): void {
    const base = baseRef(ref);
    if (!base.isLocal) {
      throw new TypeError(
        `Cannot subscribe "${base.pid}" to "${name}": it is on another node, an actor of this node was expected`,
      );
    }
    const audience = this.#audience(name);
    audience.actors.get(base)?.unwatch();
    const member = new Member(
      base,
      message as (data: unknown) => Message, // what is published there is a T
      () => {
        if (audience.actors.get(base) === member) audience.actors.delete(base);
        this.#tidy(name, audience);
      },
    );
    audience.actors.set(base, member);
    base.watch(member); // one that has ended leaves in that very moment
  }

  unsubscribe<T>({ name }: Topic<T>, ref: ActorRef<AnyProtocol>): void {
    this.#audiences.get(name)?.actors.get(baseRef(ref))?.leave();
  }

  listen<T>(
    { name }: Topic<T>,
    options: TopicListenOptions = {},
  ): Subscription<T> {
    const { capacity = 1024 } = options;
    checkCapacity(capacity);
    const queue = new BoundedQueue<T>(capacity);
    if (this.#state === "closed") {
      queue.unsubscribe();
      return queue;
    }
    const audience = this.#audience(name);
    const held = queue as BoundedQueue<unknown>; // what is published there is a T
    audience.queues.add(held);
    queue.onEnd = () => {
      audience.queues.delete(held);
      this.#tidy(name, audience);
    };
    return queue;
  }

  statistics<T>(topic?: Topic<T>): TopicStatistics {
    if (topic === undefined) {
      let subscribers = 0;
      for (const audience of this.#audiences.values()) {
        subscribers += sizeOf(audience);
      }
      return { subscribers, ...this.#total };
    }
    const audience = this.#audiences.get(topic.name);
    if (audience === undefined) {
      return { subscribers: 0, published: 0, delivered: 0, dropped: 0 };
    }
    const { published, delivered, dropped } = audience;
    return { subscribers: sizeOf(audience), published, delivered, dropped };
  }

  /** Ends all listeners, and those that follow; what waits in them can still be read. */
  close(): void {
    this.#state = "closed";
    for (const { queues } of [...this.#audiences.values()]) {
      for (const queue of [...queues]) queue.unsubscribe();
    }
  }

  #audience(name: string): Audience {
    let audience = this.#audiences.get(name);
    if (audience === undefined) {
      audience = {
        actors: new Map(),
        queues: new Set(),
        published: 0,
        delivered: 0,
        dropped: 0,
      };
      this.#audiences.set(name, audience);
    }
    return audience;
  }

  #tidy(name: string, audience: Audience): void {
    if (sizeOf(audience) > 0 || this.#audiences.get(name) !== audience) return;
    this.#audiences.delete(name);
  }

  #missed(audience: Audience): void {
    audience.dropped++;
    this.#total.dropped++;
  }

  #give(name: string, { ref, message }: Member, data: unknown): boolean {
    try {
      return ref.deliver(message(data));
    } catch (cause) {
      const text =
        `"${ref.pid}" missed what was published to "${name}": the message could not be made`;
      this.#events.publish({ type: "warning", text, cause });
      return false;
    }
  }
}

/** An actor that has subscribed to one topic; leaves when it ends. */
class Member implements Watcher {
  readonly ref: BaseRef;
  readonly message: (data: unknown) => Message;
  readonly #onLeave: () => void;

  constructor(
    ref: BaseRef,
    message: (data: unknown) => Message,
    onLeave: () => void,
  ) {
    this.ref = ref;
    this.message = message;
    this.#onLeave = onLeave;
  }

  terminated(_terminated: Terminated): void {
    this.#onLeave();
  }

  unwatch(): void {
    this.ref.unwatch(this);
  }

  leave(): void {
    this.unwatch();
    this.#onLeave();
  }
}

function sizeOf({ actors, queues }: Audience): number {
  return actors.size + queues.size;
}
