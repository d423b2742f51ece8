/**
 * Which values come back equal from JSON.
 *
 * The quick checks only say yes or no; the slow ones, run after a no, say what is wrong and where.
 * @module
 */

import { BaseRef } from "../../actor/reference/ref.ts";

/** How deep arrays and objects may nest. */
export const MAX_DEPTH = 128;

/** What is wrong with a value, and where. */
export interface JsonProblem {
  /** For example `$.items[3].when`. */
  readonly path: string;
  /** What is there. */
  readonly found: string;
}

const MAX_KEY_LENGTH = 64;

/**
 * Whether `value` comes back equal from JSON. A property that is `undefined` counts as one that is not there;
 * keys that are symbols, named properties of arrays and properties that are not enumerable are not looked at:
 * asking for the symbols alone would cost as much as all the rest.
 *
 * @param depth How many levels of arrays and objects are allowed.
 */
export function isPlain(value: unknown, depth: number = MAX_DEPTH): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      // NaN and the infinities are not equal to 0 after this subtraction; -0 is the only zero with 1/x < 0.
      return value - value === 0 && (value !== 0 || 1 / value > 0);
    case "object":
      if (value === null) return true;
      if (depth === 0) return false;
      return Array.isArray(value)
        ? isPlainArray(value, depth - 1)
        : isPlainObject(value, depth - 1);
    default:
      return false;
  }
}

function isPlainArray(value: readonly unknown[], depth: number): boolean {
  if (Object.getPrototypeOf(value) !== Array.prototype) return false;
  // By index, because a hole must be seen as the undefined that it reads as.
  for (let index = 0; index < value.length; index++) {
    if (!isPlain(value[index], depth)) return false;
  }
  return true;
}

function isPlainObject(value: object, depth: number): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key in value) {
    if (key === "__proto__") return false;
    const property = (value as Record<string, unknown>)[key];
    // Most properties are texts: they need no call.
    if (typeof property === "string" || property === undefined) continue;
    if (key === "constructor" && hasPrototype(property)) return false;
    if (!isPlain(property, depth)) return false;
  }
  return true;
}

/**
 * Whether a value has a key `prototype`. Below a key `constructor`, who merges it into an object of his own level
 * by level writes into the prototype of all objects: that one inherits `constructor`. Each word alone is data.
 */
function hasPrototype(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    Object.hasOwn(value, "prototype");
}

/**
 * Whether a value that JSON.parse() made may be handed on: no key `__proto__` and no key `prototype` below
 * `constructor`, which would change the prototype of what it is copied or merged into, and no more than `depth`
 * levels.
 */
export function isSafe(value: unknown, depth: number = MAX_DEPTH): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (depth === 0) return false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      if (!isSafe(value[index], depth - 1)) return false;
    }
    return true;
  }
  for (const key in value) {
    if (key === "__proto__") return false;
    const property = (value as Record<string, unknown>)[key];
    if (key === "constructor" && hasPrototype(property)) return false;
    if (!isSafe(property, depth - 1)) return false;
  }
  return true;
}

/** Says what {@linkcode isPlain} or {@linkcode isSafe} did not like, first things first. */
export function findProblem(value: unknown): JsonProblem | undefined {
  return search(value, "$", []);
}

interface Ancestor {
  readonly value: object;
  readonly path: string;
}

function search(
  value: unknown,
  path: string,
  ancestors: Ancestor[],
): JsonProblem | undefined {
  if (typeof value !== "object" || value === null) {
    const found = primitiveProblem(value);
    return found === undefined ? undefined : { path, found };
  }
  const same = ancestors.find((ancestor) => ancestor.value === value);
  if (same !== undefined) {
    return { path, found: `a cycle back to "${same.path}"` };
  }
  if (ancestors.length === MAX_DEPTH) {
    return { path, found: `more than ${MAX_DEPTH} levels` };
  }
  const prototype: object | null = Object.getPrototypeOf(value);
  const wanted = Array.isArray(value) ? Array.prototype : Object.prototype;
  if (prototype !== wanted && (prototype !== null || Array.isArray(value))) {
    return { path, found: describeObject(value) };
  }
  ancestors.push({ value, path });
  const problem = Array.isArray(value)
    ? searchArray(value, path, ancestors)
    : searchObject(value, path, ancestors);
  ancestors.pop();
  return problem;
}

function searchArray(
  value: readonly unknown[],
  path: string,
  ancestors: Ancestor[],
): JsonProblem | undefined {
  for (let index = 0; index < value.length; index++) {
    const at = `${path}[${index}]`;
    if (!(index in value)) return { path: at, found: "a hole in an array" };
    if (value[index] === undefined) {
      return { path: at, found: "undefined in an array" };
    }
    const problem = search(value[index], at, ancestors);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function searchObject(
  value: object,
  path: string,
  ancestors: Ancestor[],
): JsonProblem | undefined {
  for (const key in value) {
    const at = path + formatKey(key);
    if (key === "__proto__") return { path: at, found: 'the key "__proto__"' };
    const property = (value as Record<string, unknown>)[key];
    if (property === undefined) continue;
    if (key === "constructor" && hasPrototype(property)) {
      const found = 'the key "prototype" below the key "constructor"';
      return { path: `${at}.prototype`, found };
    }
    const problem = search(property, at, ancestors);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function primitiveProblem(value: unknown): string | undefined {
  if (typeof value === "number") {
    if (Object.is(value, -0)) return "-0";
    return Number.isFinite(value) ? undefined : String(value);
  }
  if (value === undefined) return "undefined";
  const refused = typeof value === "bigint" || typeof value === "function" ||
    typeof value === "symbol";
  return refused ? `a ${typeof value}` : undefined;
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return "an array of a class of its own";
  if (value instanceof BaseRef) {
    return "a reference, of which only the address travels, String(ref.pid)";
  }
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && name !== "" && name !== "Object"
    ? `an instance of ${name.slice(0, MAX_KEY_LENGTH)}`
    : "an object with a prototype of its own";
}

/** Formats a key as it would be written after an object: `.name` or `["any text"]`. */
export function formatKey(key: PropertyKey): string {
  if (typeof key === "number") return `[${key}]`;
  const text = String(key).slice(0, MAX_KEY_LENGTH);
  return /^[A-Za-z_$][\w$]*$/.test(text)
    ? `.${text}`
    : `[${JSON.stringify(text)}]`;
}
