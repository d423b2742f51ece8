/**
 * Durations and deadlines of the protocol, in milliseconds.
 * @module
 */

import type { Duration } from "@bufbuild/protobuf/wkt";

const NANOS = 1_000_000;
/** Larger than any time that remains, smaller than any moment since 1973, in nanoseconds. */
const ABSOLUTE = 100_000_000_000_000_000n;
/** A deadline that passed longer ago says that the clocks differ, in milliseconds. */
const OLDEST = 60_000;

/** The seconds and nanoseconds in `milliseconds`, which must be finite. */
export function durationParts(
  milliseconds: number,
): [seconds: number, nanos: number] {
  const seconds = Math.trunc(milliseconds / 1_000);
  const nanos = Math.round((milliseconds - seconds * 1_000) * NANOS);
  const isWhole = Math.abs(nanos) === 1_000 * NANOS;
  return isWhole ? [seconds + Math.sign(nanos), 0] : [seconds, nanos];
}

/** The milliseconds in a duration. */
export function fromDuration({ seconds, nanos }: Duration): number {
  return Number(seconds) * 1_000 + nanos / NANOS;
}

/**
 * How long the caller still waits, by the deadline in the metadata of its request; `Infinity` when that says
 * nothing.
 *
 * GoAkt v3 sends the moment on its own clock, v4 what remains. A moment more than a minute ago is taken for a
 * clock that differs and says nothing: no request is on its way for so long.
 *
 * @param deadline Nanoseconds.
 * @param now The wall clock, in milliseconds since 1970.
 */
export function remainingOf(deadline: bigint, now: number): number {
  if (deadline <= 0n) return Infinity;
  if (deadline < ABSOLUTE) return Number(deadline) / NANOS;
  const remaining = Number(deadline / 1_000_000n) - now;
  return remaining < -OLDEST ? Infinity : remaining;
}
