/**
 * What is known of those that were heard of last.
 * @module
 */

/** A map that never grows beyond a number of entries: the one that was used least recently gives way. */
export class Recent<Value> {
  readonly #most: number;
  /** The least recently used first. */
  readonly #entries: Map<string, Value> = new Map();

  /** Keeps `most` entries, from 1. */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many entries there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** What is known under `key`; that is no use of it. */
  peek(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  /** What is known under `key`, which is now the last to give way. */
  use(key: string): Value | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  /** Keeps `value` under `key`, in place of what was there or of the one that was used least recently. */
  add(key: string, value: Value): Value {
    const entries = this.#entries;
    entries.delete(key);
    entries.set(key, value);
    if (entries.size > this.#most) {
      const [oldest = ""] = entries.keys(); // the first one: there are several
      entries.delete(oldest);
    }
    return value;
  }

  /** Forgets `key`. */
  delete(key: string): void {
    this.#entries.delete(key);
  }
}
