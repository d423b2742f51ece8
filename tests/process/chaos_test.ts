import { assert, assertEquals } from "@std/assert";
import { chaos } from "./chaos.ts";

Deno.test("two nodes on links that delay, stall, half-close and cut at random keep order, send nothing twice, and account for all", async () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const until = performance.now() + 3_000;
  const report = await chaos({
    seed,
    goesOn: () => performance.now() < until,
  });
  const text = `seed ${seed}: ${JSON.stringify(report)}`;
  assertEquals(report.problems, [], text);
  const { sent, handled, lost, answered, faults, connections } = report;
  const all = Object.values(lost).reduce((sum, count) => sum + count, 0);
  assertEquals(handled + all, sent, text);
  // All that it is about has happened.
  assert(handled > 300 && answered > 30 && connections > 5, text);
  assert(Object.values(faults).every((count) => count > 0), text);
});
