/**
 * Who waits for whom: the asks that led to an ask, and those that are open.
 * @module
 */

import type { PendingAsk } from "./asks.ts";
import type { Cell } from "../cell/cell.ts";
import { isEnding } from "../cell/cell_state.ts";
import { ActorError, StoppedError } from "../errors.ts";
import {
  type Envelope,
  type Mail,
  messageOf,
  replyToOf,
} from "../protocol/message.ts";
import type { Pid } from "../reference/pid.ts";

/** How many waits are looked at in the search for a cycle; beyond that the timeout of an ask has to end it. */
const LONGEST_SEARCH = 256;
const NONE: readonly (Mail | undefined)[] = [];

/** An ask from inside an actor. */
export class AskLink {
  /** The actor that asks. */
  readonly cell: Cell;
  /** What it is handling meanwhile; nothing in a hook. */
  readonly mail: Mail | undefined;
  /** The ask that brought it that mail. */
  readonly previous: AskLink | undefined;
  /** Who has the ask, as far as that is known. */
  holder: Cell | undefined = undefined;
  /** As what. */
  held: Mail | undefined = undefined;
  /** Neighbours among the open asks of the actor; owned by {@linkcode OpenAsks}. */
  next: AskLink | undefined = undefined;
  prior: AskLink | undefined = undefined;
  /** Takes the reply. */
  #asker: PendingAsk | undefined = undefined;

  constructor(
    cell: Cell,
    mail: Mail | undefined,
    previous: AskLink | undefined,
  ) {
    this.cell = cell;
    this.mail = mail;
    this.previous = previous;
  }

  /** The ask is open, and `asker` takes its reply. */
  opened(asker: PendingAsk): void {
    this.#asker = asker;
    this.cell.runtime.asks.open.add(this);
  }

