/**
 * The part of `@std/async` that the tests use, for machines that cannot reach JSR; same names, same meaning.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";

/** What ends a wait early. */
export interface WaitOptions {
  /** Rejects the wait with its reason. */
  signal?: AbortSignal;
}

/** How {@linkcode delay} waits. */
export interface DelayOptions extends WaitOptions {
  /**
   * Whether the wait keeps the process alive.
   *
   * @default {true}
   */
  persistent?: boolean;
}

/** Resolves after `ms` milliseconds; rejects with the signal's reason when that comes first. */
export async function delay(
  ms: number,
  options: DelayOptions = {},
): Promise<void> {
  const { signal, persistent = true } = options;
  signal?.throwIfAborted();
  try {
    await sleep(ms, undefined, { ref: persistent, ...(signal && { signal }) });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** Settles as `p` does; rejects with the signal's reason when that comes first. */
export async function abortable<T>(
  p: PromiseLike<T>,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([p, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Settles as `p` does; rejects with a `TimeoutError` after `ms` milliseconds when that comes first. */
export function deadline<T>(
  p: PromiseLike<T>,
  ms: number,
  options: WaitOptions = {},
): Promise<T> {
  const timeout = AbortSignal.timeout(ms);
  const { signal } = options;
  return abortable(p, signal ? AbortSignal.any([timeout, signal]) : timeout);
}
