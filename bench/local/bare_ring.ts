/**
 * The least that passes messages on: a ring drained by a microtask. What actors are measured against.
 * @module
 */

/** A ring of fixed size whose items a function takes in a microtask. */
export class BareRing<T> {
  readonly #handle: (item: T) => void;
  readonly #slots: (T | undefined)[];
  readonly #mask: number;
  #head = 0;
  #tail = 0;
  #scheduled = false;

  /** A ring of `capacity` slots, a power of two. */
  constructor(capacity: number, handle: (item: T) => void) {
    this.#slots = new Array<T | undefined>(capacity).fill(undefined);
    this.#mask = capacity - 1;
    this.#handle = handle;
  }

  /** Adds an item and makes sure that it will be taken. */
  push(item: T): void {
    if (this.#tail - this.#head > this.#mask) {
      throw new RangeError("Cannot push: the ring is full");
    }
    this.#slots[this.#tail++ & this.#mask] = item;
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#drain);
  }

  #drain = (): void => {
    while (this.#head < this.#tail) {
      const slot = this.#head++ & this.#mask;
      const item = this.#slots[slot] as T; // between head and tail every slot is filled
      this.#slots[slot] = undefined;
      this.#handle(item);
    }
    this.#scheduled = false;
  };
}
