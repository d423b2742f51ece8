/**
 * What is decided about failures, and who hears of them.
 * @module
 */

import { abort } from "../../internal/abort.ts";
import type { Cell } from "./cell.ts";
import { backoffDelay } from "../supervision/backoff.ts";
import type { RestartBudget } from "../events/events.ts";
import { RestartWindow } from "../supervision/restart_window.ts";
import { decide, type Directive } from "../supervision/supervisor.ts";

/** What the supervisor of `cell` says of `error`, within its budget of restarts. */
export function decideFor(
  cell: Cell,
  error: unknown,
  during: string,
): Directive {
  const { supervisor, runtime: { events, clock, random } } = cell;
  const { directive, fault } = decide(supervisor, error);
  if (fault !== undefined) {
    events.publish({
      type: "warning",
      text: `the supervisor of "${cell.pid}" failed, the actor is stopped`,
      cause: fault.error,
    });
  }
  if (directive === "restart") {
    const restarts = cell.rare.restarts ??= new RestartWindow();
    if (!restarts.admit(clock.now(), supervisor)) {
      const { maxRestarts, within } = supervisor;
      report(cell, error, during, "stop", { maxRestarts, within });
      return "stop";
    }
    if (supervisor.backoff !== undefined) {
      const attempt = restarts.size - 1;
      cell.rare.restartDelay = backoffDelay(
        supervisor.backoff,
        attempt,
        random,
      );
    }
  }
  report(cell, error, during, directive);
  return directive;
}

/** Aborts a signal that is the user's to listen to; what a listener throws is a reported failure of `cell`. */
export function abortFor(
  cell: Cell,
  controller: AbortController,
  reason: unknown,
): void {
  abort(controller, reason, (error) => report(cell, error, "abort", undefined));
}

/** Makes a failure known; without a directive when a stop was on its way already. */
export function report(
  cell: Cell,
  error: unknown,
  during: string,
  directive: Directive | undefined,
  exhausted?: RestartBudget,
): void {
  const { events } = cell.runtime;
  cell.meter?.happened("failed");
  if (!events.wants("actor_failed")) return;
  events.publish({
    type: "actor_failed",
    pid: cell.pid,
    error,
    during,
    directive,
    ...(exhausted === undefined ? {} : { exhausted }),
  });
}
