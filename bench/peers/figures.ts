/**
 * The suite `peers`: Troupe beside other libraries, the same work for each.
 *
 * Data alone, so that a run of the other suites needs none of the libraries.
 * @module
 */

import type { Figure, Script } from "../figure.ts";

/** One thing that the libraries are measured with. */
interface Scenario {
  readonly name: string;
  readonly unit: string;
  readonly better: "higher" | "lower";
  readonly v8Flags?: string;
  /** The arms that take part besides Troupe's. */
  readonly peers: readonly string[];
}

/** Permissions of the arms that read settings from the environment. */
const PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  "effect-entity": ["--allow-env"],
};

const scenarios: readonly Scenario[] = [
  {
    name: "tell",
    unit: "messages/s",
    better: "higher",
    peers: ["nact", "effect", "effect-batch", "xstate", "xstate-machine"],
  },
  {
    name: "pingpong",
    unit: "messages/s",
    better: "higher",
    peers: ["nact", "effect", "xstate"],
  },
  {
    name: "ask.sequential",
    unit: "asks/s",
    better: "higher",
    peers: ["nact", "effect", "effect-entity", "xstate"],
  },
  {
    name: "ask.inflight64",
    unit: "asks/s",
    better: "higher",
    peers: ["nact", "effect", "effect-entity", "xstate"],
  },
  {
    name: "spawn",
    unit: "actors/s",
    better: "higher",
    peers: ["nact", "effect", "xstate"],
  },
  {
    name: "idle_heap",
    unit: "bytes",
    better: "lower",
    v8Flags: "--expose-gc",
    peers: ["nact", "effect", "xstate"],
  },
];

/** The figures of the suite, `peers.<scenario>.<arm>`; Troupe's is the baseline of the others. */
export const peerFigures: readonly Figure[] = scenarios.flatMap((scenario) => {
  const { name, unit, better, v8Flags, peers } = scenario;
  const scriptOf = (arm: string): Script => ({
    path: "peers/arm.ts",
    args: [name, arm],
    config: "peers/deno.json",
  });
  const troupe = scriptOf("troupe");
  const figureOf = (arm: string, subject: Script): Figure => ({
    name: `peers.${name}.${arm}`,
    unit,
    better,
    subject,
    ...(subject !== troupe && { baseline: troupe }),
    ...(v8Flags !== undefined && { v8Flags }),
    permissions: PERMISSIONS[arm] ?? [],
  });
  return [
    figureOf("troupe", troupe),
    ...peers.map((arm) => figureOf(arm, scriptOf(arm))),
  ];
});
