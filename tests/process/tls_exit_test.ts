import { assertEquals } from "@std/assert";
import { Program } from "./program.ts";

Deno.test("A process with TLS needs the network only, and ends by itself when its nodes are drained", async () => {
  await using child = new Program(
    "run",
    "--no-prompt",
    "--allow-net=127.0.0.1",
    new URL("tls_exit_program.ts", import.meta.url).pathname,
  );
  const { code, stdout, stderr } = await child.end();
  assertEquals([code, stdout, stderr], [0, "hello\n", ""]);
});
