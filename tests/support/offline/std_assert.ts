/**
 * The part of `@std/assert` that the tests use, for machines that cannot reach JSR; same names, same meaning.
 *
 * @module
 */
import { deepStrictEqual } from "node:assert/strict";
import { equal } from "./equal.ts";

export { equal };

/** A class, possibly abstract, whose instances are `T`. */
export type AnyConstructor<T> = abstract new (...args: never[]) => T;

/** A class whose instances are `T`. */
export type Constructor<T> = new (...args: never[]) => T;

/** What every failed assertion throws. */
export class AssertionError extends Error {
  override name = "AssertionError";
}

function refuse(text: string, msg: string | undefined): never {
  throw new AssertionError(msg === undefined ? text : `${text}: ${msg}`);
}

function show(value: unknown): string {
  return Deno.inspect(value, { depth: 8, compact: true, breakLength: 100 });
}

/** Fails unless `expr` is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** Fails unless `expr` is falsy. */
export function assertFalse(
  expr: unknown,
  msg?: string,
): asserts expr is false {
  if (expr) refuse(`Expected ${show(expr)} to be falsy`, msg);
}

/** Fails always. */
export function fail(msg?: string): never {
  refuse("Failed assertion", msg);
}

/** Fails when it is reached. */
export function unreachable(msg?: string): never {
  refuse("Unreachable", msg);
}

/** Fails unless both values have the same structure. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!equal(actual, expected)) {
    refuse(`Values are not equal\n${difference(actual, expected)}`, msg);
  }
}

function difference(actual: unknown, expected: unknown): string {
  try {
    deepStrictEqual(actual, expected);
  } catch (error) {
    if (error instanceof Error) return error.message;
    throw error;
  }
  return `${show(actual)} and ${show(expected)}`;
}

/** Fails when both values have the same structure. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) {
    refuse(`Expected anything but ${show(expected)}`, msg);
  }
}

/** Fails unless `Object.is(actual, expected)`. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const hint = equal(actual, expected)
    ? "equal, but not the same"
    : "not the same";
  refuse(`Values are ${hint}: ${show(actual)} and ${show(expected)}`, msg);
}

/** Fails when `Object.is(actual, expected)`. */
export function assertNotStrictEquals<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  if (Object.is(actual, expected)) {
    refuse(`Expected anything but ${show(expected)}`, msg);
  }
}

/** Fails unless the numbers differ by at most `tolerance`, by default 1e-7 of `expected`. */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  msg?: string,
): void {
  if (Object.is(actual, expected)) return;
  const limit = tolerance ??
    (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  if (!(Math.abs(expected - actual) <= limit)) {
    refuse(
      `Expected ${show(actual)} to be within ${limit} of ${show(expected)}`,
      msg,
    );
  }
}

/** Fails for `null` and `undefined`. */
export function assertExists<T>(
  actual: T,
  msg?: string,
): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) {
    refuse(`Expected a value, found ${show(actual)}`, msg);
  }
}

/** Fails unless `actual` is an instance of the class. */
export function assertInstanceOf<T>(
  actual: unknown,
  expectedType: AnyConstructor<T>,
  msg = "",
): asserts actual is T {
  if (!(actual instanceof expectedType)) {
    refuse(
      `Expected an instance of ${expectedType.name}, found ${show(actual)}`,
      msg || undefined,
    );
  }
}

/** Fails unless the pattern matches. */
export function assertMatch(
  actual: string,
  expected: RegExp,
  msg?: string,
): void {
  if (!expected.test(actual)) {
    refuse(`Expected ${show(actual)} to match ${expected}`, msg);
  }
}

/** Fails when the pattern matches. */
export function assertNotMatch(
  actual: string,
  expected: RegExp,
  msg?: string,
): void {
  if (expected.test(actual)) {
    refuse(`Expected ${show(actual)} not to match ${expected}`, msg);
  }
}

/** Fails unless `actual` contains `expected`. */
export function assertStringIncludes(
  actual: string,
  expected: string,
  msg?: string,
): void {
  if (!actual.includes(expected)) {
    refuse(`Expected ${show(actual)} to contain ${show(expected)}`, msg);
  }
}

