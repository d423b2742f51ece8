/**
 * Not too many lines of one sort.
 * @module
 */

import type { Clock, Timer } from "../../internal/clock.ts";

/** The length of a window, in milliseconds. */
const WINDOW = 10_000;
/** What is counted is told apart by group up to this many; the rest is one. */
const MOST_GROUPS = 100;
/** How many groups a summary names. */
const NAMED = 3;

/** Lets some lines through in each window, counts the rest, and sums it up when the window is over. */
export class Ration {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #summarize: (count: number, groups: string) => void;
  #windowEnd = 0;
  #lines = 0;
  #hidden = 0;
  #groups: Map<string, number> = new Map<string, number>();
  /** Ends a window in which something was counted only. */
  #timer: Timer | undefined = undefined;

  /** Lets `most` lines through in ten seconds; `summarize` is told how many more there were, and of what. */
  constructor(
    clock: Clock,
    most: number,
    summarize: (count: number, groups: string) => void,
  ) {
    this.#clock = clock;
    this.#most = most;
    this.#summarize = summarize;
  }

  /** Whether a line is to be written; otherwise it was counted under what `group` says. */
  admits(group: () => string): boolean {
    const now = this.#clock.now();
    if (now >= this.#windowEnd) {
      this.sumUp();
      this.#windowEnd = now + WINDOW;
      this.#lines = 0;
    }
    if (++this.#lines <= this.#most) return true;
    this.#count(group(), this.#windowEnd - now);
    return false;
  }

  /** Says what was counted since the last time. */
  sumUp = (): void => {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#hidden === 0) return;
    globalThis.removeEventListener("unload", this.sumUp);
    const groups = [...this.#groups].toSorted(([, a], [, b]) => b - a);
    const named = groups.slice(0, NAMED).map(([group, count]) =>
      `${count} ${group}`
    );
    if (groups.length > NAMED) named.push("and others");
    const hidden = this.#hidden;
    this.#hidden = 0;
    this.#groups.clear();
    this.#summarize(hidden, named.join(", "));
  };

  #count(group: string, left: number): void {
    const groups = this.#groups;
    this.#hidden++;
    const known = groups.has(group) || groups.size < MOST_GROUPS
      ? group
      : "elsewhere";
    groups.set(known, (groups.get(known) ?? 0) + 1);
    if (this.#timer !== undefined) return;
    this.#timer = this.#clock.setTimer(left, this.sumUp);
    // A program that has nothing else to do ends at once, and the summary comes before that.
    this.#timer.unref?.();
    globalThis.addEventListener("unload", this.sumUp);
  }
}
