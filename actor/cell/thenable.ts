/**
 * Promises and what looks like one.
 * @module
 */

const THEN = Promise.prototype.then;

/** Returns `value` when it has to be waited for. Reads its `then`, which may throw. */
export function thenableOf(value: unknown): PromiseLike<unknown> | undefined {
  return typeof value === "object" && value !== null && "then" in value &&
      typeof value.then === "function"
    ? value as PromiseLike<unknown> // it has the one method that makes it one
    : undefined;
}

/**
 * Calls exactly one of two functions, once. A promise of the language is waited for directly; anything
 * else that has a `then` gets a promise between, since it may call back twice, or throw.
 */
export function whenSettled(
  thenable: PromiseLike<unknown>,
  done: (value: unknown) => void,
  failed: (error: unknown) => void,
): void {
  try {
    if (isPlain(thenable)) void thenable.then(done, failed);
    else void new Promise((resolve) => resolve(thenable)).then(done, failed);
  } catch (error) {
    failed(error); // it has the prototype of a promise, and is none
  }
}

/** Whether `value` is a promise that nobody will wait for; its rejection is nobody's problem then. */
export function disown(value: unknown): boolean {
  const thenable = thenableOf(value);
  if (thenable === undefined) return false;
  whenSettled(thenable, () => {}, () => {});
  return true;
}

/** Whether `thenable` is a promise whose `then` nobody has changed. */
function isPlain(thenable: PromiseLike<unknown>): boolean {
  return thenable instanceof Promise && thenable.then === THEN &&
    thenable.constructor === Promise;
}
