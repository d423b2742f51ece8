/**
 * A first-in, first-out ring buffer.
 * @module
 */

const SMALLEST = 8;
/** A ring of at most this many slots is kept when it runs empty; a larger one is given back. */
const KEPT_WHEN_EMPTY = 1024;

/**
 * A queue with constant-time `push` and `shift` at any depth. The ring doubles when it is full and
 * is given back when it runs empty, so a burst leaves no memory behind.
 */
export class Deque<T> {
  #ring: (T | undefined)[] | undefined = undefined;
  #mask = 0;
  #head = 0;
  #size = 0;

  /** How many items wait. */
  get size(): number {
    return this.#size;
  }

  /** How many items fit into the memory that is held now. */
  get capacity(): number {
    return this.#ring?.length ?? 0;
  }

  /** Adds `item` at the end. */
  push(item: T): void {
    let ring = this.#ring;
    if (ring === undefined || this.#size > this.#mask) ring = this.#grow();
    ring[(this.#head + this.#size) & this.#mask] = item;
    this.#size++;
  }

  /** Adds `item` at the front. */
  unshift(item: T): void {
    let ring = this.#ring;
    if (ring === undefined || this.#size > this.#mask) ring = this.#grow();
    this.#head = (this.#head - 1) & this.#mask;
    ring[this.#head] = item;
    this.#size++;
  }

  /** Takes the first item, or `undefined` when none waits. */
  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const ring = this.#ring as (T | undefined)[]; // a queue that is not empty has a ring
    const item = ring[this.#head];
    ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & this.#mask;
    if (--this.#size === 0 && this.#mask >= KEPT_WHEN_EMPTY) this.clear();
    return item;
  }

  /** The first item without taking it. */
  peek(): T | undefined {
    return this.#size === 0 ? undefined : this.#ring?.[this.#head];
  }

  /** Drops all items and the memory they stood in. */
  clear(): void {
    this.#ring = undefined;
    this.#mask = 0;
    this.#head = 0;
    this.#size = 0;
  }

  #grow(): (T | undefined)[] {
    const old = this.#ring;
    if (old === undefined) {
      this.#mask = SMALLEST - 1;
      return this.#ring = new Array<T | undefined>(SMALLEST).fill(undefined);
    }
    const ring = new Array<T | undefined>(old.length * 2);
    for (let i = 0; i < ring.length; i++) {
      ring[i] = i < this.#size ? old[(this.#head + i) & this.#mask] : undefined;
    }
    this.#ring = ring;
    this.#mask = ring.length - 1;
    this.#head = 0;
    return ring;
  }
}
