/**
 * Actors that change how they handle messages.
 * @module
 */

import type { Cell } from "./cell.ts";
import {
  type HandlerTable,
  handlerTable,
  type Instance,
} from "../protocol/handlers.ts";

/** How many behaviors may lie on one another. */
const DEEPEST = 256;

/** Handlers with their table. */
interface Behaving {
  readonly instance: Instance;
  readonly table: HandlerTable;
}

/** What an actor can go back to: the behavior it began with, and those it has stacked. */
export interface Behaviors {
  /** What the factory made; its hooks stay in force. */
  readonly original: Behaving;
  /** What lies below the present behavior, the newest last. */
  readonly below: Behaving[];
}

/** Handles the next messages with `handlers`; what was stacked is forgotten. */
export function become(cell: Cell, handlers: object): void {
  const table = handlerTable(cell.protocol, handlers);
  const behaviors = behaviorsOf(cell);
  behaviors.below.length = 0;
  use(cell, { instance: handlers, table });
}

/** Handles the next messages with `handlers`, until they are taken off again. */
export function becomeStacked(cell: Cell, handlers: object): void {
  const table = handlerTable(cell.protocol, handlers);
  const { below } = behaviorsOf(cell);
  if (below.length >= DEEPEST) {
    throw new RangeError(
      `Cannot stack a behavior in "${cell.pid}": ${DEEPEST} lie on one another, fewer were expected`,
    );
  }
  below.push(present(cell));
  use(cell, { instance: handlers, table });
}

/** Takes the present behavior off the stack; false when there is none below it. */
export function unbecomeStacked(cell: Cell): boolean {
  const behaviors = cell.hasRare ? cell.rare.behaviors : undefined;
  const last = behaviors?.below.pop();
  if (last === undefined) return false;
  use(cell, last);
  return true;
}

/** Goes back to the behavior that the actor began with. */
export function unbecome(cell: Cell): void {
  const behaviors = cell.hasRare ? cell.rare.behaviors : undefined;
  if (behaviors === undefined) return;
  cell.rare.behaviors = undefined;
  use(cell, behaviors.original);
}

function behaviorsOf(cell: Cell): Behaviors {
  return cell.rare.behaviors ??= { original: present(cell), below: [] };
}

function present(cell: Cell): Behaving {
  const { instance, table } = cell;
  if (instance === undefined || table === undefined) {
    throw new TypeError(
      `Cannot change the behavior of "${cell.pid}": it has no instance, a running actor was expected`,
    );
  }
  return { instance, table };
}

function use(cell: Cell, { instance, table }: Behaving): void {
  cell.instance = instance;
  cell.table = table;
}
