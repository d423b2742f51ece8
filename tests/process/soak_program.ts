// deno-lint-ignore-file no-console -- a program that reports what it found
/**
 * Runs a soak for a while and says whether every message was accounted for and memory stayed flat.
 * Arguments: the seconds, by default 60, and the seed, by default one that is made up. Needs
 * `--v8-flags=--expose-gc`.
 *
 * @module
 */
import { soak } from "./soak.ts";

/** How far apart the lines are, in milliseconds. */
const INTERVAL = 5_000;
/** How much more the heap may hold at the end of the run than at its beginning, in bytes. */
const MOST_GROWTH = 8 * 1024 * 1024;

const [seconds = "60", seed = String(Math.floor(Math.random() * 2 ** 32))] =
  Deno.args;
const { gc } = globalThis as unknown as { gc: () => void }; // the flag puts it there
const duration = Number(seconds) * 1_000;
const began = performance.now();
const heaps: number[] = [];
let next = Math.min(INTERVAL, duration / 4);
const step = next;

console.log(`soak of ${seconds} s, seed ${seed}`);
const { tally, deadLetters, lost, directives, problems } = await soak({
  seed: Number(seed),
  goesOn: (round, { sent }) => {
    const elapsed = performance.now() - began;
    if (elapsed >= next) {
      next += step;
      gc();
      const { heapUsed } = Deno.memoryUsage();
      heaps.push(heapUsed);
      const [time, heap] = [elapsed / 1_000, heapUsed / 2 ** 20];
      console.log(
        `${time.toFixed(1)} s, round ${round}: ${sent} messages, heap ${
          heap.toFixed(1)
        } MiB`,
      );
    }
    return elapsed < duration;
  },
});
const elapsed = (performance.now() - began) / 1_000;

/** The least of some: what is on its way at the moment of a sample only adds to it. */
const least = (samples: number[]) => Math.min(...samples);
const half = Math.ceil(heaps.length / 2);
const growth = least(heaps.slice(half)) - least(heaps.slice(0, half));
const all = [...problems];
if (growth > MOST_GROWTH) {
  all.push(`the heap grew by ${growth} bytes from one half to the other`);
}

const { sent, handled, started, asked, refusals } = tally;
console.log(`
sent                ${sent}
handled             ${handled}
dead letters        ${lost} ${JSON.stringify(deadLetters)}
unaccounted for     ${sent - handled - lost}
messages per second ${Math.round(sent / elapsed)}
instances           ${started}, ${tally.ended} of them ended
failures            ${JSON.stringify(directives)}
timers              ${tally.ticks} messages
asks                ${asked}, without a reply ${JSON.stringify(refusals)}
heap growth         ${(growth / 2 ** 20).toFixed(2)} MiB
seed                ${seed}`);
for (const problem of all) console.log(`PROBLEM: ${problem}`);
console.log(all.length === 0 ? "all counters add up" : "soak failed");
Deno.exit(all.length === 0 ? 0 : 1);
