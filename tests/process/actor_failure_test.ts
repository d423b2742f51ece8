import { assertEquals } from "@std/assert";

Deno.test("what an actor throws, or rejects with, never ends the process", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      new URL("actor_failure_program.ts", import.meta.url).href,
    ],
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) =>
    new TextDecoder().decode(bytes).trim().split("\n");
  const errors = text(stderr).filter((line) => !/Check|^$/.test(line));
  assertEquals(errors, []);
  assertEquals(text(stdout), ["asked alive", "drained", "escalated boom"]);
  assertEquals(code, 0);
});
