/**
 * A limit to how many actors a system holds, kept by passivating some.
 * @module
 */

import { Heap, type HeapItem } from "../../internal/heap.ts";
import { Alarm, type Alarms } from "./alarms.ts";

/** Options of the eviction of a system. */
export interface EvictionOptions {
  /**
   * How many actors that may passivate the system holds; above that, some are passivated. Actors that
   * never passivate do not count.
   */
  limit: number;
  /**
   * Who goes first: the one that was used longest ago (`"lru"`), the one that has handled the fewest
   * messages, where those of the past count less and less (`"lfu"`), or the one that was used last
   * (`"mru"`).
   * @default "lru"
   */
  policy?: EvictionPolicy;
  /**
   * How much of what the system holds goes at least when the limit is exceeded, in percent, so that
   * there is room for some time.
   * @default 0: what exceeds the limit
   */
  percent?: number;
  /**
   * How long until it is tried again when too few could go because they were busy, in milliseconds.
   * @default 1000
   */
  retry?: number;
}

/** Who goes first. */
export type EvictionPolicy = "lru" | "lfu" | "mru";

/** Somebody who can be asked to go. */
export interface Evictable {
  /** Whether it is not needed right now. */
  readonly isEvictable: boolean;
  /** Goes. */
  evict(): void;
}

/** The place of one that can be asked to go. */
export interface Seat {
  /** It was used. */
  used(): void;
  /** It has gone. */
  leave(): void;
}

/** Holds those that can go in the order in which they should. */
interface Ranking {
  readonly size: number;
  seat(who: Evictable): Seat;
  /** At most `count` of those that can go, the first first. */
  pick(count: number): Evictable[];
}

/** Keeps a system below its limit. It works only when somebody comes while the limit is reached. */
export class Evictor extends Alarm {
  readonly #alarms: Alarms;
  readonly #limit: number;
  readonly #percent: number;
  readonly #retry: number;
  readonly #ranking: Ranking;

  /**
   * Has `alarms` wake it.
   *
   * @throws {RangeError} When an option is out of its range.
   */
  constructor(alarms: Alarms, options: EvictionOptions) {
    super();
    const { limit, policy = "lru", percent = 0, retry = 1_000 } = options;
    check("limit", limit, Number.isSafeInteger(limit) && limit >= 1);
    check("policy", policy, ["lru", "lfu", "mru"].includes(policy));
    check("percent", percent, percent >= 0 && percent <= 100);
    check("retry", retry, retry >= 1 && retry < Infinity);
    this.#alarms = alarms;
    this.#limit = limit;
    this.#percent = percent;
    this.#retry = retry;
    this.#ranking = policy === "lfu"
      ? new ByFrequency()
      : new ByRecency(policy);
  }

  /** How many could be asked to go, sooner or later. */
  get size(): number {
    return this.#ranking.size;
  }

  /** Gives `who` a place, until it leaves. */
  seat(who: Evictable): Seat {
    const seat = this.#ranking.seat(who);
    // Those that are needed may be many: while a retry is on its way, nobody looks at them again.
    if (this.size > this.#limit && this.heapIndex === -1) {
      this.#alarms.set(this, this.#alarms.clock.now());
    }
    return seat;
  }

