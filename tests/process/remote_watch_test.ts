import { assert, assertEquals } from "@std/assert";
import {
  type ActorRef,
  type AnyProtocol,
  protocol,
  tell,
  type Terminated,
} from "../../actor/mod.ts";
import { Box } from "../remote/actors.ts";
import { type Node, startNode } from "../remote/world.ts";
import { type ChildNode, startChild } from "./child_node.ts";

const Watcher = protocol("watcher", { watch: tell<ActorRef<AnyProtocol>>() });

/** Has an actor watched, and resolves with its end once the watch has begun. */
async function watched(
  { system, remote }: Node,
  child: ChildNode,
): Promise<{ ends: Terminated[]; end: Promise<Terminated> }> {
  const { promise, resolve } = Promise.withResolvers<Terminated>();
  const ends: Terminated[] = [];
  const watcher = system.spawn(Watcher, () => ({
    watch: (ref, ctx) => ctx.watch(ref),
    onTerminated: (terminated: Terminated) => {
      ends.push(terminated);
      resolve(terminated);
    },
  }));
  const box = await remote.spawn(child.address, Box, { name: "box" });
  watcher.tell(Watcher.watch(box));
  // The look-up goes the way of the watch, behind it.
  await remote.lookup(Box, box.pid);
  return { ends, end: promise };
}

Deno.test("The node of a watched actor that is killed is down after nodeDownTimeout", async () => {
  const here = await startNode("here", {}, { nodeDownTimeout: 200 });
  const child = await startChild();
  const { ends, end } = await watched(here, child);
  await child.kill();
  const { pid, reason, error } = await end;
  assertEquals([pid.path, pid.port, reason], ["box", child.port, "node_down"]);
  assert(String(error).includes("out of reach for 200 ms"), String(error));
  await here.remote.drain();
  assertEquals(ends.length, 1);
  await here.system.drain();
});

Deno.test("A watched actor of another process that is stopped ends with that reason", async () => {
  const here = await startNode("here", {}, {});
  await using child = await startChild();
  const { ends, end } = await watched(here, child);
  const box = here.remote.ref(Box, `goakt://${child.address}/box`);
  await here.remote.stop(box);
  assertEquals((await end).reason, "stopped");
  await here.remote.drain();
  assertEquals(ends.length, 1);
  await here.system.drain();
});
