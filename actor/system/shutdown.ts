/**
 * How actors, and in the end the whole system, are stopped.
 * @module
 */

import type { Timer } from "../../internal/clock.ts";
import { counted, holdouts, waitingFor, workOf } from "../time/activity.ts";
import type { Cell } from "../cell/cell.ts";
import { describe, StoppedError } from "../errors.ts";
import type { Root } from "./root.ts";
import type { Runtime } from "./runtime.ts";
import { type ShutdownHookError, ShutdownHooks } from "./shutdown_hooks.ts";
import { StopWaits } from "../cell/stop_waits.ts";

/** Options of {@linkcode ActorSystem.drain}. */
export interface DrainOptions {
  /**
   * How long to wait for shutdown hooks, actors and outboxes together, in milliseconds. Then what waits goes
   * to the dead letters, and handlers that still run are left behind and named in a warning.
   * @default 300000
   */
  timeout?: number;
}

/** Actors that are named in the warning about those that did not stop in time. */
const NAMED = 10;

/** Stops actors and their system. */
export class Shutdown {
  /** Whether the system takes new actors. */
  state: "running" | "draining" | "stopped" = "running";
  /** The failure that was escalated up to the system. */
  failure: { readonly error: unknown } | undefined = undefined;
  #runtime: Runtime;
  #root: Root;
  #waits: StopWaits = new StopWaits();
  #drained: Promise<void> | undefined = undefined;
  #onStopped: () => void;
  /** What is done before the actors stop. */
  readonly hooks: ShutdownHooks;

  /** Stops what is below `root`; `onStopped` is called when nothing is left. */
  constructor(runtime: Runtime, root: Root, onStopped: () => void) {
    this.#runtime = runtime;
    this.#root = root;
    this.#onStopped = onStopped;
    this.hooks = new ShutdownHooks(runtime.clock, runtime.events);
  }

  /** Ends `cell` and waits for that, unless it cannot come before a handler of `caller` returns. */
  stop(cell: Cell, caller: Cell | undefined): Promise<void> {
    cell.stop();
    if (caller === undefined) return stopped(cell);
    if (this.#waits.holds(caller, cell)) return Promise.resolve();
    return this.#waits.begin(caller, () => [cell], stopped(cell));
  }

  /** Ends the system and waits for all actors whose end can come before a handler of `caller` returns. */
  drain({ timeout = 300_000 }: DrainOptions, caller?: Cell): Promise<void> {
    if (!(timeout >= 0)) {
      return Promise.reject(
        new RangeError(
          `Cannot drain system "${this.#runtime.name}": the timeout is ${timeout}, a number of milliseconds >= 0 was expected`,
        ),
      );
    }
    if (this.state === "running") {
      this.state = "draining";
      this.#runtime.scheduler.close();
      this.#drained = this.#finish(timeout);
      this.#drained.catch(() => {}); // a hook that failed; whoever awaits the drain is told
    }
    if (caller === undefined) return this.#drained as Promise<void>; // set when the state changed
    const others = () =>
      [...this.#root.children.values()].filter((top) => !caller.isWithin(top));
    const except = [...this.#root.children.values()].filter((top) =>
      this.#waits.holds(caller, top)
    );
    return this.#waits.begin(caller, others, this.#root.emptyBut(except));
  }

  /** Ends the system because a failure of `child` was escalated up to it. */
  fail(child: Cell, error: unknown): void {
    this.failure ??= { error };
    this.#runtime.events.publish({
      type: "warning",
      text:
        `"${child.pid}" failed and its failure was escalated to the system, which ends`,
      cause: error,
    });
    child.stop();
    void this.drain({});
  }

  async #finish(timeout: number): Promise<void> {
    const { clock, asks, events, outlets } = this.#runtime;
    const { children } = this.#root;
    const end = clock.now() + timeout;
    let failure: ShutdownHookError | undefined;
    if (this.hooks.size > 0) failure = await this.hooks.run(timeout);
    this.#root.isEnding = true;
    for (const child of [...children.values()]) child.drain();
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) =>
      timer = clock.setTimer(Math.max(0, end - clock.now()), resolve)
    );
    await Promise.race([this.#root.emptyBut([]), late]);
    timer?.cancel();
    if (children.size > 0) {
      const stuck = [...children.values()];
      events.publish({ type: "warning", text: complaint(stuck, timeout) });
      for (const cell of stuck) cell.abandon();
    }
    // Actors may have used them to the last, and what they hold goes over asks and the network.
    await outlets.end(Math.max(0, end - clock.now()));
    asks.close(({ target }) =>
      new StoppedError(
        target.pid,
        "wait for the reply of",
        "the asking system has stopped",
        "unknown",
      )
    );
    await this.#drainNetwork(end, timeout);
    this.state = "stopped";
    this.#onStopped();
    this.#runtime.alarms.close(); // what was left behind may go on
    events.close();
    if (failure !== undefined) throw failure;
  }

  /** Lets remoting send what the actors have left, until `end`. */
  async #drainNetwork(end: number, timeout: number): Promise<void> {
    const { network, clock, events } = this.#runtime;
    if (network === undefined) return;
    let timer: Timer | undefined;
    const late = new Promise<string>((resolve) => {
      const found = `remoting did not end within ${timeout} ms`;
      const left = Math.max(0, end - clock.now());
      timer = clock.setTimer(left, () => resolve(found));
    });
    const drained = network.drain().catch((error) =>
      `remoting did not end as it should: ${describe(error)}`
    );
    const text = await Promise.race([drained, late]);
    timer?.cancel();
    if (text !== undefined) events.publish({ type: "warning", text });
  }
}

/** Names the actors that keep `cells` from ending, and what they are doing. */
function complaint(cells: readonly Cell[], timeout: number): string {
  const culprits = [...holdouts(cells)];
  const list = culprits.slice(0, NAMED).map((cell) => {
    const own = cell.isEnding ? 0 : 1; // the wish that it ends waits as well
    const waiting = Math.max(0, waitingFor(cell) - own);
    return `"${cell.path}" (${workOf(cell, waiting)})`;
  });
  const more = culprits.length - list.length;
  if (more > 0) list.push(`and ${more} more`);
  return `${
    counted(culprits.length, "actor")
  } did not stop within ${timeout} ms: ${list.join(", ")}`;
}

function stopped(cell: Cell): Promise<void> {
  return new Promise((resolve) => cell.whenStopped(resolve));
}
