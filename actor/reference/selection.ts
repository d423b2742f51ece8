/**
 * Finding actors by a pattern of paths.
 * @module
 */

import type { Cell } from "../cell/cell.ts";
import { type ChildKey, childKey, childName } from "../cell/children.ts";

type Children = ReadonlyMap<ChildKey, Cell> | undefined;

/** Stands for any number of names, also none. */
const ANY_DEPTH = "**";

/**
 * The actors below `children` whose path matches `pattern`: parents before their children, siblings in
 * the order in which they were spawned.
 *
 * @throws {TypeError} When a name in the pattern is empty.
 */
export function selectCells(children: Children, pattern: string): Cell[] {
  const names = pattern.split("/");
  if (names.includes("")) {
    throw new TypeError(
      `Cannot select actors by "${pattern}": found an empty name, wanted names or "*" with "/" between them`,
    );
  }
  const found = new Set<Cell>();
  collect(children, names, found);
  return [...found];
}

function collect(
  children: Children,
  [name, ...rest]: readonly string[],
  found: Set<Cell>,
): void {
  if (children === undefined || name === undefined) return;
  if (name === ANY_DEPTH) {
    if (rest.length > 0) collect(children, rest, found);
    for (const cell of children.values()) {
      if (rest.length === 0) found.add(cell);
      collect(cell.children, [name, ...rest], found);
    }
    return;
  }
  for (const cell of matching(children, name)) {
    if (rest.length === 0) found.add(cell);
    else collect(cell.children, rest, found);
  }
}

function matching(
  children: ReadonlyMap<ChildKey, Cell>,
  name: string,
): readonly Cell[] {
  if (!name.includes("*")) {
    const cell = children.get(childKey(name));
    return cell === undefined ? [] : [cell];
  }
  const parts = name.split("*").map((part) =>
    part.replace(/[^a-zA-Z0-9_]/g, "\\$&")
  );
  const pattern = new RegExp(`^${parts.join(".*")}$`);
  return [...children.values()].filter(({ key }) =>
    pattern.test(childName(key))
  );
}
