/**
 * What a program has to do before the actors of its system stop.
 * @module
 */

import { abort } from "../../internal/abort.ts";
import type { Clock, Timer } from "../../internal/clock.ts";
import { ActorError, describe } from "../errors.ts";
import type { EventBus } from "../events/event_stream.ts";
import type { Awaitable } from "../protocol/handlers.ts";

/**
 * What follows from a shutdown hook that throws: the hooks behind it are left out and the drain rejects
 * (`"fail"`), or the next hook runs (`"skip"`); at once, or after more tries.
 */
export type ShutdownHookPolicy =
  | "fail"
  | "skip"
  | "retry_then_fail"
  | "retry_then_skip";

/** What a shutdown hook does. The signal aborts when the time of the drain is over. */
export type ShutdownHookRun = (signal: AbortSignal) => Awaitable<void>;

/** Options of {@linkcode ActorSystem.onShutdown}. */
export interface ShutdownHookOptions {
  /**
   * What follows when the hook throws.
   * @default "fail"
   */
  onError?: ShutdownHookPolicy;
  /**
   * How often the hook is tried again under a policy that retries.
   * @default 3
   */
  retries?: number;
  /**
   * How long to wait before each retry, in milliseconds.
   * @default 1000
   */
  delay?: number;
}

/** A hook as the `shutdown` option of a system lists it. */
export interface ShutdownHook extends ShutdownHookOptions {
  /** Its name, for errors and warnings. */
  name: string;
  /** What it does. */
  run: ShutdownHookRun;
}

/** A shutdown hook has failed, so those behind it did not run. The actors were stopped all the same. */
export class ShutdownHookError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "shutdown_hook_error";
  /** The name of the hook. */
  readonly hook: string;

  /** Names the hook; `cause` is what it threw last. */
  constructor(hook: string, cause: unknown) {
    super(`Cannot run shutdown hook "${hook}": ${describe(cause)}`, {
      outcome: "done",
      cause,
    });
    this.hook = hook;
  }
}

/** What is known of one hook. */
interface Registered {
  readonly name: string;
  readonly run: ShutdownHookRun;
  readonly onError: ShutdownHookPolicy;
  readonly tries: number;
  readonly delay: number;
}

/** How one try ended: well, with an error, or not in time. */
type Try = { readonly error: unknown } | "done" | "late";

/** The shutdown hooks of one system. */
export class ShutdownHooks {
  readonly #clock: Clock;
  readonly #events: EventBus;
  readonly #hooks: Set<Registered> = new Set<Registered>();

  constructor(clock: Clock, events: EventBus) {
    this.#clock = clock;
    this.#events = events;
  }

  /** How many there are. */
  get size(): number {
    return this.#hooks.size;
  }

  /**
   * Adds a hook behind the others.
   *
   * @returns Takes it out again.
   * @throws {RangeError} When a number is out of its range.
   */
  add(hook: ShutdownHook): Disposable {
    const { name, run, onError = "fail", retries = 3, delay = 1_000 } = hook;
    if (!(Number.isInteger(retries) && retries >= 0)) {
      throw new RangeError(
        `Cannot add shutdown hook "${name}": retries is ${retries}, a whole number >= 0 was expected`,
      );
    }
    if (!(delay >= 0)) {
      throw new RangeError(
        `Cannot add shutdown hook "${name}": the delay is ${delay}, a number of milliseconds >= 0 was expected`,
      );
    }
    const isRetried = onError === "retry_then_fail" ||
      onError === "retry_then_skip";
    const tries = isRetried ? retries + 1 : 1;
    const registered = { name, run, onError, tries, delay };
    this.#hooks.add(registered);
    return { [Symbol.dispose]: () => void this.#hooks.delete(registered) };
  }

  /**
   * Runs all hooks, one after the other, within `timeout` milliseconds.
   *
   * @returns The error of the hook that failed, when one did. Never rejects.
   */
  async run(timeout: number): Promise<ShutdownHookError | undefined> {
    const controller = new AbortController();
    const { signal } = controller;
    const late = new Promise<"late">((resolve) =>
      signal.addEventListener("abort", () => resolve("late"))
    );
    const timer = this.#clock.setTimer(timeout, () => {
      const text = `the ${timeout} ms of the drain are over`;
      abort(
        controller,
        new DOMException(text, "TimeoutError"),
        (error) =>
          this.#warn(
            "a listener of the signal of shutdown hooks failed",
            error,
          ),
      );
    });
    try {
      for (const hook of [...this.#hooks]) {
        if (signal.aborted) {
          this.#warn(`shutdown hook "${hook.name}" did not run`, signal.reason);
          continue;
        }
        const error = await this.#runOne(hook, signal, late);
        if (error !== undefined) return error;
      }
      return undefined;
    } finally {
      timer.cancel();
    }
  }

  async #runOne(
    hook: Registered,
    signal: AbortSignal,
    late: Promise<"late">,
  ): Promise<ShutdownHookError | undefined> {
    const { name, onError } = hook;
    let outcome: Try = "done";
    for (let left = hook.tries; left > 0; left--) {
      outcome = await Promise.race([tryOnce(hook, signal), late]);
      if (outcome === "done") return undefined;
      if (outcome === "late") break;
      if (left > 1) await this.#wait(hook.delay, late);
      if (signal.aborted) break;
    }
    const cause = outcome === "late" || outcome === "done"
      ? signal.reason
      : outcome.error;
    this.#warn(`shutdown hook "${name}" failed (${onError})`, cause);
    return onError === "fail" || onError === "retry_then_fail"
      ? new ShutdownHookError(name, cause)
      : undefined;
  }

  #wait(delay: number, late: Promise<"late">): Promise<unknown> {
    let timer: Timer | undefined;
    const over = new Promise<void>((resolve) =>
      timer = this.#clock.setTimer(delay, resolve)
    );
    return Promise.race([over, late]).finally(() => timer?.cancel());
  }

  #warn(text: string, cause: unknown): void {
    this.#events.publish({ type: "warning", text, cause });
  }
}

async function tryOnce({ run }: Registered, signal: AbortSignal): Promise<Try> {
  try {
    await run(signal);
    return "done";
  } catch (error) {
    return { error };
  }
}
