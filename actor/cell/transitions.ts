/**
 * How an actor gets from one state of its life to the next: start, restart, suspension.
 * @module
 */

import { endWaitsFor } from "../asks/ask_chain.ts";
import type { Cell } from "./cell.ts";
import { isEnding } from "./cell_state.ts";
import { end, ended, interruption } from "./ending.ts";
import { StartError } from "../errors.ts";
import { decideFor, report } from "./failures.ts";
import { handlerTable, type Instance } from "../protocol/handlers.ts";
import { retriesStart } from "./start.ts";
import { settleStart } from "./start_waits.ts";
import { unstash } from "./stash.ts";
import type { Directive } from "../supervision/supervisor.ts";
import { disown, thenableOf, whenSettled } from "./thenable.ts";

/** Whether {@linkcode advance} has something to do. */
export function canAdvance(cell: Cell): boolean {
  const { state } = cell;
  if (state === "starting") {
    return cell.hasRare && cell.rare.tries !== undefined;
  }
  return state === "restarting" || state === "stopping" || state === "draining";
}

/** Takes the next step of a start, restart or stop. Each step ends in a wait or in the next one. */
export function advance(cell: Cell): void {
  if (cell.state === "new") {
    cell.state = "starting";
    return begin(cell);
  }
  if (!canAdvance(cell)) return;
  if (cell.children !== undefined && cell.children.size > 0) {
    return endChildren(cell);
  }
  const instance = cell.hooks;
  if (instance !== undefined) return endInstance(cell, instance);
  if (cell.state === "starting") return begin(cell);
  if (cell.state !== "restarting") return ended(cell);
  if (cell.rare.restartDelay > 0) waitToRestart(cell);
  else begin(cell);
}

function waitToRestart(cell: Cell): void {
  const { rare, runtime: { clock } } = cell;
  const delay = rare.restartDelay;
  rare.restartDelay = 0;
  cell.turn = "awaiting";
  rare.restartTimer = clock.setTimer(delay, () => {
    rare.restartTimer = undefined;
    cell.goOn();
  });
}

/** Does what the supervisor decided about a failure of `cell`. */
export function apply(cell: Cell, directive: Directive, error: unknown): void {
  if (directive === "restart") {
    restart(cell, error);
    for (const other of fellows(cell)) restart(other, error);
  } else if (directive === "stop") {
    const others = fellows(cell);
    end(cell, "stopping", "failed", error);
    for (const other of others) other.stop();
  } else if (directive === "suspend") {
    suspend(cell, error);
  } else if (directive === "escalate") {
    cell.state = "suspended";
    cell.rare.ending = { reason: "failed", error };
    cell.owner.childFailed(cell, error);
  }
}

/** Replaces the instance of `cell` once what it is handling is done. */
export function restart(cell: Cell, error: unknown): void {
  if (
    cell.state !== "running" && cell.state !== "restarting" &&
    cell.state !== "suspended"
  ) return;
  cell.state = "restarting";
  cell.rare.ending = { reason: "failed", error };
  cell.rare.timers?.close();
  cell.rare.residency?.resume(); // whoever paused it is no more
  unstash(cell, Infinity);
  // What is in work besides what failed may wait for mail that comes after the restart.
  for (const { context } of cell.rare.interleaving?.flights ?? []) {
    context.cancel(() => interruption(cell));
  }
  if (cell.inFlight > 0) endWaitsFor(cell);
  cell.wake();
}

/** Holds the mail of `cell` until somebody decides otherwise; ends it when nobody will. */
function suspend(cell: Cell, error: unknown): void {
  cell.state = "suspended";
  cell.rare.ending = { reason: "failed", error };
  const { events } = cell.runtime;
  if (events.wants("actor_suspended")) {
    events.publish({ type: "actor_suspended", pid: cell.pid, error });
  }
  if (cell.owner.isEnding || cell.rare.isRetiring) cell.drain();
}

/** Drains an actor that nobody knows any more, so that nobody would reinstate it either. */
export function retire(cell: Cell): void {
  if (cell.isEnding) return;
  cell.rare.isRetiring = true;
  cell.drain();
}

/** Lets `cell` go on with its state, at the wish of somebody. */
export function reinstate(cell: Cell): void {
  if (cell.state !== "suspended") return;
  cell.owner.childDecided(cell);
  resume(cell);
  const { events } = cell.runtime;
  if (events.wants("actor_reinstated")) {
    events.publish({ type: "actor_reinstated", pid: cell.pid });
  }
}

