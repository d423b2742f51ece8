/**
 * How long a request may take: no longer than its caller waits.
 * @module
 */

import { Code } from "../gen/internalpb/error_pb.ts";
import { Refusal, TEXT } from "../refusal.ts";
import type { GoaktHost, RequestContext } from "./host.ts";

/** How long work may take, in milliseconds. */
export interface TimeLeft extends Pick<RequestContext, "remaining"> {
  /**
   * What the request, or the protocol, allows; `Infinity` when neither says.
   * @default {Infinity}
   */
  readonly timeout?: number;
}

/**
 * Refuses a request whose caller has given up already.
 *
 * @throws {Refusal} When no time is left.
 */
export function checkTime(
  { remaining }: Pick<RequestContext, "remaining">,
): void {
  if (!(remaining > 0)) throw timedOut(TEXT.deadlineExceeded);
}

/**
 * Waits for `work`, no longer than the caller does. Work that takes longer goes on, for nobody.
 *
 * @throws {Refusal} When the time is over.
 */
export async function within<T>(
  { runtime: { clock } }: GoaktHost,
  work: Promise<T>,
  { timeout = Infinity, remaining }: TimeLeft,
): Promise<T> {
  const left = Math.min(timeout, remaining);
  if (left === Infinity) return await work;
  const isDeadline = remaining < timeout;
  const late = Promise.withResolvers<never>();
  const timer = clock.setTimer(
    Math.max(0, left),
    () =>
      late.reject(isDeadline ? timedOut(TEXT.deadlineExceeded) : timedOut()),
  );
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    timer.cancel();
  }
}

/** The time is over; `lines` say whose it was. */
export function timedOut(...lines: readonly string[]): Refusal {
  return new Refusal(Code.INTERNAL_ERROR, ...lines, TEXT.timedOut);
}
