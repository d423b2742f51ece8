import { assertEquals, assertRejects } from "@std/assert";
import { ActorSystem, ask, protocol } from "../../actor/mod.ts";
import { ConnectError } from "../../remote/errors.ts";
import { Remote } from "../../remote/remote.ts";
import { Program } from "./program.ts";

const Slow = protocol("slow", { work: ask<void, string>() });

for (
  const [who, ...args] of [["A node"], [
    "A node whose shutdown hook drains its remoting",
    "hook",
  ]] as const
) {
  Deno.test(`${who} answers what it was asked before a signal ends it`, async () => {
    await using child = new Program(
      "run",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      new URL("node_signal_program.ts", import.meta.url).pathname,
      ...args,
    );
    const [, address = ""] = await child.printed(/^(child@.*)\n/);
    await using system = new ActorSystem("here", { logger: null });
    await using remote = await Remote.start(system);
    const slow = await remote.spawn(address, Slow);
    const asked = slow.ask(Slow.work(), { timeout: 60_000 });
    asked.catch(() => {});
    await child.printed(/^working\n/m);
    child.kill("SIGTERM");
    assertEquals(await asked, "done");
    const { code, stderr } = await child.end();
    assertEquals([code, stderr], [0, ""]);
    await assertRejects(() => slow.ask(Slow.work()), ConnectError);
  });
}
