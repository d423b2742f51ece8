// deno-lint-ignore-file no-console -- the result is printed
/**
 * Runs one arm of one scenario and prints its value: `arm.ts tell nact`.
 * @module
 */

import { armOf } from "./arms.ts";
import { FULL } from "./scenarios.ts";

const [scenario = "", name = ""] = Deno.args;
const arm = await armOf(scenario, name);
console.log(JSON.stringify({ value: await arm(FULL) }));
// What is still open belongs to a process that has done its work.
Deno.exit(0);
