/**
 * Messages in the words of a failed expectation.
 * @module
 */

import { inspect } from "node:util";
import type { Message } from "../actor/mod.ts";

/** The type of a message and, in one line, its body. */
export function showMessage({ type, body }: Message): string {
  if (body === undefined) return `"${type}"`;
  return `"${type}" ${inspect(body, { breakLength: Infinity, depth: 4 })}`;
}
