/**
 * How requests with a numbered reply are timed, whatever carries them.
 * @module
 */

import { inFlight, percentile, prove, rate } from "../measure.ts";

/** Sends the next request, beginning with number 0, and resolves with the number in its reply. */
export type Call = () => Promise<number>;

const WIDTH = 64;
/** Calls between two looks at the clock. */
const CALLS: number = WIDTH * 100;
/** Round trips, and those before them that do not count. */
const TRIPS = 3_000;
const WARMUP = 2_000;
/** In milliseconds. */
const DURATION = 200;

/** The median of the round trips of single calls, in microseconds. */
export async function roundTrip(call: Call): Promise<number> {
  const trips: number[] = [];
  for (let trip = 0; trip < WARMUP + TRIPS; trip++) {
    const begin = performance.now();
    const answer = await call();
    if (trip >= WARMUP) trips.push((performance.now() - begin) * 1000);
    prove("round trips", answer, trip);
  }
  return percentile(trips.sort((a, b) => a - b), 0.5);
}

/** Calls answered in a second with 64 under way at any time. */
export function inFlightRate(call: Call): Promise<number> {
  return callRate((take) => inFlight(WIDTH, CALLS, call, take));
}

/** Calls answered in a second when 64 are sent at once and the next 64 when all are answered. */
export function burstRate(call: Call): Promise<number> {
  return callRate(async (take) => {
    for (let done = 0; done < CALLS; done += WIDTH) {
      const burst: Promise<number>[] = [];
      for (let i = 0; i < WIDTH; i++) burst.push(call());
      for (const answer of await Promise.all(burst)) take(answer);
    }
  });
}

function callRate(
  run: (take: (answer: number) => void) => Promise<void>,
): Promise<number> {
  let expected = 0;
  let inOrder = 0;
  const take = (answer: number) => {
    if (answer === expected++) inOrder++;
  };
  return rate(async () => {
    const before = inOrder;
    await run(take);
    prove("answers", inOrder - before, CALLS);
    return CALLS;
  }, { duration: DURATION });
}
