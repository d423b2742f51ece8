/**
 * A node that a signal ends: prints its address, and a line when it has begun to work. The work is done when a
 * shutdown hook runs, which drains remoting as well when the argument is `hook`, and not before.
 * @module
 */
import { ActorSystem, ask, kind, protocol } from "../../actor/mod.ts";
import { Remote } from "../../remote/remote.ts";

const say = (line: string) =>
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));

const Slow = protocol("slow", { work: ask<void, string>() });
const done = Promise.withResolvers<string>();
const SlowKind = kind(Slow, () => ({
  work() {
    say("working");
    return done.promise;
  },
}));
const system = new ActorSystem("child", {
  kinds: [SlowKind],
  signals: ["SIGTERM"],
});
const remote = await Remote.start(system);
system.onShutdown("remoting", async () => {
  const drained = Deno.args[0] === "hook" ? remote.drain() : undefined;
  done.resolve("done");
  await drained;
});
say(remote.address);
