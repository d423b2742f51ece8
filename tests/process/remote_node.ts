/**
 * A node in a process of its own: prints its address, serves boxes, ends with its standard input.
 * @module
 */
import { ActorSystem, kind } from "../../actor/mod.ts";
import { Remote } from "../../remote/remote.ts";
import { Box, boxHandlers } from "../remote/actors.ts";

const BoxKind = kind(Box, () => boxHandlers({ ids: [], sizes: [] }));
const system = new ActorSystem("child", { kinds: [BoxKind], logger: null });
const remote = await Remote.start(system, { port: Number(Deno.args[0] ?? 0) });
await Deno.stdout.write(new TextEncoder().encode(`${remote.address}\n`));
for await (const _ of Deno.stdin.readable);
await remote.drain();
await system.drain();
