/**
 * Any number of waits on one timer.
 * @module
 */

import type { Clock, Timer } from "../../internal/clock.ts";
import { Heap, type HeapItem } from "../../internal/heap.ts";

/**
 * Two times this close are the same, in milliseconds: sums of fractions do not come out even, and a
 * timer that is late by less must not be waited for again.
 */
export const SLACK = 0.001;
/** Alarms that ring before sockets and other timers are looked at. */
const BATCH = 1_024;

/** Something that happens at a time, once for each time that it is set. */
export abstract class Alarm implements HeapItem {
  heapIndex = -1;
  /** When it rings, on the clock, in milliseconds; written by {@linkcode Alarms} only. */
  at: number = Infinity;
  /** Orders alarms of one time as they were set; written by {@linkcode Alarms} only. */
  number = 0;

  /** The time has come; the alarm is not set any more, and may be set again. */
  abstract ring(now: number): void;
}

/**
 * Rings alarms at their times, with one timer of the clock for all: it is armed for the earliest, and
 * only while an alarm is set. Alarms of one time ring in the order in which they were set. An alarm
 * never rings early; when the timer is late, it rings late, once.
 */
export class Alarms {
  #clock: Clock;
  #onError: (error: unknown) => void;
  #heap: Heap<Alarm> = new Heap(isBefore);
  #count = 0;
  #timer: Timer | undefined = undefined;
  #armedFor = Infinity;
  #state: "open" | "closed" = "open";

  /**
   * Takes the time from `clock`, and tells `onError` what a `ring` throws, which the other alarms do
   * not feel.
   */
  constructor(clock: Clock, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#onError = onError;
  }

  /** The source of time. */
  get clock(): Clock {
    return this.#clock;
  }

  /** How many alarms are set. */
  get size(): number {
    return this.#heap.size;
  }

  /** Has `alarm` ring at `at`, and not when it was set for before. */
  set(alarm: Alarm, at: number): void {
    if (this.#state === "closed") return;
    alarm.at = at;
    alarm.number = ++this.#count;
    if (this.#heap.has(alarm)) this.#heap.update(alarm);
    else this.#heap.push(alarm);
    if (at < this.#armedFor) this.#arm(at);
  }

  /** Keeps `alarm` from ringing; false when it was not set. */
  drop(alarm: Alarm): boolean {
    const wasSet = this.#heap.remove(alarm);
    // A timer for the alarm that is first no more stays: it finds nothing to do and arms anew.
    if (this.#heap.size === 0) this.#disarm();
    return wasSet;
  }

  /** Keeps all alarms from ringing, also those that are set from now on. */
  close(): void {
    this.#state = "closed";
    this.clear();
  }

  /** Keeps all alarms from ringing. */
  clear(): void {
    this.#heap.clear();
    this.#disarm();
  }

  #arm(at: number): void {
    this.#timer?.cancel();
    this.#armedFor = at;
    // Timers of the platform cut fractions off and would come early again and again.
    const delay = Math.ceil(at - this.#clock.now() - SLACK);
    this.#timer = this.#clock.setTimer(Math.max(0, delay), this.#ring);
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#armedFor = Infinity;
  }

  #ring = (): void => {
    this.#timer = undefined;
    this.#armedFor = -Infinity; // so that what is set meanwhile arms nothing
    const now = this.#clock.now();
    const end = now + SLACK;
    let first = this.#heap.peek();
    for (let left = BATCH; left > 0 && first !== undefined; left--) {
      if (first.at > end) break;
      this.#heap.pop();
      try {
        first.ring(now);
      } catch (error) {
        this.#onError(error);
      }
      first = this.#heap.peek();
    }
    this.#armedFor = Infinity;
    if (first !== undefined) this.#arm(first.at);
  };
}

function isBefore(a: Alarm, b: Alarm): boolean {
  return a.at < b.at || (a.at === b.at && a.number < b.number);
}
