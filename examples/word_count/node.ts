/**
 * A node, seen from inside: an actor system that others reach over the network.
 *
 * @module
 */

import { ActorSystem, Remote } from "@troupe/troupe";
import { WordCounterKind } from "./counter.ts";

/**
 * Runs a node until standard input ends, which it also does when the process at its other end dies.
 *
 * @param name The name of the node's actor system.
 */
export async function runNode(name: string): Promise<void> {
  // Ctrl-C reaches every process of the terminal; whoever started this one decides what it means.
  Deno.addSignalListener("SIGINT", () => {});
  await using system = new ActorSystem(name, { kinds: [WordCounterKind] });
  await using remote = await Remote.start(system);
  console.log(remote.address);
  await Deno.stdin.readable.pipeTo(new WritableStream());
}
