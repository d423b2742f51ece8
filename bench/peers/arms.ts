/**
 * What the arms of the suite `peers` do. Only this file and those that it loads need the packages of
 * the other libraries, so it runs with the configuration of this folder.
 * @module
 */

import type { Load } from "./scenarios.ts";

/** Does the work of one scenario with one library, proves it and returns the measured value. */
export type Arm = (load: Load) => Promise<number>;

/** The function for each scenario that an arm takes part in. */
interface Library {
  readonly tell?: Arm;
  readonly pingPong?: Arm;
  readonly askSequential?: Arm;
  readonly askInFlight?: Arm;
  readonly spawn?: Arm;
  readonly idle?: Arm;
}

// A process loads the library that it measures and no other.
const LIBRARIES = new Map<string, () => Promise<Library>>([
  ["troupe", () => import("./troupe.ts")],
  ["nact", () => import("./nact.ts")],
  ["effect", () => import("./effect.ts")],
  [
    "effect-batch",
    async () => ({ tell: (await import("./effect.ts")).tellBatches }),
  ],
  ["effect-entity", () => import("./effect_entity.ts")],
  ["xstate", () => import("./xstate.ts")],
  [
    "xstate-machine",
    async () => ({ tell: (await import("./xstate.ts")).tellMachine }),
  ],
]);

const FUNCTIONS: ReadonlyMap<string, keyof Library> = new Map([
  ["tell", "tell"],
  ["pingpong", "pingPong"],
  ["ask.sequential", "askSequential"],
  ["ask.inflight64", "askInFlight"],
  ["spawn", "spawn"],
  ["idle_heap", "idle"],
]);

/**
 * Loads one arm of one scenario.
 *
 * @param scenario The name of a scenario in `figures.ts`.
 * @param arm The name of one of its arms.
 * @throws {TypeError} When there is none of that name.
 */
export async function armOf(scenario: string, arm: string): Promise<Arm> {
  const library = await LIBRARIES.get(arm)?.();
  const name = FUNCTIONS.get(scenario);
  const found = name && library?.[name];
  if (found === undefined) {
    throw new TypeError(
      `Cannot run "${scenario}" "${arm}": a scenario and one of its arms were expected`,
    );
  }
  return found;
}
