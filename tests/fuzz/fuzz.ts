/**
 * Feeds damaged bytes to whatever reads bytes of a peer, round by round, and says what came of it.
 *
 * @module
 */
import { concatBytes } from "../../internal/bytes.ts";
import { type Random, seededRandom } from "../../internal/random.ts";
import { below, pick } from "../remote/wire/wire_random.ts";
import { mutated } from "./mutate.ts";

/** Something that reads bytes of a peer. */
export interface Target {
  /** One word; the name of its corpus too. */
  readonly name: string;
  /** Makes an input that is right, or nearly so. */
  seed(random: Random): Uint8Array;
  /** Reads an input. It may be cut into parts at random. */
  run(bytes: Uint8Array<ArrayBuffer>, random: Random, steps: Steps): void;
  /** Whether an error is the answer to bytes that are wrong; any other is a crash. */
  isRefusal(error: unknown): boolean;
}

/** Counts what a target does with one input, which must end. */
export class Steps {
  #left: number;

  /** Takes the number of steps that the longest honest run needs. */
  constructor(most: number) {
    this.#left = most;
  }

  /** Takes a step. */
  take(): void {
    if (this.#left-- === 0) throw new Error("it does not come to an end");
  }
}

/** Inputs that were kept, by target. */
export type Corpus = ReadonlyMap<string, readonly Uint8Array[]>;

/** What a run is made of. */
export interface FuzzOptions {
  /** How many inputs. */
  count: number;
  /** Decides everything about them. */
  seed: number;
  /** What reads them. */
  targets: readonly Target[];
  /** Inputs of earlier runs, which take part besides those that the targets make. */
  corpus?: Corpus;
  /**
   * The number of the first input: a single one is repeated by its number and the seed.
   * @default 0
   */
  first?: number;
  /** Called before each input. */
  onRound?: (round: number) => void;
  /** Called with each input and what came of it. */
  onOutcome?: (target: string, input: Uint8Array, outcome: string) => void;
}

/** What came of a run. */
export interface FuzzReport {
  /** How many inputs were read to the end. */
  accepted: number;
  /** How many were refused. */
  refused: number;
  /** What came of inputs, as `target: outcome`, and how often. */
  readonly outcomes: Map<string, number>;
  /** Crashes, runs without an end, slow ones, each with all that repeats it. */
  readonly problems: string[];
}

/** Inputs that each target makes at the beginning, to be damaged. */
const SEEDS = 100;
/** How long one input may take, in milliseconds; checked by reading a slow one again. */
const MOST_MS = 500;
/** A run with more problems than this ends. */
const MOST_PROBLEMS = 20;

/** Runs the targets in turn, each on an input of its own. */
export function fuzz(options: FuzzOptions): FuzzReport {
  const { count, seed, targets, corpus, first = 0 } = options;
  const report: FuzzReport = {
    accepted: 0,
    refused: 0,
    outcomes: new Map(),
    problems: [],
  };
  const inputs = targets.map((target) => inputsOf(target, seed, corpus));
  for (let round = first; round < first + count; round++) {
    options.onRound?.(round);
    const which = round % targets.length;
    const target = targets[which]!;
    const random = seededRandom(mix(seed, round));
    const input = damaged(random, inputs[which]!);
    const outcome = readOnce(
      target,
      input,
      mix(round, seed),
      report,
      () =>
        `${target.name}: seed ${seed}, round ${round}, input ${
          shortened(input)
        }`,
    );
    const key = `${target.name}: ${outcome}`;
    report.outcomes.set(key, (report.outcomes.get(key) ?? 0) + 1);
    options.onOutcome?.(target.name, input, outcome);
    if (report.problems.length >= MOST_PROBLEMS) break;
  }
  return report;
}

/** Reads inputs as they are, such as those of a corpus. */
export function replay(
  targets: readonly Target[],
  corpus: Corpus,
): FuzzReport {
  const report: FuzzReport = {
    accepted: 0,
    refused: 0,
    outcomes: new Map(),
    problems: [],
  };
  for (const target of targets) {
    for (const [index, input] of (corpus.get(target.name) ?? []).entries()) {
      const outcome = readOnce(
        target,
        input.slice(),
        index,
        report,
        () => `${target.name}: input ${index} of the corpus`,
      );
      const key = `${target.name}: ${outcome}`;
      report.outcomes.set(key, (report.outcomes.get(key) ?? 0) + 1);
    }
  }
  return report;
}

function inputsOf(
  target: Target,
  seed: number,
  corpus: Corpus | undefined,
): readonly Uint8Array[] {
  const random = seededRandom(seed);
  const made = Array.from({ length: SEEDS }, () => target.seed(random));
  return [...made, ...corpus?.get(target.name) ?? []];
}

function damaged(
  random: Random,
  inputs: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const one = pick(random, inputs);
  const choice = random.next();
  if (choice < 0.02) return one.slice();
  if (choice > 0.1) return mutated(random, one);
  const other = pick(random, inputs);
  return mutated(
    random,
    concatBytes([
      one.slice(0, below(random, one.length + 1)),
      other.slice(below(random, other.length + 1)),
    ]),
  );
}

/** Reads an input and says in one line what came of it. */
function readOnce(
  target: Target,
  input: Uint8Array<ArrayBuffer>,
  seed: number,
  report: FuzzReport,
  where: () => string,
): string {
  const began = performance.now();
  const error = attempt(target, input, seed);
  const took = performance.now() - began;
  if (took > MOST_MS) {
    // The machine may have been busy with something else: what is slow is slow again.
    const again = performance.now();
    attempt(target, input, seed);
    const least = Math.min(took, performance.now() - again);
    if (least > MOST_MS) {
      report.problems.push(`${where()}: it took ${least.toFixed(0)} ms`);
    }
  }
  if (error === undefined) {
    report.accepted++;
    return "accepted";
  }
  const outcome = outcomeOf(error.reason);
  if (target.isRefusal(error.reason)) report.refused++;
  else {
    const { reason } = error;
    const stack = reason instanceof Error ? reason.stack : String(reason);
    report.problems.push(`${where()}: it ended with ${stack}`);
  }
  return outcome;
}

function attempt(
  target: Target,
  input: Uint8Array<ArrayBuffer>,
  seed: number,
): { reason: unknown } | undefined {
  try {
    // No input has more frames, parts or messages than bytes.
    target.run(input, seededRandom(seed), new Steps(2 * input.length + 16));
    return undefined;
  } catch (reason) {
    return { reason };
  }
}

/** An error without what differs from input to input. */
function outcomeOf(error: unknown): string {
  if (!(error instanceof Error)) return "something that is no error";
  const text = error.message.replace(/"[^]*"/g, '"…"').replace(/\d+/g, "n")
    .replace(/\$[^ :,]*/g, "$…").replace(/\(.*\)/g, "(…)");
  return `${error.name} ${text.slice(0, 160)}`;
}

/** A number that depends on all bits of both. */
function mix(one: number, other: number): number {
  let mixed = Math.imul(one ^ 0x9e3779b9, 0x85ebca6b) ^ other;
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}

function shortened(input: Uint8Array): string {
  const hex = input.subarray(0, 256).toHex();
  return input.length > 256 ? `${hex}… (${input.length} bytes)` : hex;
}
