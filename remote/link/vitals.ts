/**
 * Whether the other end of a connection still lives.
 * @module
 */

import { DisconnectedError, FrameError } from "../errors.ts";

/** How long an end is waited for, in milliseconds. */
export interface VitalOptions {
  /** Until something is heard. */
  silenceTimeout: number;
  /** Until it takes what is written. */
  writeTimeout: number;
  /** Until the rest comes of what it has begun to send. */
  stallTimeout: number;
}

/** What was seen of the other end, on one clock. */
export interface Signs {
  /** When it was last heard; `undefined` while nobody listens. */
  readonly heardAt: number | undefined;
  /** Since when a write waits; `undefined` when none does. */
  readonly writingSince: number | undefined;
  /** Since when the rest of a message is missing; `undefined` when none is. */
  readonly stalledSince: number | undefined;
}

/**
 * What is to be done about the other end:
 * nothing; ask it for a sign of life; or end the connection, and tell it why when it may still listen.
 */
export type Verdict =
  | { readonly kind: "well" | "ask" }
  | { readonly kind: "close" | "refuse"; readonly error: unknown };

const WELL: Verdict = { kind: "well" };
const ASK: Verdict = { kind: "ask" };

/** How often to look, so that what is wrong is noticed when a quarter more of the time has passed at the latest. */
export function examinationPeriod(options: VitalOptions): number {
  const { silenceTimeout, writeTimeout, stallTimeout } = options;
  return Math.min(silenceTimeout, writeTimeout, stallTimeout) / 4;
}

/**
 * Judges the other end of a connection.
 *
 * @param node The other end as `host:port`.
 * @param signs What was seen of it.
 * @param now The time.
 * @param awake Since when this process looks: what was missed before, because it stood still itself, is not
 * held against the other end.
 */
export function examine(
  node: string,
  { heardAt, writingSince, stalledSince }: Signs,
  options: VitalOptions,
  now: number,
  awake: number,
): Verdict {
  const { silenceTimeout, writeTimeout, stallTimeout } = options;
  const since = (time: number) => now - Math.max(time, awake);
  if (writingSince !== undefined && since(writingSince) >= writeTimeout) {
    const found =
      `it took nothing of what was written within ${writeTimeout} ms`;
    return {
      kind: "close",
      error: new DisconnectedError(node, "write to", found),
    };
  }
  if (stalledSince !== undefined && since(stalledSince) >= stallTimeout) {
    const found = `the rest of it did not come within ${stallTimeout} ms`;
    return {
      kind: "refuse",
      error: new FrameError("read a message", found, "all of it was expected"),
    };
  }
  if (heardAt === undefined) return WELL;
  const silence = since(heardAt);
  if (silence >= silenceTimeout) {
    const found = `nothing came from it within ${silenceTimeout} ms`;
    return {
      kind: "refuse",
      error: new DisconnectedError(node, "hear from", found),
    };
  }
  // What waits to be written is a sign of our own life; behind it a question would not arrive earlier.
  return silence >= examinationPeriod(options) && writingSince === undefined
    ? ASK
    : WELL;
}
