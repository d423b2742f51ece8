// deno-lint-ignore-file no-console -- the result is printed
/**
 * Runs one variant of one figure and prints its value: `variant.ts local.tell subject`.
 * @module
 */

import { findFigure } from "./suites.ts";

const [name = "", side = ""] = Deno.args;
const figure = findFigure(name);
const variant = side === "subject"
  ? figure?.subject
  : side === "baseline"
  ? figure?.baseline
  : undefined;
if (typeof variant !== "function") {
  throw new TypeError(
    `Cannot run "${name}" "${side}": the name of a figure and "subject" or "baseline" were expected`,
  );
}
console.log(JSON.stringify({ value: await variant() }));
// What is still open belongs to a process that has done its work.
Deno.exit(0);
