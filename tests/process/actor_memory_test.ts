import { assert, assertEquals } from "@std/assert";

const MIB = 1024 * 1024;

Deno.test("actors are small, and leave nothing behind when they stop", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--v8-flags=--expose-gc",
      new URL("actor_memory_program.ts", import.meta.url).href,
    ],
    stdin: "null",
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const text = new TextDecoder().decode(stdout);
  const found: {
    churned: number;
    isCollected: boolean;
    killedGrowth: number;
    idleBytes: number;
  } = JSON.parse(text);
  assert(found.churned < MIB, `a million actors came and went: ${text}`);
  assert(found.isCollected, `the body of a handled message: ${text}`);
  assert(found.killedGrowth < MIB, `stopped with 200,000 waiting: ${text}`);
  assert(found.idleBytes < 500, `bytes of an idle actor: ${text}`);
});
