/**
 * Times by the calendar in the language of cron.
 *
 * @module
 */

import { Cron } from "croner";
import type { Calendar } from "./timing.ts";

export type { Calendar } from "./timing.ts";

/** Options of {@linkcode cron}. */
export interface CronOptions {
  /**
   * The IANA name of the time zone that the fields are meant in, such as `"Europe/Berlin"`.
   * @default the zone of the machine
   */
  timeZone?: string;
}

/** Some moment, to look forward from: expressions name no years, so any will do. */
const SOME_MOMENT = Date.UTC(2000, 0, 1);

/**
 * Reads a cron expression: five fields (minute, hour, day of month, month, day of week), six with the
 * second in front, or a nickname such as `@daily`. Fields take `*`, lists, ranges, steps and names
 * (`MON`, `JAN`), days also `L`, `W` and `#`. When both days are limited, either is enough.
 *
 * Where clocks are put forward, a time of day that does not exist that day comes right after the gap,
 * when hour, minute and second are single values; times of wider patterns are left out. Where clocks
 * are put back, such a single time comes once, the first time, and wider patterns go on through both.
 *
 * @param expression The expression.
 * @param options The time zone.
 * @returns The times, for `schedule`.
 * @throws {TypeError} When the expression cannot be read, or names no time at all; it says what was
 * found.
 * @throws {RangeError} When the time zone is not known.
 *
 * @example
 * ```ts
 * import { cron } from "@troupe/troupe/cron";
 *
 * const mornings = cron("30 8 * * MON-FRI", { timeZone: "UTC" });
 * const next = mornings.next(Date.parse("2026-01-02T12:00:00Z"));
 * console.assert(next === Date.parse("2026-01-05T08:30:00Z"));
 * ```
 */
export function cron(expression: string, options: CronOptions = {}): Calendar {
  const { timeZone } = options;
  checkFields(expression);
  if (timeZone !== undefined) checkZone(expression, timeZone);
  const pattern = parse(expression, timeZone);
  const next = (after: number): number | undefined =>
    pattern.nextRun(new Date(after))?.getTime();
  if (next(SOME_MOMENT) === undefined) {
    throw unreadable(expression, "it names a time that never comes");
  }
  return { next };
}

function parse(expression: string, timeZone: string | undefined): Cron {
  try {
    return new Cron(expression, {
      paused: true,
      ...(timeZone === undefined ? {} : { timezone: timeZone }),
    });
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw unreadable(
      expression,
      text.replace(/^CronPattern: |\.$/g, ""),
      cause,
    );
  }
}

/** The library would take seven fields, and a date; both are refused for being no repetition. */
function checkFields(expression: string): void {
  const fields = expression.trim().split(/\s+/).filter((it) => it !== "");
  const isNickname = fields.length === 1 && fields[0]?.startsWith("@");
  if (isNickname || fields.length === 5 || fields.length === 6) return;
  const found = fields.length === 1 ? "1 field" : `${fields.length} fields`;
  throw unreadable(expression, `it has ${found}`);
}

function checkZone(expression: string, timeZone: string): void {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch (cause) {
    throw new RangeError(
      `Cannot use cron expression "${expression}" in time zone "${timeZone}": there is no such zone, an IANA name such as "Europe/Berlin" was expected`,
      { cause },
    );
  }
}

function unreadable(
  expression: string,
  found: string,
  cause?: unknown,
): TypeError {
  return new TypeError(
    `Cannot read cron expression "${expression}": ${found}, five or six fields with a time that comes were expected`,
    cause === undefined ? undefined : { cause },
  );
}
