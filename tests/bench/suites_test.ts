import { assertEquals, assertThrows } from "@std/assert";
import { chooseFigures } from "../../bench/suites.ts";

function suitesOf(suites: string[], only = ""): string[] {
  const figures = chooseFigures({ suites, only });
  return [...new Set(figures.map(({ name }) => name.split(".")[0] ?? ""))];
}

Deno.test("chooseFigures() takes the peers only when they are named", () => {
  assertEquals(suitesOf([]), ["local", "remote"]);
  assertEquals(suitesOf([], "ask"), ["local", "remote"]);
  assertEquals(suitesOf(["peers"]), ["peers"]);
  assertEquals(suitesOf(["peers", "local"], "tell"), ["peers", "local"]);
});

Deno.test("chooseFigures() refuses suites and figures that there are not", () => {
  assertThrows(() => suitesOf(["nothing"]), TypeError, `suite "nothing"`);
  assertThrows(() => suitesOf([], "peers."), TypeError, `"peers."`);
});
