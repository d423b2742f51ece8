// deno-lint-ignore-file no-console -- a program that reports what it found
/**
 * Has two nodes talk over links that delay, stall, half-close and cut at random, and says whether every
 * message was accounted for and memory stayed flat. Arguments: the seconds, by default 60, and the seed, by
 * default one that is made up. Needs `--v8-flags=--expose-gc`.
 *
 * @module
 */
import { chaos } from "./chaos.ts";

/** How far apart the lines are, in milliseconds. */
const INTERVAL = 5_000;
/** How much more the heap may hold in the second half of the run than in the first, in bytes. */
const MOST_GROWTH = 16 * 1024 * 1024;

const [seconds = "60", seed = String(Math.floor(Math.random() * 2 ** 32))] =
  Deno.args;
const { gc } = globalThis as unknown as { gc: () => void }; // the flag puts it there
const duration = Number(seconds) * 1_000;
const began = performance.now();
const step = Math.min(INTERVAL, duration / 6);
let next = step;
const heaps: number[] = [];

console.log(`chaos of ${seconds} s, seed ${seed}`);
const report = await chaos({
  seed: Number(seed),
  goesOn: (sent) => {
    const elapsed = performance.now() - began;
    if (elapsed >= next) {
      next += step;
      gc();
      const { heapUsed } = Deno.memoryUsage();
      heaps.push(heapUsed);
      console.log(
        `${(elapsed / 1_000).toFixed(1)} s: ${sent} messages, heap ${
          (heapUsed / 2 ** 20).toFixed(1)
        } MiB`,
      );
    }
    return elapsed < duration;
  },
});
const { sent, handled, answered, lost, unsure, faults, connections } = report;
const problems = [...report.problems];
/** The least of some: what is on its way at the moment of a sample only adds to it. */
const least = (samples: number[]) => Math.min(...samples);
const half = Math.ceil(heaps.length / 2);
const growth = least(heaps.slice(half)) - least(heaps.slice(0, half));
if (growth > MOST_GROWTH) {
  problems.push(`the heap grew by ${growth} bytes from one half to the other`);
}
const all = Object.values(lost).reduce((sum, count) => sum + count, 0);
console.log(`
sent                ${sent}
handled             ${handled}
lost                ${all} ${JSON.stringify(lost)}
unaccounted for     ${sent - handled - all}
handled, unknown    ${unsure}
asks answered       ${answered}
connections         ${connections}
faults              ${JSON.stringify(faults)}
heap growth         ${(growth / 2 ** 20).toFixed(2)} MiB
seed                ${seed}`);
for (const problem of problems) console.log(`PROBLEM: ${problem}`);
console.log(problems.length === 0 ? "all counters add up" : "chaos failed");
Deno.exit(problems.length === 0 ? 0 : 1);
