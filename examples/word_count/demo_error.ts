/**
 * What ends the demo early.
 *
 * @module
 */

/** Something to tell the user, without a stack trace. */
export class DemoError extends Error {
  /** What the process exits with. */
  readonly exitCode: number;

  /** Takes the words for the user; exits with 1 unless told otherwise. */
  constructor(message: string, exitCode = 1) {
    super(message);
    this.name = "DemoError";
    this.exitCode = exitCode;
  }
}
