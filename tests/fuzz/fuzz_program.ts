// deno-lint-ignore-file no-console -- a program that reports what it found
/**
 * Feeds damaged frames to everything that reads bytes of a peer, and says what came of them. Arguments: how
 * many, by default a million; the seed, by default one that is made up; and the number of the first, to
 * repeat a single one. With `--keep` an input for each new outcome is added to the corpus. Needs
 * `--v8-flags=--expose-gc`.
 *
 * @module
 */
import { keep } from "./corpus.ts";
import type { FuzzAnswer, FuzzOrder } from "./fuzz_worker.ts";

/** An input that takes longer than this hangs, in milliseconds. */
const PATIENCE = 20_000;
const LOOK = 1_000;
/** How much more may be held at the end than at the beginning, in bytes. */
const MOST_GROWTH = 4 * 1024 * 1024;

const numbers = Deno.args.filter((it) => it !== "--keep").map(Number);
const [count = 1_000_000, seed = Math.floor(Math.random() * 2 ** 32)] = numbers;
const [, , first = 0] = numbers;
if (!numbers.every((it) => Number.isSafeInteger(it) && it >= 0)) {
  console.error(
    `Cannot fuzz: the arguments are "${
      Deno.args.join(" ")
    }", a count, a seed and a first number were expected`,
  );
  Deno.exit(2);
}

/** Runs the worker; gives up on it when it stays with one input. */
function run(order: FuzzOrder): Promise<FuzzAnswer | string> {
  const worker = new Worker(new URL("fuzz_worker.ts", import.meta.url), {
    type: "module",
  });
  const round = new Int32Array(order.round);
  let [last, since] = [-1, performance.now()];
  const { promise, resolve } = Promise.withResolvers<FuzzAnswer | string>();
  const timer = setInterval(() => {
    const now = Atomics.load(round, 0);
    if (now !== last) [last, since] = [now, performance.now()];
    else if (performance.now() - since > PATIENCE) {
      resolve(`round ${now} does not end: \`deno task fuzz 1 ${seed} ${now}\``);
    }
  }, LOOK);
  worker.onerror = (event) => {
    event.preventDefault();
    resolve(`the run ended with ${event.message}`);
  };
  worker.onmessage = (event: MessageEvent<FuzzAnswer>) => resolve(event.data);
  worker.postMessage(order);
  return promise.finally(() => {
    clearInterval(timer);
    worker.terminate();
  });
}

console.log(`fuzz of ${count} frames, seed ${seed}`);
const began = performance.now();
const answer = await run({
  count,
  seed,
  first,
  round: new SharedArrayBuffer(4),
});
if (typeof answer === "string") {
  console.log(`PROBLEM: ${answer}\nfuzz failed`);
  Deno.exit(1);
}
const seconds = (performance.now() - began) / 1_000;
const { accepted, refused, outcomes, shortest, before, after } = answer;
const problems = [...answer.problems];
// A short run is over before everything is compiled.
if (count >= 10_000 && after - before > MOST_GROWTH) {
  problems.push(`memory grew from ${before} to ${after} bytes`);
}
console.log(`
accepted            ${accepted}
refused             ${refused}
kinds of outcomes   ${outcomes}
frames per second   ${Math.round((accepted + refused) / seconds)}
memory              ${(before / 2 ** 20).toFixed(2)} MiB, then ${
  (after / 2 ** 20).toFixed(2)
} MiB
seconds             ${seconds.toFixed(1)}
seed                ${seed}`);
if (Deno.args.includes("--keep")) {
  console.log(`kept                ${await keep(shortest)} inputs`);
}
for (const problem of problems) console.log(`PROBLEM: ${problem}`);
console.log(problems.length === 0 ? "no crash, hang or growth" : "fuzz failed");
Deno.exit(problems.length === 0 ? 0 : 1);
