/**
 * Bytes over a bare socket, 64 KiB in one write.
 * @module
 */

import { prove } from "../measure.ts";
import {
  CHUNK,
  dial,
  listen,
  readTotal,
  writeAll,
  writeTotal,
} from "./socket.ts";
import { startPeer } from "./start_peer.ts";

/** In milliseconds. */
const WARMUP = 100;
const DURATION = 200;

/** Millions of bytes in a second that the other process has read. */
export async function rawStream(): Promise<number> {
  await using peer = await startPeer("raw.stream");
  await sendStream(peer.port, WARMUP);
  return await sendStream(peer.port, DURATION);
}

async function sendStream(port: number, duration: number): Promise<number> {
  const conn = await dial(port);
  const bytes = new Uint8Array(CHUNK).fill(7);
  let sent = 0;
  const begin = performance.now();
  do {
    await writeAll(conn, bytes);
    sent += bytes.length;
  } while (performance.now() - begin < duration);
  const received = await readTotal(conn);
  const elapsed = performance.now() - begin;
  prove("bytes", received, sent);
  return sent / elapsed / 1000;
}

/** Counts bytes, and says how many they were at the end. */
export function serveStream(): Promise<number> {
  return listen(async (conn) => {
    const buffer = new Uint8Array(CHUNK);
    let total = 0;
    for (;;) {
      const count = await conn.read(buffer);
      if (count === null) break;
      total += count;
    }
    await writeTotal(conn, total);
  });
}
