/**
 * What a benchmark measures, as data.
 * @module
 */

/** One way of doing the work. Runs in a process of its own, proves what it did, and gives the measured value. */
export type Variant = (() => Promise<number>) | Script;

/** A variant outside this project, whose packages the project does not have; prints `{"value":…}`. */
export interface Script {
  /** The file, relative to the folder of this one. */
  readonly path: string;
  /** Its arguments. */
  readonly args: readonly string[];
  /** Its configuration, relative to the folder of this file, with a lock file beside it. */
  readonly config: string;
}

/** One figure: what is measured, against what, and what it should reach. */
export interface Figure {
  /** Suite and topic, joined by dots: `local.tell`. */
  readonly name: string;
  /** The unit of what the variants return, for example `"messages/s"`. */
  readonly unit: string;
  /** Whether more or less is better. */
  readonly better: "higher" | "lower";
  /** The work done with the framework. */
  readonly subject: Variant;
  /** What the machine can do without it; figures that share one name the same object. */
  readonly baseline?: Variant;
  /** Whether the figure is the ratio of subject to baseline, and not the subject itself. */
  readonly relative?: boolean;
  /** What the figure must reach; none for figures that only inform. */
  readonly floor?: number;
  /** What it should reach; `"baseline"` asks for no more than a tenth beyond the baseline. */
  readonly goal?: number | "baseline";
  /**
   * How often each variant runs in a round, for values that depend on which cores the processes get.
   * @default {1}
   */
  readonly repeats?: number;
  /** Flags of V8 for subject and baseline. */
  readonly v8Flags?: string;
  /** Why it cannot be measured on this machine, when that is so; asked once in a run. */
  readonly missing?: () => Promise<string | undefined>;
  /** Permission flags that the subject needs besides those that all have. */
  readonly permissions?: readonly string[];
}

/** The measured values of a figure, one for each process. */
export interface Samples {
  /** Of the subject. */
  readonly subject: readonly number[];
  /** Of the baseline; empty when there is none. */
  readonly baseline: readonly number[];
}

/** Which of the two variants of a figure. */
export type Side = "subject" | "baseline";
