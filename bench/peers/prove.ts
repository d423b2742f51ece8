// deno-lint-ignore-file no-console -- the results are printed
/**
 * Tries the proof of every arm: prints what each returns when it has done all of a little work, and
 * the error that it ends with when it has done one thing less.
 * @module
 */

import { armOf } from "./arms.ts";
import { peerFigures } from "./figures.ts";
import { LITTLE, type Load } from "./scenarios.ts";
import type { Trial } from "./trial.ts";

async function outcomeOf(
  args: readonly string[],
  load: Load,
): Promise<number | string> {
  const [scenario = "", name = ""] = args;
  try {
    return await (await armOf(scenario, name))(load);
  } catch (error) {
    return String(error);
  }
}

for (const { name, subject } of peerFigures) {
  if (typeof subject === "function") throw new TypeError(`${name} has no arm`);
  const whole = await outcomeOf(subject.args, LITTLE);
  const short = await outcomeOf(subject.args, { ...LITTLE, shortfall: 1 });
  const trial: Trial = { name, whole, short };
  console.log(JSON.stringify(trial));
}
// What is still open belongs to a process that has done its work.
Deno.exit(0);
