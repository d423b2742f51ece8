/**
 * Values on their way to a reader that may be slow.
 * @module
 */

import { Deque } from "../../internal/deque.ts";

/** Values as they come, from the moment of the subscription on. */
export interface Subscription<T> extends AsyncIterableIterator<T>, Disposable {
  /** How many values were dropped because the reader was too slow. */
  readonly dropped: number;
  /** Ends the subscription; what waits can still be read. */
  unsubscribe(): void;
}

/**
 * Refuses what is no capacity of a subscription.
 *
 * @throws {RangeError} When it is not a number of at least 1.
 */
export function checkCapacity(capacity: number): void {
  if (capacity >= 1) return;
  throw new RangeError(
    `Cannot subscribe: the capacity is ${capacity}, a number >= 1 was expected`,
  );
}

/** Holds what a reader has not read yet, the newest when there is too much. */
export class BoundedQueue<T> implements Subscription<T> {
  /** Called once, when the subscription ends. */
  onEnd: () => void = () => {};
  dropped = 0;
  #capacity: number;
  #values: Deque<T> = new Deque<T>();
  #waiting: Deque<(result: IteratorResult<T>) => void> = new Deque<
    (result: IteratorResult<T>) => void
  >();
  #state: "open" | "ended" = "open";

  /** Holds at most `capacity` values. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Takes a value; false when an older one made way for it. */
  add(value: T): boolean {
    const reader = this.#waiting.shift();
    if (reader !== undefined) {
      reader({ done: false, value });
      return true;
    }
    const isFull = this.#values.size >= this.#capacity;
    if (isFull) {
      this.#values.shift();
      this.dropped++;
    }
    this.#values.push(value);
    return !isFull;
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#values.size > 0) {
      const value = this.#values.shift() as T; // a T may be undefined
      return Promise.resolve({ done: false, value });
    }
    if (this.#state === "ended") {
      return Promise.resolve({ done: true, value: undefined });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<IteratorResult<T>> {
    this.#values.clear();
    this.unsubscribe();
    return Promise.resolve({ done: true, value: undefined });
  }

  unsubscribe(): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.onEnd();
    for (
      let reader = this.#waiting.shift();
      reader !== undefined;
      reader = this.#waiting.shift()
    ) {
      reader({ done: true, value: undefined });
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.dispose](): void {
    this.unsubscribe();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.unsubscribe();
    return Promise.resolve();
  }
}
