import { assertEquals } from "@std/assert";
import { type Ending, Program } from "../../process/program.ts";

const PROGRAM = "tests/actor/system/exit_program.ts";

async function endedBy(
  mode: string,
  ...signals: Deno.Signal[]
): Promise<Ending> {
  await using program = new Program("run", "--no-prompt", PROGRAM, mode);
  await program.printed(/ready/);
  for (const signal of signals) {
    program.kill(signal);
    await program.printed(/hook runs/);
  }
  return await program.end();
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`${signal} drains the system and exits with code 0, without a permission`, async () => {
    const { code, stdout, stderr } = await endedBy("works", signal);
    assertEquals(stdout.trim().split("\n"), [
      "ready",
      "hook runs",
      "rings goodbye",
      "actor stops",
    ]);
    assertEquals([code, stderr], [0, ""]);
  });
}

Deno.test("a shutdown hook that fails makes a signal exit with code 1, after the actors stopped", async () => {
  const { code, stdout } = await endedBy("fails", "SIGTERM");
  assertEquals(stdout.trim().split("\n").at(-1), "actor stops");
  assertEquals(code, 1);
});

Deno.test("a second signal does not wait for the drain and exits with code 1", async () => {
  const { code, stdout } = await endedBy("hangs", "SIGTERM", "SIGINT");
  assertEquals(stdout.includes("actor stops"), false);
  assertEquals(code, 1);
});

Deno.test("a system that was drained does not keep its program alive for signals", async () => {
  await using program = new Program("run", "--no-prompt", PROGRAM, "leaves");
  const { code, stdout } = await program.end();
  assertEquals(stdout.trim().split("\n").at(-1), "left by itself");
  assertEquals(code, 0);
});
