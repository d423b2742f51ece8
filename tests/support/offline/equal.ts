/**
 * Structural equality with the meaning of `@std/assert`: same constructors, same own keys, `NaN` equals `NaN`,
 * `0` equals `-0`, an object without prototype equals a plain one, sets and maps in any order, cycles allowed.
 *
 * @module
 */

type Pairs = Map<object, Set<object>>;

/**
 * Compares two values by structure.
 *
 * @returns Whether they are equal.
 */
export function equal(a: unknown, b: unknown): boolean {
  return same(a, b, new Map());
}

function same(a: unknown, b: unknown, seen: Pairs): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (
    typeof a !== "object" || typeof b !== "object" || a === null || b === null
  ) return false;
  if (!constructorsAgree(a, b)) return false;
  if (a instanceof WeakMap || a instanceof WeakSet || a instanceof WeakRef) {
    throw new TypeError(
      `Cannot compare a ${a.constructor.name}: its content cannot be read`,
    );
  }
  const partners = seen.get(a);
  if (partners?.has(b)) return true;
  if (partners === undefined) seen.set(a, new Set([b]));
  else partners.add(b);
  return sameContent(a, b, seen) && sameProperties(a, b, seen);
}

function constructorsAgree(a: object, b: object): boolean {
  const [first, second] = [a.constructor, b.constructor];
  return first === second || (first === Object && !second) ||
    (!first && second === Object);
}

function sameContent(a: object, b: object, seen: Pairs): boolean {
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime());
  if (a instanceof RegExp || a instanceof URL) return String(a) === String(b);
  if (a instanceof Error) {
    const other = b as Error;
    return a.name === other.name && a.message === other.message &&
      same(a.cause, other.cause, seen);
  }
  if (a instanceof ArrayBuffer) {
    return same(new Uint8Array(a), new Uint8Array(b as ArrayBuffer), seen);
  }
  if (a instanceof Set) {
    return sameMembers([...a], [...(b as Set<unknown>)], seen);
  }
  if (a instanceof Map) {
    return sameMembers([...a], [...(b as Map<unknown, unknown>)], seen);
  }
  if (a instanceof Number || a instanceof String || a instanceof Boolean) {
    return Object.is(a.valueOf(), b.valueOf());
  }
  return true;
}

function sameMembers(a: unknown[], b: unknown[], seen: Pairs): boolean {
  if (a.length !== b.length) return false;
  const left = new Set(b);
  for (const item of a) {
    let partner: unknown;
    let found = false;
    for (const candidate of left) {
      // A failed trial must not be remembered as a pair that was equal.
      const trial: Pairs = new Map(
        Array.from(seen, ([key, set]) => [key, new Set(set)]),
      );
      if (!same(item, candidate, trial)) continue;
      [partner, found] = [candidate, true];
      break;
    }
    if (!found) return false;
    left.delete(partner);
  }
  return true;
}

function sameProperties(a: object, b: object, seen: Pairs): boolean {
  if (Array.isArray(a) && a.length !== (b as unknown[]).length) return false;
  const [keys, others] = [keysOf(a), keysOf(b)];
  if (keys.length !== others.length) return false;
  return keys.every((key) =>
    Object.hasOwn(b, key) &&
    same(Reflect.get(a, key), Reflect.get(b, key), seen)
  );
}

function keysOf(value: object): PropertyKey[] {
  const isEnumerable = (key: PropertyKey) =>
    Object.prototype.propertyIsEnumerable.call(value, key);
  return Reflect.ownKeys(value).filter(isEnumerable);
}
