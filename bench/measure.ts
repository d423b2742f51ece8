/**
 * Timing loops and what is made of their samples.
 * @module
 */

/** How long a rate is measured. */
export interface RateOptions {
  /**
   * Milliseconds before the measurement begins, for the compiler.
   * @default {100}
   */
  warmup?: number;
  /**
   * Milliseconds that are measured, at least; a batch that has begun is finished.
   * @default {300}
   */
  duration?: number;
}

/**
 * Repeats `batch` and returns how many operations it completed in a second.
 *
 * @param batch Does some operations to the end, checks that it did, and resolves with their number.
 * @param options How long.
 */
export async function rate(
  batch: () => Promise<number>,
  options: RateOptions = {},
): Promise<number> {
  const { warmup = 100, duration = 300 } = options;
  await repeat(batch, warmup);
  return await repeat(batch, duration);
}

async function repeat(
  batch: () => Promise<number>,
  duration: number,
): Promise<number> {
  const begin = performance.now();
  let completed = 0;
  let elapsed = 0;
  do {
    completed += await batch();
    elapsed = performance.now() - begin;
  } while (elapsed < duration);
  return completed / elapsed * 1000;
}

/** Calls again and again from `width` loops at once until `count` calls are answered; `take` gets each answer. */
export async function inFlight<T>(
  width: number,
  count: number,
  call: () => Promise<T>,
  take: (answer: T) => void,
): Promise<void> {
  let left = count;
  const loop = async () => {
    while (left-- > 0) take(await call());
  };
  await Promise.all(Array.from({ length: width }, loop));
}

/**
 * The time between the ticks of an interval, in milliseconds, sorted.
 *
 * @param interval What is asked for, in milliseconds.
 * @param ticks How many are waited for.
 */
export async function tickGaps(
  interval: number,
  ticks: number,
): Promise<number[]> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const gaps: number[] = [];
  let last = performance.now();
  const id = setInterval(() => {
    const now = performance.now();
    gaps.push(now - last);
    last = now;
    if (gaps.length === ticks) resolve();
  }, interval);
  await promise;
  clearInterval(id);
  return gaps.sort((a, b) => a - b);
}

/** The value below which a share of `sorted` lies, by nearest rank. */
export function percentile(sorted: readonly number[], share: number): number {
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (value === undefined) {
    throw new RangeError(
      "Cannot take a percentile: found no samples, at least one was expected",
    );
  }
  return value;
}

/** The middle of `values`; between the two middle ones when their number is even. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = percentile(sorted, (sorted.length + 1) / (2 * sorted.length));
  return (percentile(sorted, 0.5) + upper) / 2;
}

/** Throws when work was not done as often as it was asked for. */
export function prove(what: string, done: number, wanted: number): void {
  if (done !== wanted) {
    throw new Error(`Cannot count ${what}: ${done} were done, not ${wanted}`);
  }
}
