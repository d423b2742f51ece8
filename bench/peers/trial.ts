/**
 * What `prove.ts` prints.
 * @module
 */

/** What came of one arm. */
export interface Trial {
  /** The figure. */
  readonly name: string;
  /** What it measured, or the error if it failed with all work done. */
  readonly whole: number | string;
  /** The error that the proof ended with when work was missing, or the value if it went through. */
  readonly short: number | string;
}