  /** `asker` waits no more. */
  closed(asker: PendingAsk): void {
    if (this.#asker !== asker) return;
    this.letGo();
    this.cell.runtime.asks.open.remove(this);
  }

  /** `cell` has taken the ask as `mail`. */
  takenBy(cell: Cell, mail: Mail): void {
    this.holder = cell;
    this.held = mail;
  }

  /** Nobody is known to have the ask any more: it was handed on. */
  letGo(): void {
    this.holder = undefined;
    this.held = undefined;
  }

  /** Answers the ask, which came as `mail`, with an error that nothing on the way to its target changes. */
  fail(mail: Envelope, error: unknown): void {
    (this.#asker ?? mail.replyTo)?.fail(error);
  }

  /** Ends the wait; whoever has the ask may handle it all the same. */
  giveUp(error: unknown): void {
    this.#asker?.giveUp(error);
  }
}

/** One of several asks that a router makes of one; whoever has it, the asker may be answered by another. */
export class AskBranch extends AskLink {
  override opened(): void {
    // It is not followed in the search for a cycle.
  }
}

/** The open asks of actors, each in the list of its actor. An ask is there from its beginning to its outcome. */
export class OpenAsks {
  /** How many actors wait for a reply. */
  size = 0;

  /** Notes an ask. */
  add(link: AskLink): void {
    const { cell } = link;
    const newest = cell.newestAsk;
    link.next = newest;
    if (newest !== undefined) newest.prior = link;
    else this.size++;
    cell.newestAsk = link;
  }

  /** Forgets an ask. */
  remove(link: AskLink): void {
    const { cell, next, prior } = link;
    if (next !== undefined) next.prior = prior;
    if (prior !== undefined) prior.next = next;
    else {
      cell.newestAsk = next;
      if (next === undefined) this.size--;
    }
    link.next = undefined;
    link.prior = undefined;
  }
}

/** An ask would wait for itself: whoever could answer it waits for the asker. No handler saw it. */
export class AskCycleError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "ask_cycle_error";
  /** Who waits for whom; the last is the first again. */
  readonly cycle: readonly Pid[];

  /** Names the actors of the cycle in the order of their asks. */
  constructor(type: string, cycle: readonly Pid[]) {
    super(
      `Cannot ask "${type}": it would wait for itself, ${
        cycle.map((pid) => `"${pid.path}"`).join(" -> ")
      }; a target that does not wait for the asker was expected`,
    );
    this.cycle = cycle;
  }
}

/** The asks that led to `mail`, when it came by an ask from inside an actor. */
export function chainOf(mail: Mail | undefined): AskLink | undefined {
  return mail === undefined ? undefined : replyToOf(mail)?.chain;
}

/** Whether an ask of the chain was sent by `cell`, which still waits for its reply. */
export function isInChain(chain: AskLink | undefined, cell: Cell): boolean {
  for (let link = chain; link !== undefined; link = link.previous) {
    if (link.cell === cell && cell.isBusyWith(link.mail)) return true;
  }
  return false;
}

/**
 * Takes what `cell` is asked from inside an actor, when that must not wait in its mailbox.
 *
 * @returns Whether it was taken; `undefined` when it is mail like any other.
 */
export function takeChained(
  cell: Cell,
  chain: AskLink,
  mail: Envelope,
): boolean | undefined {
  if (isEnding(cell.state)) return undefined;
  const cycle = cycleOf(chain, cell, mail);
  if (cycle !== undefined) {
    const pids = cycle.map(({ pid }) => pid);
    chain.fail(mail, new AskCycleError(mail.message.type, pids));
    return false;
  }
  chain.takenBy(cell, mail);
  const interleaving = cell.rareOrNone?.interleaving;
  if (interleaving === undefined || !isInChain(chain, cell)) return undefined;
  if (cell.turn !== "awaiting" && interleaving.keepsOrder) return undefined;
  interleaving.chained.push(mail);
  if (cell.turn === "awaiting") cell.goOn();
  else cell.wake();
  return true;
}

/**
 * Ends the asks that wait for `cell`, which takes nothing before all that it has in work is done, where
 * something in work waits for their askers. They are handled when `cell` goes on.
 */
export function endWaitsFor(cell: Cell): void {
  const flights = cell.rareOrNone?.interleaving?.flights ?? [];
  const seen = new Set<AskLink>();
  const waiting: AskLink[] = [];
  const visit = (asker: Cell, work: Mail | undefined): void => {
    for (let link = asker.newestAsk; link !== undefined; link = link.next) {
      if (link.mail !== work || seen.has(link)) continue;
      if (seen.size === LONGEST_SEARCH) return;
      seen.add(link);
      const { holder, held } = link;
      if (holder === undefined || held === undefined) continue;
      if (holder === cell && !cell.isBusyWith(held)) waiting.push(link);
      else for (const one of workBefore(holder, held)) visit(holder, one);
    }
  };
  for (const { mail } of flights) visit(cell, mail);
  for (const link of waiting) {
    link.giveUp(
      new StoppedError(
        cell.pid,
        "wait for the reply of",
        `it is ${cell.state} and waits for the asker`,
        "unknown",
      ),
    );
  }
}

/** The actors of the cycle that an ask by `link` would close, when `target` took it as `mail`. */
function cycleOf(
  link: AskLink,
  target: Cell,
  mail: Mail,
): readonly Cell[] | undefined {
  if (isInChain(link, target)) {
    return target.admits(messageOf(mail)) ? undefined : chainTo(link, target);
  }
  if (workBefore(target, mail).length === 0) return undefined; // as with most asks
  const search = new CycleSearch(link);
  return search.reaches(target, mail)
    ? [link.cell, target, ...search.path]
    : undefined;
}

/** The askers of the chain from `target` on, and `target` again. */
function chainTo(chain: AskLink, target: Cell): readonly Cell[] {
  const cells = [target];
  for (
    let link: AskLink | undefined = chain;
    link !== undefined;
    link = link.previous
  ) {
    cells.unshift(link.cell);
    if (link.cell === target) break;
  }
  return cells;
}

/** Follows open asks to whoever has them, what those wait for, and so on, back to the asker. */
class CycleSearch {
  /** The actors on the way, once it was found. */
  readonly path: Cell[] = [];
  readonly #goal: AskLink;
  #seen: Set<Mail> | undefined = undefined;

  constructor(goal: AskLink) {
    this.#goal = goal;
  }

  /** Whether `cell` cannot answer `mail` before the asker has its reply. */
  reaches(cell: Cell, mail: Mail): boolean {
    const { cell: asker, mail: asking } = this.#goal;
    for (const work of workBefore(cell, mail)) {
      if (cell === asker && work === asking) return true;
      for (let link = cell.newestAsk; link !== undefined; link = link.next) {
        if (link.mail === work && this.#follows(link)) return true;
      }
    }
    return false;
  }

  #follows({ holder, held }: AskLink): boolean {
    if (holder === undefined || held === undefined) return false;
    const seen = this.#seen ??= new Set<Mail>();
    if (seen.has(held) || seen.size === LONGEST_SEARCH) return false;
    seen.add(held);
    this.path.push(holder);
    if (this.reaches(holder, held)) return true;
    this.path.pop();
    return false;
  }
}

/** What `cell` has in work that ends before the work on `mail` does; `undefined` stands for a hook. */
function workBefore(cell: Cell, mail: Mail): readonly (Mail | undefined)[] {
  const isWorking = cell.turn === "busy" || cell.turn === "awaiting";
  const interleaving = cell.rareOrNone?.interleaving;
  if (interleaving === undefined) return isWorking ? [cell.mail] : NONE;
  if (cell.isBusyWith(mail)) return [mail];
  if (cell.admits(messageOf(mail))) return NONE;
  const work: (Mail | undefined)[] = [];
  for (const flight of interleaving.flights) work.push(flight.mail);
  if (isWorking) work.push(cell.mail);
  return work;
}
