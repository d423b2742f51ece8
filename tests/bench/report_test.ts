import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Figure } from "../../bench/figure.ts";
import { lineOf, tableOf, verdictOf } from "../../bench/report.ts";

const variant = () => Promise.resolve(0);
const tell: Figure = {
  name: "local.tell",
  unit: "messages/s",
  better: "higher",
  subject: variant,
  baseline: variant,
  floor: 12,
  goal: 20,
};

Deno.test("lineOf() has the medians and their ratio", () => {
  const line = lineOf(tell, { subject: [15, 99, 1], baseline: [30, 31, 29] });
  assertEquals(Object.keys(line), [
    "suite",
    "name",
    "value",
    "unit",
    "baseline",
    "ratio",
    "n",
    "machine",
    "deno",
  ]);
  const { suite, name, value, unit, baseline, ratio, n } = line;
  assertEquals([suite, name, unit], ["local", "local.tell", "messages/s"]);
  assertEquals([value, baseline, ratio, n], [15, 30, 0.5, 3]);
});

Deno.test("lineOf() carries the ratio as the value of a relative figure", () => {
  const figure: Figure = { ...tell, relative: true };
  const line = lineOf(figure, { subject: [15], baseline: [30] });
  assertEquals([line.value, line.unit, line.baseline], [0.5, "x", 30]);
});

Deno.test("lineOf() has no ratio without a baseline", () => {
  const line = lineOf(tell, { subject: [15], baseline: [] });
  assertEquals([line.value, line.baseline, line.ratio], [15, null, null]);
});

Deno.test("verdictOf() compares with floor and goal in the right direction", () => {
  const verdict = (figure: Figure, value: number, baseline: number[] = []) =>
    verdictOf(figure, lineOf(figure, { subject: [value], baseline }));
  assertEquals(verdict(tell, 11), "missed");
  assertEquals(verdict(tell, 12), "floor");
  assertEquals(verdict(tell, 20), "goal");
  const heap: Figure = { ...tell, better: "lower", floor: 500, goal: 300 };
  assertEquals(verdict(heap, 501), "missed");
  assertEquals(verdict(heap, 500), "floor");
  assertEquals(verdict(heap, 300), "goal");
  const timer: Figure = { ...heap, floor: 10, goal: "baseline" };
  assertEquals(verdict(timer, 6.5, [6]), "goal");
  assertEquals(verdict(timer, 6.7, [6]), "floor");
});

Deno.test("tableOf() names the floors that are missed", () => {
  const line = lineOf(tell, { subject: [11], baseline: [22] });
  assertStringIncludes(tableOf([[tell, line]]), "missed");
});
