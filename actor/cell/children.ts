/**
 * The actors below one parent, by name.
 * @module
 */

import type { Cell } from "./cell.ts";

/** An actor's key among its siblings: the name it was given, or its number when it was given none. */
export type ChildKey = string | number;

const UNNAMED = "$";

/** The name that stands for `key` in a path. */
export function childName(key: ChildKey): string {
  return typeof key === "string" ? key : UNNAMED + key.toString(36);
}

/** The key that {@linkcode childName} made `name` of. */
export function childKey(name: string): ChildKey {
  if (!name.startsWith(UNNAMED)) return name;
  const number = Number.parseInt(name.slice(1), 36);
  return childName(number) === name ? number : name; // what it never made is nobody's
}

/** Looks for an actor below `children` by the names on the way down. */
export function findCell(
  children: ReadonlyMap<ChildKey, Cell> | undefined,
  path: string,
): Cell | undefined {
  let level = children;
  let found: Cell | undefined;
  for (const name of path.split("/")) {
    found = level?.get(childKey(name));
    if (found === undefined) return undefined;
    level = found.children;
  }
  return found;
}
