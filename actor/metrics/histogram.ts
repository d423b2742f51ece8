/**
 * How long things take, in a fixed amount of memory.
 * @module
 */

/** Durations that fell between the bound of the bucket before and this one. */
export interface HistogramBucket {
  /** The upper bound, in milliseconds; `Infinity` in the last bucket. */
  readonly upTo: number;
  /** How many durations there are. */
  readonly count: number;
}

/** A histogram at one moment. Durations are in milliseconds and 0 when there are none. */
export interface HistogramSnapshot {
  /** How many durations were recorded. */
  readonly count: number;
  /** All of them together. */
  readonly sum: number;
  /** The shortest. */
  readonly min: number;
  /** The longest. */
  readonly max: number;
  /** Half of them were at most so long. Like all quantiles up to 19 % too high, and never above `max`. */
  readonly p50: number;
  /** 90 % of them were at most so long. */
  readonly p90: number;
  /** 99 % of them were at most so long. */
  readonly p99: number;
  /** The buckets that are not empty, shortest first. */
  readonly buckets: readonly HistogramBucket[];
}

/** Buckets for each doubling: bounds are 19 % apart. */
const PER_DOUBLING = 4;
/** The bound of the first bucket, in milliseconds. */
const SMALLEST = 0.001;
/** Reaches 134 s; what is longer is in one more bucket. */
const BOUNDED = 27 * PER_DOUBLING + 1;

/** Counts durations in buckets from 1 µs to 134 s. */
export class LatencyHistogram {
  readonly #counts: Float64Array = new Float64Array(BOUNDED + 1);
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = 0;

  /** How many durations were recorded. */
  get count(): number {
    return this.#count;
  }

  /** Adds a duration, in milliseconds. */
  record(duration: number): void {
    const bucket = duration <= SMALLEST
      ? 0
      : Math.ceil(Math.log2(duration / SMALLEST) * PER_DOUBLING);
    const index = Math.min(bucket, BOUNDED);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#count++;
    this.#sum += duration;
    if (duration < this.#min) this.#min = duration;
    if (duration > this.#max) this.#max = duration;
  }

  /** Adds all durations of another histogram. */
  add(other: LatencyHistogram): void {
    other.#counts.forEach((count, index) => {
      this.#counts[index] = (this.#counts[index] ?? 0) + count;
    });
    this.#count += other.#count;
    this.#sum += other.#sum;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  /** The state of this moment. */
  snapshot(): HistogramSnapshot {
    const buckets: HistogramBucket[] = [];
    this.#counts.forEach((count, index) => {
      if (count > 0) buckets.push({ upTo: boundOf(index), count });
    });
    return {
      count: this.#count,
      sum: this.#sum,
      min: this.#count === 0 ? 0 : this.#min,
      max: this.#max,
      p50: this.#quantile(buckets, 0.5),
      p90: this.#quantile(buckets, 0.9),
      p99: this.#quantile(buckets, 0.99),
      buckets,
    };
  }

  #quantile(buckets: readonly HistogramBucket[], quantile: number): number {
    let left = quantile * this.#count;
    for (const { upTo, count } of buckets) {
      left -= count;
      if (left <= 0) return Math.min(upTo, this.#max);
    }
    return this.#max;
  }
}

function boundOf(index: number): number {
  return index === BOUNDED ? Infinity : SMALLEST * 2 ** (index / PER_DOUBLING);
}
