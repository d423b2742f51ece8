/**
 * What a run prints: one JSON object for each figure, and a table for the eye.
 * @module
 */

import type { Figure, Samples } from "./figure.ts";
import { median } from "./measure.ts";

/** How far a value may be beyond its baseline that is to be reached. */
const TOLERANCE = 1.1;

/** One figure as it is printed. */
export interface Line {
  /** The suite. */
  readonly suite: string;
  /** The figure. */
  readonly name: string;
  /** The median of the subject; for figures in `x`, their ratio. */
  readonly value: number;
  /** The unit of the value. */
  readonly unit: string;
  /** The median of the baseline; for figures in `x`, in the unit that the table shows. */
  readonly baseline: number | null;
  /** Subject by baseline. */
  readonly ratio: number | null;
  /** How many values the median is of, each from a process of its own. */
  readonly n: number;
  /** The class of the machine. */
  readonly machine: string;
  /** The version of the runtime. */
  readonly deno: string;
}

/** The line of a figure. */
export function lineOf(figure: Figure, samples: Samples): Line {
  const subject = median(samples.subject);
  const baseline = samples.baseline.length === 0
    ? null
    : median(samples.baseline);
  const ratio = baseline === null ? null : subject / baseline;
  const relative = figure.relative === true && ratio !== null;
  return {
    suite: figure.name.split(".")[0] ?? "",
    name: figure.name,
    value: round(relative ? ratio : subject),
    unit: relative ? "x" : figure.unit,
    baseline: baseline === null ? null : round(baseline),
    ratio: ratio === null ? null : round(ratio),
    n: samples.subject.length,
    machine: machineClass(),
    deno: Deno.version.deno,
  };
}

/** What kind of machine this is; never which. */
export function machineClass(): string {
  return `${navigator.hardwareConcurrency} vCPU ${Deno.build.arch} ${Deno.build.os}`;
}

/** Where a figure stands. */
export type Verdict = "goal" | "floor" | "missed" | "";

/** Compares a line with what its figure should reach; nothing for figures that only inform. */
export function verdictOf(figure: Figure, line: Line): Verdict {
  const { floor, goal } = figure;
  const reaches = (bound: number) =>
    figure.better === "higher" ? line.value >= bound : line.value <= bound;
  const wanted = goal === "baseline" ? aroundBaseline(figure, line) : goal;
  if (floor !== undefined && !reaches(floor)) return "missed";
  if (wanted !== undefined && reaches(wanted)) return "goal";
  return floor === undefined ? "" : "floor";
}

function aroundBaseline(figure: Figure, line: Line): number {
  const baseline = line.baseline ?? NaN;
  return figure.better === "higher"
    ? baseline / TOLERANCE
    : baseline * TOLERANCE;
}

/** A table of all lines. */
export function tableOf(
  entries: readonly (readonly [Figure, Line])[],
): string {
  const rows = [
    ["figure", "value", "unit", "baseline", "ratio", "floor", "goal", "met"],
    ...entries.map(([figure, line]) => [
      line.name,
      short(line.value),
      line.unit,
      line.baseline === null
        ? "-"
        : short(line.baseline) + (figure.relative ? ` ${figure.unit}` : ""),
      short(line.ratio),
      short(figure.floor),
      figure.goal === "baseline" ? "baseline" : short(figure.goal),
      verdictOf(figure, line) || "-",
    ]),
  ];
  const widths =
    rows[0]?.map((_, column) =>
      Math.max(...rows.map((row) => row[column]?.length ?? 0))
    ) ?? [];
  return rows.map((row) =>
    row.map((cell, column) =>
      column === 0 || column === 2
        ? cell.padEnd(widths[column] ?? 0)
        : cell.padStart(widths[column] ?? 0)
    ).join("  ").trimEnd()
  ).join("\n");
}

/** Four digits, without zeros behind them. */
function short(value: number | null | undefined): string {
  if (value === null || value === undefined) return "-";
  for (const [unit, size] of [["M", 1e6], ["k", 1e3]] as const) {
    if (Math.abs(value) >= size) {
      return `${Number((value / size).toPrecision(4))} ${unit}`;
    }
  }
  return String(Number(value.toPrecision(4)));
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
