/**
 * What stands above the top-level actors.
 * @module
 */

import type { Cell } from "../cell/cell.ts";
import type { Owner } from "../cell/cell_state.ts";
import type { ChildKey } from "../cell/children.ts";

/** Owns the top-level actors and counts all living ones. */
export class Root implements Owner {
  readonly prefix = "";
  readonly children: Map<ChildKey, Cell> = new Map<ChildKey, Cell>();
  /** Set once the actors are being ended. */
  isEnding = false;
  #onFailure: (child: Cell, error: unknown) => void;
  #waiting: { cells: readonly Cell[]; resolve: () => void }[] = [];

  constructor(onFailure: (child: Cell, error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  childEnded(child: Cell): void {
    this.children.delete(child.key);
    this.#settle();
  }

  childDecided(): void {
    // What reaches the top ends the system; nothing waits here for a decision.
  }

  childFailed(child: Cell, error: unknown): void {
    this.#onFailure(child, error);
  }

  /** Resolves once no top-level actor lives but those in `cells`. */
  emptyBut(cells: readonly Cell[]): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ cells, resolve });
      this.#settle();
    });
  }

  #settle(): void {
    if (this.#waiting.length === 0) return;
    this.#waiting = this.#waiting.filter(({ cells, resolve }) => {
      const left = cells.filter(({ key }) => this.children.has(key)).length;
      if (this.children.size > left) return true;
      resolve();
      return false;
    });
  }
}
