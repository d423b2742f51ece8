/**
 * The suite `peers`: Troupe beside other libraries, the same work for each.
 * @module
 */

import type { Figure, Variant } from "../figure.ts";

/** One thing that the libraries are measured with. */
interface Scenario {
  readonly name: string;
  readonly unit: string;
  readonly better: "higher" | "lower";
  readonly v8Flags?: string;
  /** The work by the name of the arm; `troupe` is among them. */
  readonly arms:
    & Readonly<Record<"troupe", Variant>>
    & Readonly<Record<string, Variant>>;
}

/** Permissions of the arms that read settings from the environment. */
const PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  "effect-entity": ["--allow-env"],
};

// A process loads the library that it measures and no other.
const troupe = () => import("./troupe.ts");
const nact = () => import("./nact.ts");
const effect = () => import("./effect.ts");
const effectEntity = () => import("./effect_entity.ts");
const xstate = () => import("./xstate.ts");

const scenarios: readonly Scenario[] = [
  {
    name: "tell",
    unit: "messages/s",
    better: "higher",
    arms: {
      troupe: async () => await (await troupe()).tell(),
      nact: async () => await (await nact()).tell(),
      effect: async () => await (await effect()).tell(),
      "effect-batch": async () => await (await effect()).tellBatches(),
      xstate: async () => await (await xstate()).tell(),
      "xstate-machine": async () => await (await xstate()).tellMachine(),
    },
  },
  {
    name: "pingpong",
    unit: "messages/s",
    better: "higher",
    arms: {
      troupe: async () => await (await troupe()).pingPong(),
      nact: async () => await (await nact()).pingPong(),
      effect: async () => await (await effect()).pingPong(),
      xstate: async () => await (await xstate()).pingPong(),
    },
  },
  {
    name: "ask.sequential",
    unit: "asks/s",
    better: "higher",
    arms: {
      troupe: async () => await (await troupe()).askSequential(),
      nact: async () => await (await nact()).askSequential(),
      effect: async () => await (await effect()).askSequential(),
      "effect-entity": async () => await (await effectEntity()).askSequential(),
      xstate: async () => await (await xstate()).askSequential(),
    },
  },
  {
    name: "ask.inflight64",
    unit: "asks/s",
    better: "higher",
    arms: {
      troupe: async () => await (await troupe()).askInFlight(),
      nact: async () => await (await nact()).askInFlight(),
      effect: async () => await (await effect()).askInFlight(),
      "effect-entity": async () => await (await effectEntity()).askInFlight(),
      xstate: async () => await (await xstate()).askInFlight(),
    },
  },
  {
    name: "spawn",
    unit: "actors/s",
    better: "higher",
    arms: {
      troupe: async () => await (await troupe()).spawn(),
      nact: async () => await (await nact()).spawn(),
      effect: async () => await (await effect()).spawn(),
      xstate: async () => await (await xstate()).spawn(),
    },
  },
  {
    name: "idle_heap",
    unit: "bytes",
    better: "lower",
    v8Flags: "--expose-gc",
    arms: {
      troupe: async () => await (await troupe()).idle(),
      nact: async () => await (await nact()).idle(),
      effect: async () => await (await effect()).idle(),
      xstate: async () => await (await xstate()).idle(),
    },
  },
];

/** The figures of the suite, `peers.<scenario>.<arm>`; Troupe's is the baseline of the others. */
export const peerFigures: readonly Figure[] = scenarios.flatMap((scenario) => {
  const { name, unit, better, v8Flags, arms } = scenario;
  return Object.entries(arms).map(([arm, subject]): Figure => ({
    name: `peers.${name}.${arm}`,
    unit,
    better,
    subject,
    ...(arm !== "troupe" && { baseline: arms.troupe }),
    ...(v8Flags !== undefined && { v8Flags }),
    permissions: PERMISSIONS[arm] ?? [],
  }));
});
