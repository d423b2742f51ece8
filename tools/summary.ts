/**
 * The last line of a test run.
 *
 * @module
 */

/** How a run of `deno test` ended. */
export interface Outcome {
  /** Number of tests that passed. */
  readonly passed: number;
  /** Number of tests that failed, and the ones that a run for all servers was not allowed to skip. */
  readonly failed: number;
}

const SUMMARY =
  /^(?:ok|FAILED) \| (\d+) passed\b.*? \| (\d+) failed\b(?:.*? \| (\d+) ignored\b)?/gm;

/**
 * Reads the counts that `deno test` prints at its end.
 *
 * @param output What it printed, with or without colours; the last summary counts.
 * @param code Its exit code; a run that ended badly has at least one failure.
 * @param options Whether a test that was ignored has failed.
 */
export function readOutcome(
  output: string,
  code: number,
  options: OutcomeOptions = {},
): Outcome {
  const { strict = false } = options;
  // deno-lint-ignore no-control-regex -- colours begin with an escape character
  const plain = output.replace(/\x1b\[[0-9;]*m/g, "");
  // A count that the line does not have is undefined here.
  const counts = Array.from(plain.matchAll(SUMMARY)).at(-1) ?? [];
  const [, passed = 0, failed = 0, ignored = 0] = Array.from(
    counts,
    (count: string | undefined) => Number(count ?? 0),
  );
  const refused = strict ? failed + ignored : failed;
  return { passed, failed: code === 0 ? refused : Math.max(refused, 1) };
}

/** How to count. */
export interface OutcomeOptions {
  /**
   * Whether an ignored test counts as failed.
   *
   * @default {false}
   */
  strict?: boolean;
}

/** Whether the run may be called green: something passed and nothing failed. */
export function isGreen(outcome: Outcome): boolean {
  return outcome.passed > 0 && outcome.failed === 0;
}

/** The line that ends a run. */
export function formatOutcome(outcome: Outcome): string {
  return `${outcome.passed} passed, ${outcome.failed} failed`;
}