  ring(now: number): void {
    const excess = this.size - this.#limit;
    if (excess <= 0) return;
    const share = Math.ceil(this.size * this.#percent / 100);
    for (const who of this.#ranking.pick(Math.max(excess, share))) who.evict();
    if (this.size > this.#limit) this.#alarms.set(this, now + this.#retry);
  }
}

/** One place in the order of use. */
class RecencySeat implements Seat {
  readonly who: Evictable | undefined;
  readonly #ranking: ByRecency | undefined;
  newer: RecencySeat = this;
  older: RecencySeat = this;

  constructor(who?: Evictable, ranking?: ByRecency) {
    this.who = who;
    this.#ranking = ranking;
  }

  used(): void {
    this.#ranking?.moveUp(this);
  }

  leave(): void {
    this.#ranking?.remove(this);
  }
}

/** The order of use, in a ring: a use costs a few writes. */
class ByRecency implements Ranking {
  size = 0;
  readonly #policy: "lru" | "mru";
  /** Stands between the newest and the oldest. */
  readonly #end: RecencySeat = new RecencySeat();

  constructor(policy: "lru" | "mru") {
    this.#policy = policy;
  }

  seat(who: Evictable): Seat {
    const seat = new RecencySeat(who, this);
    this.size++;
    // Who comes must not be the first to go: where the last used is, it counts as not used yet.
    insert(seat, this.#policy === "lru" ? this.#end.older : this.#end);
    return seat;
  }

  moveUp(seat: RecencySeat): void {
    if (this.#end.older === seat) return;
    cut(seat);
    insert(seat, this.#end.older);
  }

  remove(seat: RecencySeat): void {
    if (seat.newer === seat) return;
    cut(seat);
    this.size--;
  }

  pick(count: number): Evictable[] {
    const next = this.#policy === "lru" ? "newer" : "older";
    const picked: Evictable[] = [];
    let seat = this.#end[next];
    for (; seat !== this.#end && picked.length < count; seat = seat[next]) {
      if (seat.who?.isEvictable) picked.push(seat.who);
    }
    return picked;
  }
}

/** Puts `seat` right behind `older`. */
function insert(seat: RecencySeat, older: RecencySeat): void {
  seat.older = older;
  seat.newer = older.newer;
  older.newer.older = seat;
  older.newer = seat;
}

function cut(seat: RecencySeat): void {
  seat.older.newer = seat.newer;
  seat.newer.older = seat.older;
  seat.older = seat.newer = seat;
}

/** One place in the order of frequency. */
class FrequencySeat implements Seat, HeapItem {
  heapIndex = -1;
  readonly who: Evictable;
  readonly number: number;
  /** Grows with each use. */
  count: number;
  /** The count by which it stands in the heap, which may be behind. */
  rank: number;
  readonly #heap: Heap<FrequencySeat>;

  constructor(
    who: Evictable,
    number: number,
    count: number,
    heap: Heap<FrequencySeat>,
  ) {
    this.who = who;
    this.number = number;
    this.count = count;
    this.rank = count;
    this.#heap = heap;
    heap.push(this);
  }

  used(): void {
    this.count++;
  }

  leave(): void {
    this.#heap.remove(this);
  }
}

/**
 * The order of frequency. Who comes begins with the count of the last that went, so that it is not the
 * first to go, and that who was used much long ago is overtaken some day.
 */
class ByFrequency implements Ranking {
  readonly #heap: Heap<FrequencySeat> = new Heap(hasFewer);
  #age = 0;
  #seated = 0;

  get size(): number {
    return this.#heap.size;
  }

  seat(who: Evictable): Seat {
    return new FrequencySeat(who, ++this.#seated, this.#age, this.#heap);
  }

  pick(count: number): Evictable[] {
    const picked: FrequencySeat[] = [];
    const needed: FrequencySeat[] = [];
    while (picked.length < count) {
      const seat = this.#heap.peek();
      if (seat === undefined) break;
      if (seat.rank !== seat.count) {
        seat.rank = seat.count; // counts only grow, so the first whose rank is right is the first of all
        this.#heap.update(seat);
        continue;
      }
      this.#heap.pop();
      (seat.who.isEvictable ? picked : needed).push(seat);
    }
    this.#age = picked.at(-1)?.count ?? this.#age;
    for (const seat of [...picked, ...needed]) this.#heap.push(seat);
    return picked.map(({ who }) => who);
  }
}

function hasFewer(a: FrequencySeat, b: FrequencySeat): boolean {
  return a.rank < b.rank || (a.rank === b.rank && a.number < b.number);
}

function check(what: string, found: unknown, isRight: boolean): void {
  if (isRight) return;
  throw new RangeError(
    `Cannot evict actors with { ${what}: ${found} }: ${
      WANTED[what]
    } was expected`,
  );
}

const WANTED: Readonly<Record<string, string>> = {
  limit: "an integer >= 1",
  policy: '"lru", "lfu" or "mru"',
  percent: "a number from 0 to 100",
  retry: "a finite number of milliseconds >= 1",
};
