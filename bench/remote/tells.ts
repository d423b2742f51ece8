/**
 * Messages to an actor of another process.
 * @module
 */

import type { ActorRef } from "../../actor/mod.ts";
import { prove } from "../measure.ts";
import { Sink } from "./actors.ts";
import { reading } from "./messages.ts";
import { Pair } from "./near.ts";
import { writeSequence } from "./numbered.ts";

/** In milliseconds. */
const WARMUP = 150;
const DURATION = 300;
/** Bytes of small messages sent between two waits for room. */
const BATCH_BYTES = 100_000;
const SMALL = 100;
const LARGE: number = 64 * 1024;
/** With the other parts of a note, 100 bytes of JSON. */
const TEXT =
  "calibrated in spring, mounted on the northern wall, several metres up.";
/** Numbers of seven digits. */
const FIRST = 1_000_000;

type SinkRef = ActorRef<typeof Sink>;

/** Messages of 100 raw bytes that the other process has processed in a second. */
export function tellBytes(): Promise<number> {
  const send = bytesSender(SMALL);
  return tellRate(BATCH_BYTES / SMALL, send);
}

/** The same over mutual TLS. */
export function tellSecured(): Promise<number> {
  const send = bytesSender(SMALL);
  return tellRate(BATCH_BYTES / SMALL, send, Pair.startSecured);
}

/** Millions of bytes in a second, in messages of 64 KiB. */
export async function tellLarge(): Promise<number> {
  return await tellRate(4, bytesSender(LARGE)) * LARGE / 1e6;
}

/** Messages of 100 bytes of JSON in a second. */
export function tellJson(): Promise<number> {
  return tellRate(
    BATCH_BYTES / SMALL,
    (sink, sequence) => sink.tell(Sink.json({ sequence, text: TEXT })),
  );
}

/** Messages of 100 bytes of protobuf in a second. */
export function tellProtobuf(): Promise<number> {
  return tellRate(
    BATCH_BYTES / SMALL,
    (sink, sequence) => sink.tell(Sink.protobuf(reading(sequence))),
  );
}

/** A sender that uses one array for all messages, as the codec allows. */
function bytesSender(
  size: number,
): (sink: SinkRef, sequence: number) => boolean {
  const body = new Uint8Array(size).fill(7);
  return (sink, sequence) => {
    writeSequence(body, 0, sequence);
    return sink.tell(Sink.bytes(body));
  };
}

async function tellRate(
  batch: number,
  send: (sink: SinkRef, sequence: number) => boolean,
  start: () => Promise<Pair> = Pair.start,
): Promise<number> {
  await using pair = await start();
  const sink = pair.ref(Sink, "sink");
  const sent = { count: 0, sum: 0 };
  const round = async (duration: number) => {
    const before = sent.count;
    const begin = performance.now();
    do {
      await sink.ready();
      for (let i = 0; i < batch; i++) {
        const sequence = FIRST + sent.count++;
        if (!send(sink, sequence)) throw new Error("Cannot send: refused");
        sent.sum += sequence;
      }
    } while (performance.now() - begin < duration);
    const total = await sink.ask(Sink.total());
    const elapsed = performance.now() - begin;
    prove("messages", total.count, sent.count);
    prove("messages, by the sum of their numbers", total.sum, sent.sum);
    return (sent.count - before) / elapsed * 1000;
  };
  await round(WARMUP);
  return await round(DURATION);
}
