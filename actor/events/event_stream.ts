/**
 * The way from what happens in a system to who wants to know.
 * @module
 */

import {
  BoundedQueue,
  checkCapacity,
  type Subscription,
} from "../mailboxes/bounded_queue.ts";
import type { SystemEvent } from "./events.ts";

/** Options of {@linkcode EventStream.subscribe}. */
export interface SubscribeOptions<T extends SystemEvent["type"]> {
  /**
   * The types of events that are wanted.
   * @default all
   */
  types?: readonly T[];
  /**
   * How many events wait at most for a slow reader; the oldest are dropped and counted.
   * @default 1024
   */
  capacity?: number;
}

/** Gets an event in the very moment; must be quick. What it throws is ignored. */
export type Tap = (event: SystemEvent) => void;

/** Reports of a system, for any number of readers. */
export interface EventStream {
  /**
   * Begins to collect events.
   *
   * @param options Which events, and how many may wait.
   * @returns The events, oldest first, until the system has stopped. Leaving the loop ends the
   * subscription.
   */
  subscribe<T extends SystemEvent["type"] = SystemEvent["type"]>(
    options?: SubscribeOptions<T>,
  ): Subscription<Extract<SystemEvent, { type: T }>>;
}

/** The stream behind the public interface. */
export class EventBus implements EventStream {
  #taps: Map<string, Set<Tap>> = new Map<string, Set<Tap>>();
  #queues: Set<{ unsubscribe(): void }> = new Set();
  #state: "open" | "closed" = "open";

  /** Whether somebody wants events of this type; ask before building one that costs. */
  wants(type: SystemEvent["type"]): boolean {
    return this.#taps.has(type);
  }

  /** Tells everybody who wants to know. Never throws. */
  publish(event: SystemEvent): void {
    const taps = this.#taps.get(event.type);
    if (taps === undefined) return;
    for (const tap of taps) {
      try {
        tap(event);
      } catch {
        // An observer's mistake must not reach what it observes; it has no other place to go.
      }
    }
  }

  /** Calls `tap` for each event of these types; returns the end of that. */
  tap(types: readonly SystemEvent["type"][], tap: Tap): () => void {
    for (const type of types) {
      const taps = this.#taps.get(type);
      if (taps === undefined) this.#taps.set(type, new Set([tap]));
      else taps.add(tap);
    }
    return () => {
      for (const type of types) {
        const taps = this.#taps.get(type);
        if (taps?.delete(tap) && taps.size === 0) this.#taps.delete(type);
      }
    };
  }

  /** Ends all subscriptions, and those that follow; what waits in them can still be read. */
  close(): void {
    this.#state = "closed";
    for (const queue of [...this.#queues]) queue.unsubscribe();
    this.#taps.clear();
  }

  subscribe<T extends SystemEvent["type"] = SystemEvent["type"]>(
    options: SubscribeOptions<T> = {},
  ): Subscription<Extract<SystemEvent, { type: T }>> {
    const { types = ALL_TYPES, capacity = 1024 } = options;
    checkCapacity(capacity);
    const queue = new BoundedQueue<Extract<SystemEvent, { type: T }>>(capacity);
    // The tap is called for the wanted types only, so every event is of type T.
    const untap = this.tap(
      types,
      (event) => queue.add(event as Extract<SystemEvent, { type: T }>),
    );
    this.#queues.add(queue);
    queue.onEnd = () => {
      this.#queues.delete(queue);
      untap();
    };
    if (this.#state === "closed") queue.unsubscribe();
    return queue;
  }
}

const ALL_TYPES: readonly SystemEvent["type"][] = [
  "actor_failed",
  "actor_reinstated",
  "actor_restarted",
  "actor_started",
  "actor_stopped",
  "actor_suspended",
  "dead_letter",
  "warning",
];
