/**
 * Links between two actors, over which the end of one is felt by the other.
 * @module
 */

import type { Cell } from "../cell/cell.ts";
import { isEnding } from "../cell/cell_state.ts";
import { LinkedActorError } from "../errors.ts";
import { LocalRef } from "../reference/local_ref.ts";
import type { Message } from "../protocol/message.ts";
import type { BaseRef, Terminated, Watcher } from "../reference/ref.ts";
import { type ExitBody, exitMail } from "../cell/signals.ts";

/** Ties an actor of this node to one of another; the other node has one of its own. */
class FarLink implements Watcher {
  readonly #cell: Cell;
  readonly #far: BaseRef;
  /** Tells of its end, once. */
  #onOver: (() => void) | undefined;

  constructor(cell: Cell, far: BaseRef, onOver: (() => void) | undefined) {
    this.#cell = cell;
    this.#far = far;
    this.#onOver = onOver;
  }

  /** It has ended. */
  over(): void {
    const onOver = this.#onOver;
    this.#onOver = undefined;
    onOver?.();
  }

  terminated(terminated: Terminated, ref: BaseRef): void {
    this.over();
    if (ref === this.#cell.ref) return this.#far.unwatch(this, "ended");
    this.#cell.removeWatcher(this);
    exit(this.#cell, { terminated, ref, link: this });
  }
}

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

/** Links `cell` with the actor behind `ref`, once. One that is gone, or on a node without links, is felt at once. */
export function link(cell: Cell, ref: BaseRef): void {
  if (cell.state === "stopped" || ref === cell.ref) return;
  const links = cell.rare.links ??= new Map<unknown, Watcher>();
  if (links.has(ref.identity)) return;
  if (!ref.isLocal) return linkFar(cell, ref, cell.ref);
  const other = ref instanceof LocalRef ? ref.cell : undefined;
  const made = new Link(cell, other ?? cell);
  links.set(ref.identity, made);
  if (other === undefined || other.state === "stopped") {
    const terminated: Terminated = { pid: ref.pid, reason: "missing" };
    return exit(cell, { terminated, ref, link: made });
  }
  (other.rare.links ??= new Map<unknown, Watcher>()).set(cell.ref, made);
  cell.addWatcher(made);
  other.addWatcher(made);
}

/**
 * Does for `cell` what the actor behind `ref`, on another node, has done when it linked itself with it.
 *
 * @param onOver Called when the link that this makes has ended.
 * @returns Whether this has made a link: not when there is one, or `cell` is about to end.
 */
export function acceptLink(
  cell: Cell,
  ref: BaseRef,
  onOver: () => void,
): boolean {
  if (isEnding(cell.state)) return false; // the other one watches it, and is told
  if (cell.rare.links?.has(ref.identity)) return false;
  linkFar(cell, ref, undefined, onOver);
  return true;
}

/** Ends what {@linkcode acceptLink} began, at the wish of the other node. */
export function endAcceptedLink(cell: Cell, ref: BaseRef): void {
  const made = cell.rareOrNone?.links?.get(ref.identity);
  if (made === undefined) return;
  cell.rare.links?.delete(ref.identity);
  cell.removeWatcher(made);
  ref.unwatch(made, "ended"); // the other node has forgotten it
  if (made instanceof FarLink) made.over();
}

function linkFar(
  cell: Cell,
  ref: BaseRef,
  linked: BaseRef | undefined,
  onOver?: () => void,
): void {
  const made = new FarLink(cell, ref, onOver);
  (cell.rare.links ??= new Map<unknown, Watcher>()).set(ref.identity, made);
  cell.addWatcher(made);
  ref.watch(made, linked); // last, since it may tell of an end in that very moment
}

/** Ends the link of `cell` with the actor behind `ref`; an end that was not handled yet is not felt. */
export function unlink(cell: Cell, ref: BaseRef): void {
  if (!cell.hasRare) return;
  const made = cell.rare.links?.get(ref.identity);
  if (made === undefined) return;
  cell.rare.links?.delete(ref.identity);
  cell.removeWatcher(made);
  if (made instanceof FarLink) made.over();
  if (!ref.isLocal) return ref.unwatch(made);
  if (!(ref instanceof LocalRef) || ref.cell.state === "stopped") return;
  ref.cell.rare.links?.delete(cell.ref);
  ref.cell.removeWatcher(made);
}

/** Lets the instance of `cell` handle the end of an actor that it is linked with, or fail with it. */
export function handleExit(cell: Cell, message: Message): unknown {
  const { terminated, ref, link } = message.body as ExitBody; // made by exitMail() only
  const { links } = cell.rare;
  if (links?.get(ref.identity) !== link) return undefined; // unlinked since
  links.delete(ref.identity);
  const { hooks } = cell;
  if (hooks?.onExit !== undefined) {
    return hooks.onExit(terminated, cell.context);
  }
  const { reason } = terminated;
  if (reason !== "stopped" && reason !== "passivated") {
    throw new LinkedActorError(cell.pid, terminated);
  }
  return undefined;
}

function exit(cell: Cell, body: ExitBody): void {
  if (!isEnding(cell.state)) cell.deliver(exitMail(body));
}