/** The other actors that a restart or a stop of `cell` applies to. */
function fellows(cell: Cell): Cell[] {
  const { strategy } = cell.supervisor;
  if (strategy === "one_for_one") return [];
  const siblings = [...cell.owner.children?.values() ?? []];
  return siblings.filter((other) =>
    other !== cell && (strategy === "one_for_all" || other.number > cell.number)
  );
}

/** Lets `cell` go on after its parent decided to resume it. */
export function resume(cell: Cell): void {
  if (cell.state !== "suspended") return;
  if (cell.instance === undefined) {
    // It failed between two instances, so there is nothing to go on with.
    return end(cell, "stopping", "failed", cell.rare.ending?.error);
  }
  cell.state = "running";
  const { rare } = cell;
  rare.ending = undefined;
  const { passedOn } = rare;
  rare.passedOn = undefined;
  if (passedOn !== undefined) resume(passedOn);
  cell.wake();
}

/** Makes an instance and starts it. */
function begin(cell: Cell): void {
  let instance: Instance;
  let starting: PromiseLike<unknown> | undefined;
  cell.rareOrNone?.timers?.close(); // what the last instance began while it ended
  try {
    instance = cell.create();
    if (disown(instance)) {
      throw new TypeError(
        `Cannot start "${cell.pid}": its factory returned a promise, the handlers were expected; what has to wait belongs into onStart`,
      );
    }
    cell.table = handlerTable(cell.protocol, instance);
  } catch (error) {
    return startFailed(cell, error, "final");
  }
  try {
    starting = thenableOf(instance.onStart?.(cell.context));
  } catch (error) {
    return startFailed(cell, error, "hook");
  }
  if (starting === undefined) return begun(cell, instance);
  cell.turn = "awaiting";
  whenSettled(starting, () => {
    begun(cell, instance);
    cell.goOn();
  }, (error) => {
    startFailed(cell, error, "hook");
    cell.goOn();
  });
}

function begun(cell: Cell, instance: Instance): void {
  cell.instance = instance;
  if (isEnding(cell.state)) return; // stopped while it started: the instance is ended like any other
  const { events } = cell.runtime;
  if (cell.state === "starting") {
    cell.state = "running";
    if (cell.hasRare) cell.rare.tries = undefined;
    settleStart(cell);
    if (events.wants("actor_started")) {
      events.publish({ type: "actor_started", pid: cell.pid });
    }
    return;
  }
  cell.state = "running";
  cell.meter?.happened("restarted");
  settleStart(cell);
  const error = cell.rare.ending?.error;
  cell.rare.ending = undefined;
  if (events.wants("actor_restarted")) {
    events.publish({ type: "actor_restarted", pid: cell.pid, error });
  }
}

/** A factory that throws is final; a hook that does is tried again. */
function startFailed(
  cell: Cell,
  error: unknown,
  kind: "final" | "hook",
): void {
  if (cell.state === "starting") {
    if (kind === "hook" && retriesStart(cell)) {
      return report(cell, error, "onStart", "restart");
    }
    report(cell, error, "onStart", "stop");
    end(cell, "stopping", "not_started", new StartError(cell.pid, error));
  } else if (cell.state === "restarting") {
    const directive = decideFor(cell, error, "onStart");
    // There is no instance to go on with, so what is not another restart or the parent's is the end.
    if (directive === "resume") end(cell, "stopping", "failed", error);
    else apply(cell, directive, error);
  } else {
    report(cell, error, "onStart", undefined);
  }
}

function endChildren(cell: Cell): void {
  cell.turn = "awaiting_children";
  for (const child of [...cell.children?.values() ?? []]) {
    if (cell.state === "draining") child.drain();
    else child.stop();
  }
}

function endInstance(cell: Cell, instance: Instance): void {
  cell.instance = undefined;
  cell.rare.behaviors = undefined;
  cell.mail = undefined;
  let during = "onStop";
  let ending: PromiseLike<unknown> | undefined;
  try {
    if (cell.state === "restarting" && instance.onRestart !== undefined) {
      during = "onRestart";
      const { ending: cause } = cell.rare;
      ending = thenableOf(instance.onRestart(cause?.error, cell.context));
    } else {
      ending = thenableOf(instance.onStop?.(cell.context));
    }
  } catch (error) {
    report(cell, error, during, undefined);
  }
  if (ending === undefined) return advance(cell);
  cell.turn = "awaiting";
  whenSettled(ending, () => cell.goOn(), (error) => {
    report(cell, error, during, undefined);
    cell.goOn();
  });
}
