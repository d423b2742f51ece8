/**
 * Links between two actors, over which the end of one is felt by the other.
 * @module
 */

import type { Cell } from "./cell.ts";
import { isEnding } from "./cell_state.ts";
import { LinkedActorError } from "./errors.ts";
import { LocalRef } from "./local_ref.ts";
import type { Message } from "./message.ts";
import type { BaseRef, Terminated, Watcher } from "./ref.ts";
import { type ExitBody, exitMail } from "./signals.ts";

/** Ties two actors of this process together; each end is told of the end of the other. */
class Link implements Watcher {
  readonly #one: Cell;
  readonly #other: Cell;

  constructor(one: Cell, other: Cell) {
    this.#one = one;
    this.#other = other;
  }

  terminated(terminated: Terminated, ref: BaseRef): void {
    const survivor = ref === this.#one.ref ? this.#other : this.#one;
    survivor.removeWatcher(this);
    exit(survivor, { terminated, ref, link: this });
  }
}

/**
 * Links `cell` with the actor behind `ref`, once. An actor that is gone is felt at once.
 *
 * @throws {TypeError} When the actor is on another node.
 */
export function link(cell: Cell, ref: BaseRef): void {
  if (cell.state === "stopped" || ref === cell.ref) return;
  const links = cell.rare.links ??= new Map<BaseRef, Watcher>();
  if (links.has(ref)) return;
  if (!ref.isLocal) {
    throw new TypeError(
      `Cannot link "${cell.pid}" with "${ref.pid}": it is on another node, an actor of this node was expected`,
    );
  }
  const other = ref instanceof LocalRef ? ref.cell : undefined;
  const made = new Link(cell, other ?? cell);
  links.set(ref, made);
  if (other === undefined || other.state === "stopped") {
    const terminated: Terminated = { pid: ref.pid, reason: "missing" };
    return exit(cell, { terminated, ref, link: made });
  }
  (other.rare.links ??= new Map<BaseRef, Watcher>()).set(cell.ref, made);
  cell.addWatcher(made);
  other.addWatcher(made);
}

/** Ends the link of `cell` with the actor behind `ref`; an end that was not handled yet is not felt. */
export function unlink(cell: Cell, ref: BaseRef): void {
  if (!cell.hasRare) return;
  const made = cell.rare.links?.get(ref);
  if (made === undefined) return;
  cell.rare.links?.delete(ref);
  cell.removeWatcher(made);
  if (!(ref instanceof LocalRef) || ref.cell.state === "stopped") return;
  ref.cell.rare.links?.delete(cell.ref);
  ref.cell.removeWatcher(made);
}

/** Lets the instance of `cell` handle the end of an actor that it is linked with, or fail with it. */
export function handleExit(cell: Cell, message: Message): unknown {
  const { terminated, ref, link } = message.body as ExitBody; // made by exitMail() only
  const { links } = cell.rare;
  if (links?.get(ref) !== link) return; // unlinked since
  links.delete(ref);
  const { hooks } = cell;
  if (hooks?.onExit !== undefined) {
    return hooks.onExit(terminated, cell.context);
  }
  const { reason } = terminated;
  if (reason === "failed" || reason === "not_started" || reason === "missing") {
    throw new LinkedActorError(cell.pid, terminated);
  }
}

function exit(cell: Cell, body: ExitBody): void {
  if (!isEnding(cell.state)) cell.deliver(exitMail(body));
}
