/**
 * What a sender keeps for a peer that does not read.
 * @module
 */

import { prove } from "../measure.ts";
import { Sink } from "./actors.ts";
import { Pair } from "./near.ts";
import { writeSequence } from "./numbered.ts";

const MESSAGES = 1_000_000;
const WARMUP = 20_000;
/** Messages sent between two waits for the next macrotask. */
const BATCH = 1_000;
const MIB = 1024 * 1024;

/**
 * The growth of the resident memory while a million messages of 100 bytes are sent to a process
 * that was stopped, without waiting for room, in MiB. Each refused one must be a dead letter.
 */
export async function stalledMemory(): Promise<number> {
  const pair = await Pair.start(); // not drained: the peer will never answer
  const sink = pair.ref(Sink, "sink");
  const body = new Uint8Array(100).fill(7);
  const send = (sequence: number) => {
    writeSequence(body, 0, sequence);
    return sink.tell(Sink.bytes(body));
  };
  for (let sent = 0; sent < WARMUP; sent++) {
    if (sent % BATCH === 0) await sink.ready();
    send(sent);
  }
  prove("messages", (await sink.ask(Sink.total())).count, WARMUP);
  pair.peer.freeze();
  const before = Deno.memoryUsage().rss;
  let most = before;
  let refused = 0;
  for (let sent = 0; sent < MESSAGES; sent++) {
    if (!send(sent)) refused++;
    if (sent % BATCH > 0) continue;
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, Deno.memoryUsage().rss);
  }
  if (refused === 0) throw new Error("Cannot stall: the peer took everything");
  prove("dead letters", pair.system.deadLetters, refused);
  await pair.peer[Symbol.asyncDispose]();
  return (most - before) / MIB;
}
