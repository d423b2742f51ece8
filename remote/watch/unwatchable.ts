/**
 * Why some actors cannot be watched.
 * @module
 */

import type { Pid } from "../../actor/reference/pid.ts";

/** The error that whoever watches an actor of a GoAkt node is told. */
export function unwatchable(pid: Pid): TypeError {
  return new TypeError(
    `Cannot watch "${pid}": it is on a GoAkt node, which tells nobody of an end; an actor of a Troupe node was expected`,
  );
}
