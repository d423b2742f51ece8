/**
 * Runs the fuzzer where it can be watched, and ended when it hangs.
 *
 * @module
 */
import { readCorpus } from "./corpus.ts";
import { fuzz } from "./fuzz.ts";
import { TARGETS } from "./targets.ts";

/** What a worker is told. */
export interface FuzzOrder {
  count: number;
  seed: number;
  first: number;
  /** Four bytes that hold the number of the input in work. */
  round: SharedArrayBuffer;
}

/** An input and what came of it. */
export interface Found {
  target: string;
  input: Uint8Array;
  outcome: string;
}

/** What a worker answers. */
export interface FuzzAnswer {
  accepted: number;
  refused: number;
  outcomes: number;
  problems: readonly string[];
  /** The shortest input that led to each outcome. */
  shortest: readonly Found[];
  /** Bytes of the heap and of arrays outside of it, in the first fifth and at the end. */
  before: number;
  after: number;
}

const { gc } = globalThis as unknown as { gc: () => void }; // the flag puts it there

/** Bytes in use, once what is not has gone: arrays go a little after the objects that had them. */
async function memory(): Promise<number> {
  for (let left = 3; left > 0; left--) {
    gc();
    await new Promise((resolve) => setTimeout(resolve));
  }
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<FuzzOrder>) => void) | null;
  postMessage(answer: FuzzAnswer): void;
};

scope.onmessage = async ({ data }) => {
  const { count, seed, first } = data;
  const round = new Int32Array(data.round);
  const corpus = await readCorpus(TARGETS);
  const shortest = new Map<string, Found>();
  const run = (from: number, to: number) =>
    fuzz({
      count: to - from,
      seed,
      first: from,
      targets: TARGETS,
      corpus,
      onRound: (at) => void Atomics.store(round, 0, at),
      onOutcome: (target, input, outcome) => {
        const key = `${target}: ${outcome}`;
        if (input.length < (shortest.get(key)?.input.length ?? 200)) {
          shortest.set(key, { target, input, outcome });
        }
      },
    });
  const warm = first + Math.floor(count / 5);
  const one = run(first, warm);
  const before = await memory();
  const two = run(warm, first + count);
  scope.postMessage({
    accepted: one.accepted + two.accepted,
    refused: one.refused + two.refused,
    outcomes: new Set([...one.outcomes.keys(), ...two.outcomes.keys()]).size,
    problems: [...one.problems, ...two.problems],
    shortest: [...shortest.values()],
    before,
    after: await memory(),
  });
};
