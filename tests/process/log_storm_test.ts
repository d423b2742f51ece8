import { assertEquals } from "@std/assert";

Deno.test("a summary of dead letters that is due later comes at the end of the program and does not put it off", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      new URL("log_storm_program.ts", import.meta.url).href,
    ],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const lines = (bytes: Uint8Array) =>
    new TextDecoder().decode(bytes).trim().split("\n")
      .filter((line) => !line.startsWith("Check "));
  const [summary = "", ...more] = lines(stderr).slice(10);
  assertEquals([summary.replace(/^\S+ /, ""), more], [
    'warn troupe: 5 more dead letters: 5 stopped at "till"',
    [],
  ]);
  assertEquals([lines(stdout), code], [["at once"], 0]);
});
