/**
 * Checks of options.
 * @module
 */

/** Throws a `RangeError` that names the range when `value` is not an integer in it. */
export function checkInteger(
  action: string,
  name: string,
  value: number,
  lowest: number,
  highest: number,
): void {
  if (Number.isInteger(value) && value >= lowest && value <= highest) return;
  throw new RangeError(
    `Cannot ${action}: ${name} is ${value}, an integer from ${lowest} to ${highest} was expected`,
  );
}

/** Throws a `RangeError` that names the range when `value` is not a number in it. */
export function checkRange(
  action: string,
  name: string,
  value: number,
  lowest: number,
  highest: number,
): void {
  if (value >= lowest && value <= highest) return;
  throw new RangeError(
    `Cannot ${action}: ${name} is ${value}, a number from ${lowest} to ${highest} was expected`,
  );
}
