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
