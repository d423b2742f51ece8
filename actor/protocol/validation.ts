/**
 * Checks of values with Standard Schemas.
 * @module
 */

import type { StandardIssue, StandardSchema } from "./codec.ts";
import type { Format } from "./specs.ts";

/** Returns the value that the schema made of its argument, or throws. */
export type Validate = (value: unknown) => unknown;

/**
 * The check that `format` asks for.
 *
 * @param format A schema, a codec or nothing.
 * @param action What is done with the value, for the error: `build "counter.increment"`.
 * @returns The check, or `undefined` when `format` is not a schema.
 */
export function validatorOf(
  format: Format<unknown> | undefined,
  action: string,
): Validate | undefined {
  if (format === undefined || !("~standard" in format)) return undefined;
  const schema: StandardSchema<unknown> = format;
  return (value) => {
    const result = schema["~standard"].validate(value);
    if (result instanceof Promise) {
      result.catch(() => {}); // the promise is refused below; what it says is of no use
      throw new TypeError(
        `Cannot ${action}: the ${
          schema["~standard"].vendor
        } schema answered with a promise, a synchronous schema was expected`,
      );
    }
    if (result.issues !== undefined) {
      throw new TypeError(`Cannot ${action}: ${listIssues(result.issues)}`);
    }
    return result.value;
  };
}

function listIssues(issues: readonly StandardIssue[]): string {
  return issues.map(({ message, path }) =>
    `${message} at "${formatPath(path)}"`
  ).join("; ");
}

function formatPath(path: StandardIssue["path"]): string {
  let text = "$";
  for (const part of path ?? []) {
    const key = typeof part === "object" ? part.key : part;
    text += typeof key === "number" ? `[${key}]` : `.${String(key)}`;
  }
  return text;
}
