/**
 * Who runs next, and for how long.
 * @module
 */

import type { Clock } from "../../internal/clock.ts";
import { Deque } from "../../internal/deque.ts";
import { afterSockets } from "../../internal/turn.ts";

/** Something that has messages to handle. */
export interface Runnable {
  /** Handles messages until none is left or the dispatcher says that the turn is over. */
  run(): void;
}

/** Messages in one turn of an actor, at most. */
export const TURN_MESSAGES = 64;
/** Milliseconds in one turn of an actor; a single longer handler ends its turn. */
const TURN_TIME = 0.2;
/** Milliseconds without a look at sockets and timers. */
const BURST_TIME = 1;
/** Messages without a look at sockets and timers, for clocks that stand still. */
const BURST_MESSAGES = 16_384;
/** Bursts on end without a thorough look at sockets, see `afterSockets()`. */
const BURSTS_ON_END = 4;
/** Messages between two looks at the clock, at most: a look costs as much as a message. */
const LONGEST_STRIDE = 32;

/**
 * Runs what has messages, one turn after another. Work begins in a microtask; after a millisecond the
 * rest waits for the next macrotask, so that sockets and timers are served at full load.
 */
export class Dispatcher {
  /** What runs at this moment, so that a stop from inside is recognised. */
  current: Runnable | undefined = undefined;
  /** How many bursts of work there were so far. */
  bursts = 0;
  #clock: Clock;
  #queue: Deque<Runnable> = new Deque<Runnable>();
  #state: "idle" | "queued" | "draining" | "yielded" = "idle";
  /** A macrotask is on its way that begins the next burst. */
  #beating = false;
  #spent = false;
  /** Bursts that ended with work left, one after the other. */
  #onEnd = 0;
  #burstEnd = 0;
  #burstLeft = 0;
  #turnStart = 0;
  /** The clock as last read, how many messages later it is read again, and how far that is. */
  #read = 0;
  #untilRead = 1;
  #stride = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether nothing runs and nothing is queued. */
  get isIdle(): boolean {
    return this.#state === "idle";
  }

  /** Queues `runnable`, which must not be queued already. */
  schedule(runnable: Runnable): void {
    this.#queue.push(runnable);
    if (this.#state !== "idle") return;
    if (!this.#beating) this.#beginBurst();
    if (this.#spent) {
      this.#state = "yielded";
    } else {
      this.#state = "queued";
      queueMicrotask(this.#drain);
    }
  }

  /** Counts one handled message; true when the turn is over. */
  spend(): boolean {
    if (--this.#untilRead > 0) return false;
    return this.#look();
  }

  #look(): boolean {
    const now = this.#clock.now();
    const elapsed = now - this.#read;
    const pace = elapsed / this.#stride;
    this.#burstLeft -= this.#stride;
    // As many messages as fit into half a turn at this pace; growing slowly, shrinking at once.
    const wanted = pace > 0 ? Math.floor(TURN_TIME / 2 / pace) : LONGEST_STRIDE;
    this.#stride = Math.max(
      1,
      Math.min(wanted, this.#stride * 2, LONGEST_STRIDE),
    );
    this.#untilRead = this.#stride;
    this.#read = now;
    if (now >= this.#burstEnd || this.#burstLeft <= 0) this.#spent = true;
    return this.#spent || now - this.#turnStart >= TURN_TIME;
  }

  #beginBurst(): void {
    const now = this.#clock.now();
    this.#read = now;
    this.#untilRead = this.#stride;
    this.#burstEnd = now + BURST_TIME;
    this.#burstLeft = BURST_MESSAGES;
    this.bursts++;
    this.#spent = false;
    this.#beating = true;
    setImmediate(this.#beat);
  }

  #beat = (): void => {
    this.#beating = false;
    if (this.#state !== "yielded") {
      this.#onEnd = 0;
    } else if (++this.#onEnd < BURSTS_ON_END) {
      this.#resume();
    } else {
      this.#onEnd = 0;
      afterSockets(this.#resume, this.#clock);
    }
  };

  #resume = (): void => {
    this.#beginBurst();
    this.#drain();
  };

  #drain = (): void => {
    this.#state = "draining";
    const queue = this.#queue;
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      this.#turnStart = this.#read;
      this.current = next;
      next.run();
      if (this.#spent) break;
    }
    this.current = undefined;
    if (queue.size === 0) {
      this.#state = "idle";
      return;
    }
    this.#state = "yielded"; // the beat of this burst is on its way
  };
}
