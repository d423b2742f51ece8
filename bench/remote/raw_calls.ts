/**
 * Requests and replies of 100 bytes over a bare socket.
 * @module
 */

import { burstRate, inFlightRate, roundTrip } from "./calls.ts";
import { readSequence } from "./numbered.ts";
import { writeFrame } from "./raw_frames.ts";
import {
  BODY,
  CHUNK,
  dial,
  FRAME,
  listen,
  readFrames,
  writeAll,
} from "./socket.ts";
import { startPeer } from "./start_peer.ts";

/** As many calls as are ever under way. */
const WIDTH = 64;

/** The median of the round trips of one frame, in microseconds. */
export async function rawRoundTrip(): Promise<number> {
  await using peer = await startPeer("raw.calls");
  using conn = await dial(peer.port);
  const body = new Uint8Array(BODY).fill(7);
  const frame = new Uint8Array(FRAME);
  const reply = new Uint8Array(FRAME);
  let sequence = 0;
  return await roundTrip(async () => {
    writeFrame(frame, 0, body, sequence++);
    await writeAll(conn, frame);
    for (let filled = 0; filled < FRAME;) {
      filled += await conn.read(reply.subarray(filled)) ?? NaN;
    }
    return readSequence(reply, 4);
  });
}

/** Calls answered in a second with 64 under way at any time. */
export async function rawInFlight(): Promise<number> {
  await using peer = await startPeer("raw.calls");
  await using client = new RawClient(await dial(peer.port));
  return await inFlightRate(() => client.call());
}

/** Calls answered in a second when 64 are sent at once and the next 64 when all are answered. */
export async function rawBursts(): Promise<number> {
  await using peer = await startPeer("raw.calls");
  await using client = new RawClient(await dial(peer.port));
  return await burstRate(() => client.call());
}

/** Answers each frame with one that carries the same number, those of one read in one write. */
export function serveCalls(): Promise<number> {
  return listen(async (conn) => {
    const body = new Uint8Array(BODY).fill(9);
    const replies = new Uint8Array(2 * CHUNK);
    let end = 0;
    await readFrames(conn, (buffer, offset) => {
      writeFrame(replies, end, body, readSequence(buffer, offset));
      end += FRAME;
    }, () => {
      if (end === 0) return;
      const written = writeAll(conn, replies.subarray(0, end));
      end = 0;
      return written;
    });
    conn.close();
  });
}

/** Sends the calls of one macrotask in one write. Answers come in the order of the calls. */
class RawClient implements AsyncDisposable {
  readonly #conn: Deno.TcpConn;
  readonly #body: Uint8Array = new Uint8Array(BODY).fill(7);
  readonly #waiting: ((answer: number) => void)[] = [];
  readonly #reading: Promise<void>;
  #answered = 0;
  #sequence = 0;
  #filling: Uint8Array = new Uint8Array(CHUNK);
  #sending: Uint8Array = new Uint8Array(CHUNK);
  #end = 0;
  #state: "idle" | "queued" | "writing" = "idle";

  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
    this.#reading = this.#read();
  }

  /** Resolves with the number that came back. */
  call(): Promise<number> {
    writeFrame(this.#filling, this.#end, this.#body, this.#sequence);
    this.#end += FRAME;
    const slot = this.#sequence++ % WIDTH;
    if (this.#state === "idle") {
      this.#state = "queued";
      queueMicrotask(this.#flush);
    }
    return new Promise((resolve) => {
      this.#waiting[slot] = resolve;
    });
  }

  #flush = async (): Promise<void> => {
    this.#state = "writing";
    while (this.#end > 0) {
      const bytes = this.#filling.subarray(0, this.#end);
      [this.#filling, this.#sending] = [this.#sending, this.#filling];
      this.#end = 0;
      await writeAll(this.#conn, bytes);
    }
    this.#state = "idle";
  };

  async #read(): Promise<void> {
    await readFrames(this.#conn, (buffer, offset) => {
      const slot = this.#answered++ % WIDTH; // no more than WIDTH are under way
      this.#waiting[slot]?.(readSequence(buffer, offset));
    });
  }

  /** Ends its direction; the peer, who has answered all, then ends the other. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#conn.closeWrite();
    await this.#reading;
    this.#conn.close();
  }
}
