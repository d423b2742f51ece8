/**
 * Frames of 100 bytes over a bare socket, many in one write.
 * @module
 */

import { prove } from "../measure.ts";
import { readSequence, writeSequence } from "./numbered.ts";
import {
  BODY,
  CHUNK,
  dial,
  FRAME,
  listen,
  readFrames,
  readTotal,
  writeAll,
  writeTotal,
} from "./socket.ts";
import { startPeer } from "./start_peer.ts";

/** In milliseconds. */
const WARMUP = 100;
const DURATION = 200;

/** Frames in a second that the other process has taken apart. */
export async function rawFrames(): Promise<number> {
  await using peer = await startPeer("raw.frames");
  await sendFrames(peer.port, WARMUP);
  return await sendFrames(peer.port, DURATION);
}

async function sendFrames(port: number, duration: number): Promise<number> {
  const conn = await dial(port);
  const body = new Uint8Array(BODY).fill(7);
  // One is filled while the other is on its way.
  let [filling, sending] = [new Uint8Array(CHUNK), new Uint8Array(CHUNK)];
  let written: Promise<void> = Promise.resolve();
  let sequence = 0;
  const begin = performance.now();
  do {
    let end = 0;
    while (end + FRAME <= CHUNK) {
      writeFrame(filling, end, body, sequence++);
      end += FRAME;
    }
    await written;
    written = writeAll(conn, filling.subarray(0, end));
    [filling, sending] = [sending, filling];
  } while (performance.now() - begin < duration);
  await written;
  const sum = await readTotal(conn);
  const elapsed = performance.now() - begin;
  prove("frames, by the sum of their numbers", sum, sumBelow(sequence));
  return sequence / elapsed * 1000;
}

/** Writes a frame that carries its number. */
export function writeFrame(
  buffer: Uint8Array,
  offset: number,
  body: Uint8Array,
  sequence: number,
): void {
  buffer[offset] = 0;
  buffer[offset + 1] = 0;
  buffer[offset + 2] = 0;
  buffer[offset + 3] = BODY;
  buffer.set(body, offset + 4);
  writeSequence(buffer, offset + 4, sequence);
}

/** Adds up the numbers of all frames, and says the sum at the end. */
export function serveFrames(): Promise<number> {
  return listen(async (conn) => {
    let sum = 0;
    await readFrames(conn, (buffer, offset) => {
      sum += readSequence(buffer, offset);
    });
    await writeTotal(conn, sum);
  });
}

function sumBelow(count: number): number {
  return count * (count - 1) / 2;
}
