/**
 * How an actor ends: no new mail, then the last of the instance, then the news of it.
 * @module
 */

import type { Cell } from "./cell.ts";
import { isEnding } from "./cell_state.ts";
import { StoppedError } from "../errors.ts";
import { report } from "./failures.ts";
import { CLOSED_MAILBOX } from "../mailboxes/mailbox.ts";
import { type Mail, messageOf } from "../protocol/message.ts";
import type { Terminated, TerminationReason } from "../reference/ref.ts";
import { isLifecycle } from "./signals.ts";
import { settleStart } from "./start_waits.ts";
import { thenableOf, whenSettled } from "./thenable.ts";

/** What a handler is told whose work nobody wants any more, because of what becomes of its actor. */
export function interruption(cell: Cell): StoppedError {
  const state = isEnding(cell.state) ? "stopping" : "restarting";
  const action = "go on with a message in";
  return new StoppedError(cell.pid, action, `it is ${state}`, "unknown");
}

/** Begins a stop. What waits goes to the dead letters. */
export function end(
  cell: Cell,
  state: "draining" | "stopping",
  reason: TerminationReason,
  error: unknown,
): void {
  if (cell.state === "draining" && state === "stopping") {
    cell.state = state; // the children need not finish their mail any more
    for (const child of cell.children?.values() ?? []) child.stop();
    return;
  }
  if (isEnding(cell.state)) return;
  cell.state = state;
  cell.rare.ending = { reason, error };
  cell.rare.timers?.close();
  cell.rare.residency?.close();
  for (const pipe of cell.rare.pipes ?? []) pipe.cancel();
  const { restartTimer } = cell.rare;
  if (restartTimer !== undefined) {
    restartTimer.cancel();
    cell.rare.restartTimer = undefined;
    cell.goOn();
  }
  cell.cancel(() => interruption(cell));
  const { front } = cell.rare;
  const mailbox = cell.mailbox;
  cell.mailbox = CLOSED_MAILBOX;
  const { stash, interleaving } = cell.rare;
  cell.rare.front = undefined;
  cell.rare.stash = undefined;
  const next = () =>
    interleaving?.chained.shift() ?? stash?.shift() ?? front?.shift() ??
      mailbox?.dequeue() as Mail | undefined; // gives back what it was given
  for (let mail = next(); mail !== undefined; mail = next()) {
    if (!isLifecycle(messageOf(mail))) cell.refuse(mail);
  }
  cell.wake();
}

/**
 * Ends `cell` without waiting. A handler or hook that still runs is left behind; the instance is ended
 * should that return.
 */
export function abandon(cell: Cell): void {
  if (cell.state === "stopped") return;
  for (const child of [...cell.children?.values() ?? []]) abandon(child);
  end(cell, "stopping", "stopped", undefined);
  if (cell.turn !== "awaiting") endLeftBehind(cell);
  const instance = cell.hooks;
  ended(cell);
  cell.instance = instance; // its handler still runs, and what ends that ends it
}

/** Ends the instance of an abandoned actor once nothing of it runs any more. */
export function endLeftBehind(cell: Cell): void {
  const { instance } = cell;
  if (instance === undefined) return;
  cell.instance = undefined;
  const failed = (error: unknown) => report(cell, error, "onStop", undefined);
  try {
    const ending = thenableOf(instance.onStop?.(cell.context));
    if (ending !== undefined) whenSettled(ending, () => {}, failed);
  } catch (error) {
    failed(error);
  }
}

/** `cell` is over: those who wait for that are told. */
export function ended(cell: Cell): void {
  cell.state = "stopped";
  cell.turn = "idle";
  cell.meter?.happened("stopped");
  settleStart(cell);
  const { reason = "stopped", error } = cell.rare.ending ?? {};
  const { events } = cell.runtime;
  const terminated = (): Terminated => ({
    pid: cell.pid,
    reason,
    ...(error === undefined ? {} : { error }),
  });
  cell.owner.childEnded(cell);
  if (events.wants("actor_stopped")) {
    events.publish({ type: "actor_stopped", ...terminated() });
  }
  const { watch, stopWaiters } = cell.rare;
  cell.release();
  watch?.close(cell, cell.ref, terminated);
  for (const run of stopWaiters ?? []) run();
}
