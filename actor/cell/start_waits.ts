/**
 * Who waits for the start of an actor.
 * @module
 */

import type { Cell } from "./cell.ts";
import { isEnding } from "./cell_state.ts";
import { StoppedError } from "../errors.ts";

/** Resolves once `cell` has started. When that fails it rejects once `cell` has ended, and its name is free. */
export function started(cell: Cell): Promise<void> {
  const { state } = cell;
  const ending = cell.hasRare ? cell.rare.ending : undefined;
  const hasFailed = isEnding(state) && ending?.reason === "not_started";
  if (
    state === "new" || state === "starting" || state === "restarting" ||
    hasFailed && state !== "stopped"
  ) {
    return new Promise((resolve, reject) =>
      (cell.rare.startWaiters ??= []).push({ resolve, reject })
    );
  }
  if (!isEnding(state)) return Promise.resolve();
  return Promise.reject(
    hasFailed
      ? ending.error
      : new StoppedError(cell.pid, "wait for the start of", "it has stopped"),
  );
}

/** Answers those who wait for the start. */
export function settleStart(cell: Cell): void {
  const waiters = cell.hasRare ? cell.rare.startWaiters : undefined;
  if (waiters === undefined) return;
  cell.rare.startWaiters = undefined;
  for (const { resolve, reject } of waiters) {
    if (cell.state === "running") resolve();
    else started(cell).then(resolve, reject);
  }
}
