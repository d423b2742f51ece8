import { assertEquals, assertThrows } from "@std/assert";
import { parseOptions } from "../../bench/options.ts";

Deno.test("parseOptions() reads values behind their flag and behind an equals sign", () => {
  assertEquals(
    parseOptions(["--suite", "local", "--json=out.json", "--only", "tell"]),
    {
      suites: ["local"],
      only: "tell",
      json: "out.json",
      svg: undefined,
      rounds: 3,
      check: false,
    },
  );
  assertEquals(parseOptions(["--check", "--rounds=5"]).check, true);
  assertEquals(parseOptions(["--svg", "out.svg"]).svg, "out.svg");
});

Deno.test("parseOptions() refuses what it does not know and medians of fewer than three rounds", () => {
  assertThrows(() => parseOptions(["--fast"]), TypeError, `"--fast"`);
  assertThrows(() => parseOptions(["--json"]), TypeError, "missing");
  assertThrows(() => parseOptions(["--rounds", "2"]), TypeError, "2 rounds");
});
