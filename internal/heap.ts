/**
 * A priority queue whose items can be taken out from anywhere.
 * @module
 */

/** What an item needs to be found again in a {@linkcode Heap}. */
export interface HeapItem {
  /** Where the item stands; written by the heap only. Begins as, and outside of a heap is, -1. */
  heapIndex: number;
}

/**
 * A binary heap with the first item on top. `push`, `pop`, `remove` and `update` take logarithmic
 * time, `peek` and `has` constant time. Items that are equally early come in no certain order. An
 * item may be in one heap at a time, once.
 */
export class Heap<T extends HeapItem> {
  #items: T[] = [];
  #isBefore: (a: T, b: T) => boolean;

  /** Takes what orders the items; it must not change for an item in the heap without `update`. */
  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  /** How many items there are. */
  get size(): number {
    return this.#items.length;
  }

  /** The first item without taking it. */
  peek(): T | undefined {
    return this.#items[0];
  }

  /** Whether `item` is in this heap. */
  has(item: T): boolean {
    return this.#items[item.heapIndex] === item;
  }

  /**
   * Adds `item`.
   *
   * @throws {TypeError} When it is in a heap already.
   */
  push(item: T): void {
    if (item.heapIndex !== -1) {
      throw new TypeError(
        `Cannot push an item: it is in a heap at ${item.heapIndex}, an item outside of any heap was expected`,
      );
    }
    item.heapIndex = this.#items.length;
    this.#items.push(item);
    this.#rise(item);
  }

  /** Takes the first item, or `undefined` when there is none. */
  pop(): T | undefined {
    const first = this.#items[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** Takes `item` out; false when it was not in this heap. */
  remove(item: T): boolean {
    if (!this.has(item)) return false;
    const index = item.heapIndex;
    item.heapIndex = -1;
    const last = this.#items.pop() as T; // there was one: `item`
    if (last !== item) {
      this.#place(last, index);
      this.update(last);
    }
    return true;
  }

  /** Moves `item`, which is in this heap, to where it belongs after its order has changed. */
  update(item: T): void {
    this.#rise(item);
    this.#sink(item);
  }

  /** Takes all items out, in no certain order. */
  clear(): T[] {
    const items = this.#items;
    this.#items = [];
    for (const item of items) item.heapIndex = -1;
    return items;
  }

  #rise(item: T): void {
    let index = item.heapIndex;
    while (index > 0) {
      const above = (index - 1) >>> 1;
      const other = this.#items[above] as T; // the item above is inside
      if (!this.#isBefore(item, other)) break;
      this.#place(other, index);
      index = above;
    }
    this.#place(item, index);
  }

  #sink(item: T): void {
    const items = this.#items;
    let index = item.heapIndex;
    for (;;) {
      const left = 2 * index + 1;
      let lower = items[left];
      if (lower === undefined) break;
      const right = items[left + 1];
      if (right !== undefined && this.#isBefore(right, lower)) lower = right;
      if (!this.#isBefore(lower, item)) break;
      const below = lower.heapIndex;
      this.#place(lower, index);
      index = below;
    }
    this.#place(item, index);
  }

  #place(item: T, index: number): void {
    this.#items[index] = item;
    item.heapIndex = index;
  }
}
