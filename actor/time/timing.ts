/**
 * When something scheduled is due.
 * @module
 */

import { SLACK } from "./alarms.ts";

/** An interval that begins after a delay of its own. */
export interface IntervalOptions {
  /**
   * How long after the call the first message is sent, in milliseconds.
   * @default `every`
   */
  initial?: number;
  /** How far apart the messages are, in milliseconds, at least 1. */
  every: number;
}

/** Times by the calendar, as {@linkcode cron} makes them. */
export interface Calendar {
  /**
   * The first time after another.
   *
   * @param after Milliseconds since the beginning of 1970, UTC.
   * @returns The same, later than `after`; or `undefined` when there is none.
   */
  next(after: number): number | undefined;
}

/** The times of one job, on the clock of the scheduler, in milliseconds. */
export interface Timing {
  /** The next time, later than `now`; or `undefined` when there is none. */
  next(now: number): number | undefined;
  /**
   * Where the last time that `next` gave stands now, and when to ask again at the latest. Absent for
   * times that do not move.
   */
  correct?(due: number, now: number): number;
  /** How long a time stands without a correction, in milliseconds. */
  readonly correctEvery?: number;
}

/** One time. */
export class OneShot implements Timing {
  #delay: number | undefined;

  /**
   * Comes `delay` milliseconds after it is first asked for.
   *
   * @throws {RangeError} When the delay is not a finite number of at least 0.
   */
  constructor(delay: number) {
    this.#delay = checkedDelay("delay", delay, 0);
  }

  next(now: number): number | undefined {
    const delay = this.#delay;
    this.#delay = undefined;
    return delay === undefined ? undefined : now + delay;
  }
}

/** A fixed rate: all times are whole intervals from the first, and those that passed are left out. */
export class Interval implements Timing {
  #initial: number;
  #every: number;
  #first = 0;
  /** How many intervals after the first the last given time is. */
  #given = -1;

  /**
   * Begins when it is first asked for.
   *
   * @throws {RangeError} When a time is out of its range.
   */
  constructor({ every, initial = every }: IntervalOptions) {
    this.#every = checkedDelay("interval", every, 1);
    this.#initial = checkedDelay("initial delay", initial, 0);
  }

  next(now: number): number {
    if (this.#given < 0) {
      this.#given = 0;
      return this.#first = now + this.#initial;
    }
    const passed = Math.floor((now + SLACK - this.#first) / this.#every);
    this.#given = Math.max(this.#given, passed) + 1;
    return this.#first + this.#given * this.#every;
  }
}

/** How long the time by the calendar is not looked at, at most: clocks are set, machines sleep. */
const CALENDAR_CHECK = 60_000;

/**
 * Times by the calendar, brought to a clock that knows no calendar. A calendar clock that is set back
 * repeats no time that was used; one that is set forward, or a machine that slept, makes a time late
 * by a minute at most, and those that passed are left out.
 */
export class CalendarTiming implements Timing {
  readonly correctEvery: number = CALENDAR_CHECK;
  #calendar: Calendar;
  #wall: () => number;
  #target = -Infinity;

  /** Takes the time by the calendar from `wall`. */
  constructor(calendar: Calendar, wall: () => number) {
    this.#calendar = calendar;
    this.#wall = wall;
  }

  next(now: number): number | undefined {
    const wall = this.#wall();
    const target = this.#calendar.next(Math.max(wall, this.#target));
    if (target === undefined) return undefined;
    this.#target = target;
    return now + target - wall;
  }

  correct(_due: number, now: number): number {
    return now + this.#target - this.#wall();
  }
}

/** Times that a function gives. */
export class ComputedTiming implements Timing {
  #next: (now: number) => number | undefined;

  /** Takes what gives the next time, later than `now`. */
  constructor(next: (now: number) => number | undefined) {
    this.#next = next;
  }

  next(now: number): number | undefined {
    const next = this.#next(now);
    if (!Number.isNaN(next)) return next;
    throw new TypeError(
      "Cannot schedule a message: the function for the next time returned NaN, a time or undefined was expected",
    );
  }
}

/** Returns `value` when it is finite and at least `least`, and throws otherwise. */
export function checkedDelay(
  what: string,
  value: number,
  least: number,
): number {
  if (value >= least && value < Infinity) return value;
  throw new RangeError(
    `Cannot schedule a message: the ${what} is ${value}, a finite number of milliseconds >= ${least} was expected`,
  );
}
