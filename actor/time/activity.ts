/**
 * What an actor is doing, in words for people.
 * @module
 */

import type { Cell } from "../cell/cell.ts";
import { messageOf } from "../protocol/message.ts";

/** Messages in work that are named; there may be many where they interleave. */
const NAMED = 3;

/** What `cell` is doing at this moment, such as `in "till.pay"`. */
export function activityOf(cell: Cell): string {
  const types = [...cell.rareOrNone?.interleaving?.flights ?? []]
    .map(({ mail }) => messageOf(mail).type);
  const isAtWork = cell.turn === "busy" || cell.turn === "awaiting";
  if (isAtWork && cell.mail !== undefined) {
    types.unshift(messageOf(cell.mail).type);
  }
  if (types.length > 0) {
    const names = [...new Set(types)];
    const more = names.length > NAMED ? " and more" : "";
    return `in ${
      names.slice(0, NAMED).map((name) => `"${name}"`).join(", ")
    }${more}`;
  }
  if (cell.turn === "awaiting_children") return "waiting for its children";
  if (!isAtWork) return cell.state;
  if (cell.rareOrNone?.restartTimer !== undefined) return "waiting to restart";
  if (cell.state === "starting") return 'in "onStart"';
  return cell.isEnding ? 'in "onStop"' : cell.state;
}

/** The same, and how many messages wait, such as `in "till.pay", 2 messages waiting`. */
export function workOf(cell: Cell, waiting: number = waitingFor(cell)): string {
  const work = activityOf(cell);
  return waiting > 0 ? `${work}, ${counted(waiting, "message")} waiting` : work;
}

/** How many messages wait for `cell`, those about its own life included. */
export function waitingFor(cell: Cell): number {
  const { rareOrNone: rare, mailbox } = cell;
  return (mailbox?.size ?? 0) + (rare?.front?.size ?? 0);
}

/** Those of `cells`, and below them, that others wait for: each is at work or held itself. */
export function* holdouts(cells: Iterable<Cell>): Generator<Cell> {
  for (const cell of cells) {
    if (cell.turn === "awaiting_children") {
      yield* holdouts(cell.children?.values() ?? []);
    } else yield cell;
  }
}

/** A number with its noun: `1 actor`, `2 actors`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
