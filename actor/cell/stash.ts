/**
 * Messages that an actor has put aside for later.
 * @module
 */

import { Deque } from "../../internal/deque.ts";
import type { Cell } from "./cell.ts";
import { isEnding, STASH_CAPACITY } from "./cell_state.ts";
import { ActorError } from "../errors.ts";
import { type Mail, messageOf } from "../protocol/message.ts";
import type { Pid } from "../reference/pid.ts";
import { isLifecycle } from "./signals.ts";
import { TimerMail } from "../time/timers.ts";

/** A message cannot be put aside: too many are already. */
export class StashOverflowError extends ActorError {
  /** Match by this: `"stash_overflow_error"`. */
  override readonly code = "stash_overflow_error";
  /** Who has put so many aside. */
  readonly target: Pid;
  /** How many. */
  readonly capacity: number;

  /** Names the actor and its capacity. */
  constructor(target: Pid, capacity: number) {
    super(
      `Cannot stash a message of "${target}": ${capacity} are stashed, fewer were expected`,
    );
    this.target = target;
    this.capacity = capacity;
  }
}

/**
 * Refuses what is no bound of a stash.
 *
 * @throws {RangeError} When it is not a number of at least 0.
 */
export function checkStashCapacity(capacity: number): void {
  if (capacity >= 0) return;
  throw new RangeError(
    `Cannot spawn an actor: stashCapacity is ${capacity}, a number >= 0 was expected`,
  );
}

/** Puts the mail that `cell` is handling aside, to be handled when it is unstashed. */
export function stash(cell: Cell, mail: Mail | undefined): void {
  if (mail === undefined || isLifecycle(messageOf(mail))) {
    throw new TypeError(
      `Cannot stash in "${cell.pid}": no message is being handled, a handler was expected`,
    );
  }
  const { rare } = cell;
  const stashed = rare.stash ??= new Deque<Mail>();
  const capacity = rare.options?.stashCapacity ?? STASH_CAPACITY;
  if (stashed.size >= capacity) {
    throw new StashOverflowError(cell.pid, capacity);
  }
  // The time of a timer's message has come: what becomes of the timer does not concern it any more.
  const kept = mail instanceof TimerMail ? mail.message : mail;
  rare.meter?.setAside(); // after an await the end of the handler tells it
  if (isEnding(cell.state)) return cell.refuse(kept); // nobody is left to handle it
  stashed.push(kept);
  if (cell.state === "restarting") unstash(cell, Infinity); // as all that was stashed before
}

/** Puts the oldest stashed message, or all in their order, before the mail that waits. */
export function unstash(cell: Cell, count: number): number {
  const stashed = cell.hasRare ? cell.rare.stash : undefined;
  if (stashed === undefined) return 0;
  const first: Mail[] = [];
  while (first.length < count) {
    const mail = stashed.shift();
    if (mail === undefined) break;
    first.push(mail);
  }
  const front = cell.rare.front ??= new Deque<Mail>();
  for (const mail of first.toReversed()) front.unshift(mail);
  cell.wake(); // it may have nothing else to do
  return first.length;
}
