/**
 * What becomes of a child's failure that its own supervisor passed on.
 * @module
 */

import type { Cell } from "../cell/cell.ts";
import { childName } from "../cell/children.ts";
import { decideFor } from "../cell/failures.ts";
import { apply, resume } from "../cell/transitions.ts";

/** Decides about the failure of one child, which counts as a failure of `cell`. */
export function handleEscalation(cell: Cell): void {
  const { rare } = cell;
  const { failed } = rare;
  if (failed === undefined) return;
  const [next] = failed;
  if (next === undefined) {
    rare.failed = undefined;
    return;
  }
  const [child, error] = next;
  failed.delete(child);
  const directive = decideFor(cell, error, `child ${childName(child.key)}`);
  if (directive === "resume") return resume(child);
  // Whoever lets this actor go on lets the child go on.
  if (directive === "escalate" || directive === "suspend") {
    rare.passedOn = child;
  }
  apply(cell, directive, error);
}
