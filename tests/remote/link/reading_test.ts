import { assert, assertEquals } from "@std/assert";
import { concatBytes } from "../../../internal/bytes.ts";
import type { LinkOptions } from "../../../remote/link/link_options.ts";
import type { Outbound } from "../../../remote/link/outbound.ts";
import { Reading, type ReadingHost } from "../../../remote/link/reading.ts";
import type { Connection } from "../../../remote/transport/transport.ts";
import { FrameKind } from "../../../remote/wire/kinds.ts";
import { encode } from "../wire/wire_peer.ts";

const FRAME = encode({ kind: FrameKind.PONG, correlation: 1 });
/** Whole frames that nobody answers, about 64 KiB of them. */
const CHUNK = concatBytes(
  new Array(Math.ceil(65_536 / FRAME.length)).fill(FRAME),
);

Deno.test("Reading gives way to other sockets while its reads need not wait", async () => {
  let now = 0;
  let reads = 0;
  const clock = { now: () => now, setTimer: () => ({ cancel() {} }) };
  const refused: unknown[] = [];
  const host = {
    get isAlive() {
      return reads < 1_000;
    },
    refuse: (error: unknown) => refused.push(error),
  } as unknown as ReadingHost; // of frames that are ignored it is told nothing
  const connection = {
    read: () => {
      now += 0.25;
      reads++;
      return Promise.resolve(reads < 1_000 ? CHUNK : undefined);
    },
  } as unknown as Connection; // it is only read
  const options = {
    role: "dialler",
    maxMessageBytes: 1_000_000,
    runtime: { clock },
  } as unknown as LinkOptions; // what reading looks at
  const outbound = {} as Outbound; // a dialler that counts nothing says nothing
  const reading = new Reading(host, outbound, options);
  const counts: number[] = [];
  const look = () => {
    counts.push(reads);
    if (reads < 1_000) setImmediate(look);
  };
  setImmediate(look);
  const identity = {
    proof: "none",
    role: "node",
    system: "",
    node: "",
  } as const;
  await reading.run(connection, { rest: new Uint8Array(), identity });
  await new Promise((resolve) => setImmediate(resolve));
  assertEquals([refused, reads], [[], 1_000]);
  const most = Math.max(
    ...counts.map((count, index) => count - (counts[index - 1] ?? 0)),
  );
  // Of 2 ms, at 0.25 ms each; the first pause may come later.
  assert(most <= 16, `${most} reads passed between two turns`);
});

Deno.test("Reading does not count the time in which it does not read against a frame that waits for its rest", async () => {
  let now = 0;
  let unwritten = 0;
  const seen: [number, number | undefined][] = [];
  const frame = encode({
    kind: FrameKind.PONG,
    correlation: 1,
    payload: new Uint8Array(100),
  });
  // A byte each second; the answers of the peer are not taken after the third.
  const connection = {
    read: () => {
      seen.push([now, reading.stalledSince]);
      now += 1_000;
      if (seen.length === 3) unwritten = 20;
      const at = seen.length - 1;
      const isLast = seen.length > 5;
      return Promise.resolve(isLast ? undefined : frame.subarray(at, at + 1));
    },
  } as unknown as Connection; // it is only read
  const outbound = {
    get unwritten() {
      return unwritten;
    },
    written: () => {
      seen.push([now, reading.stalledSince]);
      now += 60_000;
      unwritten = 0;
      return Promise.resolve();
    },
  } as unknown as Outbound; // it is only looked at
  const clock = { now: () => now, setTimer: () => ({ cancel() {} }) };
  const reading = new Reading(
    {
      isAlive: true,
      refuse: (error: unknown) => {
        throw error;
      },
    } as unknown as ReadingHost, // there is no whole frame to be told of
    outbound,
    {
      role: "acceptor",
      budget: 10,
      maxMessageBytes: 1_000_000,
      runtime: { clock },
    } as unknown as LinkOptions, // what reading looks at
  );
  const identity = {
    proof: "none",
    role: "node",
    system: "",
    node: "",
  } as const;
  await reading.run(connection, { rest: new Uint8Array(), identity });
  assertEquals(seen, [
    [0, undefined],
    [1_000, 1_000],
    [2_000, 1_000],
    [3_000, undefined], // nobody reads
    [63_000, 63_000],
    [64_000, 63_000],
  ]);
});
