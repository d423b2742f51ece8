/**
 * Requests and replies of 100 bytes over a bare socket.
 * @module
 */

import { inFlight, percentile, prove, rate } from "../measure.ts";
import { readSequence, writeFrame } from "./raw_frames.ts";
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

const WIDTH = 64;
/** Calls between two looks at the clock. */
const CALLS = 64 * 100;
/** Round trips, and those before them that do not count. */
const TRIPS = 5_000;
const WARMUP = 2_000;

/** The median of the round trips of one frame, in microseconds. */
export async function rawRoundTrip(): Promise<number> {
  await using peer = await startPeer("raw.calls");
  using conn = await dial(peer.port);
  const body = new Uint8Array(BODY).fill(7);
  const frame = new Uint8Array(FRAME);
  const reply = new Uint8Array(FRAME);
  const trips: number[] = [];
  for (let trip = 0; trip < WARMUP + TRIPS; trip++) {
    const begin = performance.now();
    writeFrame(frame, 0, body, trip);
    await writeAll(conn, frame);
    for (let filled = 0; filled < FRAME;) {
      filled += await conn.read(reply.subarray(filled)) ?? NaN;
    }
    if (trip >= WARMUP) trips.push((performance.now() - begin) * 1000);
    prove("round trips", readSequence(reply, 4), trip);
  }
  return percentile(trips.sort((a, b) => a - b), 0.5);
}

/** Calls answered in a second with 64 under way at any time. */
export function rawInFlight(): Promise<number> {
  return callRate((client, take) =>
    inFlight(WIDTH, CALLS, () => client.call(), take)
  );
}

/** Calls answered in a second when 64 are sent at once and the next 64 when all are answered. */
export function rawBursts(): Promise<number> {
  return callRate(async (client, take) => {
    for (let done = 0; done < CALLS; done += WIDTH) {
      const burst: Promise<number>[] = [];
      for (let i = 0; i < WIDTH; i++) burst.push(client.call());
      for (const answer of await Promise.all(burst)) take(answer);
    }
  });
}

async function callRate(
  run: (client: RawClient, take: (answer: number) => void) => Promise<void>,
): Promise<number> {
  await using peer = await startPeer("raw.calls");
  await using client = new RawClient(await dial(peer.port));
  let expected = 0;
  let inOrder = 0;
  const take = (answer: number) => {
    if (answer === expected++) inOrder++;
  };
  return await rate(async () => {
    const before = inOrder;
    await run(client, take);
    prove("answers", inOrder - before, CALLS);
    return CALLS;
  });
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