/** Fails unless each expected item equals some item of `actual`. */
export function assertArrayIncludes<T>(
  actual: ArrayLike<T>,
  expected: ArrayLike<T>,
  msg?: string,
): void {
  const items = Array.from(actual);
  const missing = Array.from(expected).filter((wanted) =>
    !items.some((item) => equal(wanted, item))
  );
  if (missing.length > 0) {
    refuse(`Expected ${show(items)} to include ${show(missing)}`, msg);
  }
}

/** Fails unless `actual` has the expected properties, nested ones included; it may have more. */
export function assertObjectMatch(
  actual: object,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  if (!covers(actual, expected)) {
    refuse(
      `Expected an object with the wanted properties\n${
        difference(actual, expected)
      }`,
      msg,
    );
  }
}

function covers(actual: unknown, expected: unknown): boolean {
  if (!isPlain(expected)) {
    if (!Array.isArray(expected) || !Array.isArray(actual)) {
      return equal(actual, expected);
    }
    return actual.length === expected.length &&
      expected.every((item, at) => covers(actual[at], item));
  }
  if (typeof actual !== "object" || actual === null) return false;
  return Reflect.ownKeys(expected).every((key) =>
    key in actual &&
    covers(Reflect.get(actual, key), Reflect.get(expected, key))
  );
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Fails unless `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual > expected)) {
    refuse(`Expected ${show(actual)} > ${show(expected)}`, msg);
  }
}

/** Fails unless `actual >= expected`. */
export function assertGreaterOrEqual<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  if (!(actual >= expected)) {
    refuse(`Expected ${show(actual)} >= ${show(expected)}`, msg);
  }
}

/** Fails unless `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual < expected)) {
    refuse(`Expected ${show(actual)} < ${show(expected)}`, msg);
  }
}

/** Fails unless `actual <= expected`. */
export function assertLessOrEqual<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  if (!(actual <= expected)) {
    refuse(`Expected ${show(actual)} <= ${show(expected)}`, msg);
  }
}

/** Fails unless `error` is an error of the class, with the text or pattern in its message. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: AnyConstructor<E>,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  if (!(error instanceof Error)) {
    refuse(`Expected an Error, found ${show(error)}`, msg);
  }
  if (ErrorClass !== undefined && !(error instanceof ErrorClass)) {
    refuse(
      `Expected a ${ErrorClass.name}, found a ${error.constructor.name}: "${error.message}"`,
      msg,
    );
  }
  const isIn = msgMatches === undefined ||
    (typeof msgMatches === "string"
      ? error.message.includes(msgMatches)
      : msgMatches.test(error.message));
  if (!isIn) {
    refuse(
      `Expected the message "${error.message}" to contain ${show(msgMatches)}`,
      msg,
    );
  }
}

/** Fails unless the function throws; gives what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Fails unless the function throws an error of the class; gives the error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: Constructor<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  classOrMsg?: Constructor<Error> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  try {
    fn();
  } catch (error) {
    if (typeof classOrMsg === "function") {
      assertIsError(error, classOrMsg, msgIncludes, msg);
    }
    return error;
  }
  refuse(
    "Expected the function to throw",
    typeof classOrMsg === "string" ? classOrMsg : msg,
  );
}

/** Fails unless the promise of the function rejects; gives the reason. */
export function assertRejects(
  fn: () => PromiseLike<unknown>,
  msg?: string,
): Promise<unknown>;
/** Fails unless the promise of the function rejects with an error of the class; gives the error. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: Constructor<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: Constructor<Error> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const text = typeof classOrMsg === "string" ? classOrMsg : msg;
  let pending: PromiseLike<unknown>;
  try {
    pending = fn();
  } catch {
    refuse(
      "Expected the function to reject, it threw before it returned a promise",
      text,
    );
  }
  if (typeof pending?.then !== "function") {
    refuse(`Expected a promise, found ${show(pending)}`, text);
  }
  try {
    await pending;
  } catch (error) {
    if (typeof classOrMsg === "function") {
      assertIsError(error, classOrMsg, msgIncludes, msg);
    }
    return error;
  }
  refuse("Expected the promise to reject", text);
}
