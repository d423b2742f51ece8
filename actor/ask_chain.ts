/**
 * Who waits for whom: the asks that led to an ask.
 * @module
 */

import type { Cell } from "./cell.ts";
import { ActorError } from "./errors.ts";
import { type Mail, type Message, replyToOf } from "./message.ts";
import type { Pid } from "./pid.ts";

/** An actor that asks while it handles `mail`, and the ask that brought it that mail. */
export interface AskLink {
  /** The actor that asks. */
  readonly cell: Cell;
  /** What it is handling meanwhile. */
  readonly mail: Mail;
  /** The ask before. */
  readonly previous: AskLink | undefined;
}

/** An ask would wait for itself: its target waits for the asker. Nothing was sent. */
export class AskCycleError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "ask_cycle_error";
  /** Who waits for whom, from the first asker to the target, which is one of them. */
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

/** The error of an ask to `target` at the end of `chain`, when it would wait for itself. */
export function cycleError(
  chain: AskLink,
  target: Cell,
  message: Message,
): AskCycleError | undefined {
  if (!isInChain(chain, target) || target.admits(message)) return undefined;
  const cycle = [target.pid];
  for (
    let link: AskLink | undefined = chain;
    link !== undefined;
    link = link.previous
  ) {
    cycle.unshift(link.cell.pid);
    if (link.cell === target) break;
  }
  return new AskCycleError(message.type, cycle);
}
