/**
 * Actors that end when they are not needed for a while.
 * @module
 */

import { Alarm, SLACK } from "./alarms.ts";
import type { Cell } from "../cell/cell.ts";
import type { Evictable, Seat } from "./eviction.ts";
import type { Mailbox } from "../mailboxes/mailbox.ts";
import { end } from "../cell/ending.ts";

/** What makes an actor passivate; the first that comes true does. */
export interface PassivationLimits {
  /**
   * After how long without a message, in milliseconds, at least 1.
   * @default never
   */
  idle?: number;
  /**
   * After how many messages, as soon as no more are waiting.
   * @default never
   */
  messages?: number;
}

/**
 * When an actor passivates, which means that it stops with the reason `"passivated"` although nobody asked
 * for it: `"never"`; only `"on_eviction"`, when its system holds more such actors than it should; or by
 * limits, and then on eviction as well.
 */
export type Passivation = "never" | "on_eviction" | PassivationLimits;

/**
 * Refuses what makes no sense.
 *
 * @throws {RangeError} With what was found and what is wanted.
 */
export function checkPassivation(passivation: Passivation): void {
  if (typeof passivation === "string") {
    if (passivation === "never" || passivation === "on_eviction") return;
    throw new RangeError(
      `Cannot spawn with passivation "${passivation}": "never", "on_eviction" or limits were expected`,
    );
  }
  const { idle, messages } = passivation;
  const isIdle = idle === undefined || (idle >= 1 && idle < Infinity);
  const isCount = messages === undefined ||
    (Number.isSafeInteger(messages) && messages >= 1);
  if (isIdle && isCount && (idle ?? messages) !== undefined) return;
  throw new RangeError(
    `Cannot spawn with passivation { idle: ${idle}, messages: ${messages} }: a finite number of milliseconds >= 1 or an integer >= 1 was expected`,
  );
}

/**
 * Watches over one actor that may passivate. It is looked at when it may have been idle for long enough,
 * on the timer that all alarms of the system share; a message costs a look at the clock and no timer.
 */
export class Residency extends Alarm implements Evictable {
  readonly #cell: Cell;
  readonly #idle: number;
  readonly #messages: number;
  readonly #seat: Seat | undefined;
  #lastHandled = 0;
  #handled = 0;
  #state: "open" | "paused" | "over" = "open";

  /** Begins to watch over `cell`. */
  constructor(cell: Cell, passivation: Exclude<Passivation, "never">) {
    super();
    const { idle = Infinity, messages = Infinity } =
      passivation === "on_eviction" ? {} : passivation;
    this.#cell = cell;
    this.#idle = idle;
    this.#messages = messages;
    this.#seat = cell.runtime.evictor?.seat(this);
    this.#rest();
  }

  /** A message was handled to its end. */
  handled(): void {
    if (this.#state === "over") return;
    this.#handled++;
    this.#seat?.used();
    if (this.#idle !== Infinity) {
      this.#lastHandled = this.#cell.runtime.clock.now();
    }
    this.#endWhenCounted();
  }

  ring(now: number): void {
    const left = this.#lastHandled + this.#idle - now;
    if (left > SLACK) this.#wait(now + left);
    else if (this.isEvictable) this.evict();
    else this.#wait(now + this.#idle);
  }

  get isEvictable(): boolean {
    return this.#state === "open" && this.#cell.isIdle &&
      isUnneeded(this.#cell);
  }

  evict(): void {
    end(this.#cell, "stopping", "passivated", undefined);
  }

  /** Keeps the actor until {@linkcode Residency.resume}. */
  pause(): void {
    if (this.#state !== "open") return;
    this.#state = "paused";
    this.#cell.runtime.alarms.drop(this);
  }

  /** Ends a pause; the time without messages begins anew. */
  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "open";
    this.#rest();
    this.recheck();
  }

  /** Something that kept the actor besides its mail is over. */
  recheck(): void {
    if (this.#cell.isIdle) this.#endWhenCounted();
  }

  /** The end of the actor has begun. */
  close(): void {
    this.#state = "over";
    this.#cell.runtime.alarms.drop(this);
    this.#seat?.leave();
  }

  #rest(): void {
    if (this.#idle === Infinity) return;
    this.#lastHandled = this.#cell.runtime.clock.now();
    this.#wait(this.#lastHandled + this.#idle);
  }

  #wait(until: number): void {
    this.#cell.runtime.alarms.set(this, until);
  }

  #endWhenCounted(): void {
    if (this.#handled < this.#messages || this.#state !== "open") return;
    if (isUnneeded(this.#cell)) this.evict();
  }
}

/** Whether nothing waits for `cell`, nothing of it is in work, and no actor lives below it. */
function isUnneeded(cell: Cell): boolean {
  const { front, stash, interleaving, pipes } = cell.rare;
  return cell.state === "running" && cell.inFlight === 0 &&
    !cell.children?.size && !front?.size && !stash?.size && !pipes?.size &&
    !interleaving?.chained.size && isEmpty(cell.mailbox);
}

function isEmpty(mailbox: Mailbox | undefined): boolean {
  try {
    return !mailbox?.size;
  } catch {
    return false; // a mailbox of somebody else; what is wrong with it will show when it is used
  }
}
