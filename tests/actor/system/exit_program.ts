// deno-lint-ignore-file no-console -- a program that a test reads
/**
 * A system that a signal ends. The argument says what its shutdown hook does.
 *
 * @module
 */
import { ActorSystem, protocol, tell } from "../../../actor/mod.ts";

const Bell = protocol("bell", { ring: tell<string>() });

const [mode = "works"] = Deno.args;
const system = new ActorSystem("bells", {
  signals: ["SIGINT", "SIGTERM"],
  logger: null,
});
const bell = system.spawn(Bell, () => ({
  ring: (text) => console.log(`rings ${text}`),
  onStop: () => console.log("actor stops"),
}));
await bell.started();
system.onShutdown("hook", async () => {
  console.log("hook runs");
  bell.tell(Bell.ring("goodbye"));
  if (mode === "fails") throw new Error("no");
  if (mode === "hangs") await new Promise(() => {});
});
if (mode === "leaves") {
  await system.drain();
  console.log("left by itself");
} else {
  console.log("ready");
  setInterval(() => {}, 60_000); // a program with more to do than its actors
}
