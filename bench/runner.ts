/**
 * Runs the variants of figures in rounds, each in a fresh process.
 * @module
 */

import { spawnDeno } from "./child.ts";
import type { Figure, Samples, Side, Variant } from "./figure.ts";

/** Milliseconds that one variant may take. */
const PATIENCE = 30_000;

/** One process of a round. */
interface Run {
  readonly figure: Figure;
  readonly side: Side;
  readonly variant: Variant;
}

/** What a whole run gave. */
export interface Outcome {
  /** The values of each figure whose variants all came to their end. */
  readonly samples: ReadonlyMap<Figure, Samples>;
  /** What the others failed with. */
  readonly failures: readonly Error[];
}

/**
 * Runs all variants in each round; the order is reversed from one round to the next. A baseline
 * that several figures share runs once for all of them.
 *
 * @param figures What to measure.
 * @param rounds How many rounds.
 */
export async function runRounds(
  figures: readonly Figure[],
  rounds: number,
): Promise<Outcome> {
  const runs = runsOf(figures);
  const values = new Map<Variant, number[]>();
  const failures = new Map<Variant, Error>();
  for (let round = 0; round < rounds; round++) {
    for (const run of round % 2 === 0 ? runs : runs.toReversed()) {
      const { variant } = run;
      if (failures.has(variant)) continue;
      try {
        const value = await runVariant(run);
        values.set(variant, [...values.get(variant) ?? [], value]);
      } catch (error) {
        failures.set(variant, error as Error); // runVariant throws errors only
      }
    }
  }
  const samples = new Map<Figure, Samples>();
  for (const figure of figures) {
    const { subject, baseline } = figure;
    if (failures.has(subject)) continue;
    if (baseline !== undefined && failures.has(baseline)) continue;
    samples.set(figure, {
      subject: values.get(subject) ?? [],
      baseline: baseline === undefined ? [] : values.get(baseline) ?? [],
    });
  }
  return { samples, failures: [...failures.values()] };
}

/** The processes of a round: all variants once, then once more those that are repeated. */
function runsOf(figures: readonly Figure[]): Run[] {
  const most = Math.max(...figures.map(({ repeats = 1 }) => repeats));
  const runs: Run[] = [];
  for (let pass = 0; pass < most; pass++) {
    const seen = new Set<Variant>();
    for (const figure of figures) {
      if ((figure.repeats ?? 1) <= pass) continue;
      for (const side of ["subject", "baseline"] as const) {
        const variant = figure[side];
        if (variant === undefined || seen.has(variant)) continue;
        seen.add(variant);
        runs.push({ figure, side, variant });
      }
    }
  }
  return runs;
}

async function runVariant({ figure, side, variant }: Run): Promise<number> {
  const child = spawnDeno({
    ...(typeof variant === "function"
      ? { script: "variant.ts", args: [figure.name, side] }
      : { ...variant, script: variant.path }),
    permissions: [
      "--allow-net=127.0.0.1",
      "--allow-run",
      "--allow-read",
      ...(side === "subject" ? figure.permissions ?? [] : []),
    ],
    v8Flags: figure.v8Flags,
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
  const { code, signal, stdout } = await child.output();
  clearTimeout(timer);
  if (code !== 0) {
    throw new Error(
      `Cannot measure ${figure.name} (${side}): the process ended with ${
        signal ?? `code ${code}`
      }, within ${PATIENCE} ms and with code 0 was expected`,
    );
  }
  const { value } = JSON.parse(new TextDecoder().decode(stdout));
  return value;
}
