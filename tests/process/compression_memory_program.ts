// deno-lint-ignore-file no-console -- a program that reports what it measured
/**
 * Measures what the compression of connections holds, in bytes of the process, next to what is counted for it.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import { constants, createBrotliCompress, createZstdCompress } from "node:zlib";
import { concatBytes } from "../../internal/bytes.ts";
import { CodecBudget } from "../../remote/goakt/compression/codec_budget.ts";
import { compressedStream } from "../../remote/goakt/compression/compression.ts";

/** Memory that was used before is cleared by some, all of it, where fresh memory need not be. */
const ROUNDS = 4;
const MIB = 1024 * 1024;
const message = new TextEncoder().encode("a message of a peer ".repeat(10));

/** Collects garbage; there with `--v8-flags=--expose-gc`. */
declare const gc: () => void;

/** Connections of one sort at the same time. */
interface Sort {
  /** How they are compressed. */
  readonly compression: "zstd" | "gzip" | "brotli";
  /** How many there are. */
  readonly count: number;
  /** What the peer of each sends. */
  readonly received: Uint8Array;
  /** What each of them sends. */
  readonly sent: readonly Uint8Array[];
}

/** What `stream` makes of bytes. */
async function packed(
  stream: ReturnType<typeof createBrotliCompress | typeof createZstdCompress>,
  flush: number,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const out: Uint8Array[] = [];
  stream.on("data", (piece: Buffer) => void out.push(piece));
  await new Promise<void>((resolve) => {
    stream.write(bytes);
    stream.flush(flush, () => resolve());
  });
  stream.destroy();
  return concatBytes(out);
}

/** By Brotli as GoAkt does it, with a window of 4 MiB. */
function brotli(bytes: Uint8Array): Promise<Uint8Array> {
  const params = { [constants.BROTLI_PARAM_LGWIN]: 22 };
  const stream = createBrotliCompress({ params });
  return packed(stream, constants.BROTLI_OPERATION_FLUSH, bytes);
}

/** By zstd, with a window of that size. */
function zstd(windowLog: number, bytes: Uint8Array): Promise<Uint8Array> {
  const params = { [constants.ZSTD_c_windowLog]: windowLog };
  const stream = createZstdCompress({ params });
  return packed(stream, constants.ZSTD_e_flush, bytes);
}

async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  const compressor = compressedStream("gzip").compressor();
  const result = await compressor.compress(bytes);
  compressor.close();
  return result;
}

const answer = crypto.getRandomValues(new Uint8Array(65_536));
const little = [message, message];
const much = Array(16).fill(answer);
const one = [concatBytes(much)];
const SORTS: Record<string, Sort> = {
  zstd: {
    compression: "zstd",
    count: 120,
    received: await zstd(19, message),
    sent: little,
  },
  gzip: {
    compression: "gzip",
    count: 120,
    received: await gzip(message),
    sent: little,
  },
  brotli: {
    compression: "brotli",
    count: 120,
    received: await brotli(message),
    sent: little,
  },
  "zstd, large": {
    compression: "zstd",
    count: 40,
    received: await zstd(23, new Uint8Array(9 * MIB)),
    sent: much,
  },
  "brotli, large": {
    compression: "brotli",
    count: 40,
    received: await brotli(new Uint8Array(5 * MIB)),
    sent: much,
  },
  "brotli, at once": {
    compression: "brotli",
    count: 40,
    received: await brotli(message),
    sent: one,
  },
};

/** Makes the connections once; what is used and what is counted then. */
async function round(
  { compression, count, received, sent }: Sort,
): Promise<{ used: number; counted: number }> {
  const { bytes, compressor, decompressor } = compressedStream(compression);
  const budget = new CodecBudget();
  const ends: { close(): void }[] = [];
  for (let n = 0; n < count; n++) {
    const room = budget.room(`10.0.0.${n}:1`);
    room.take(bytes);
    const near = compressor();
    const far = decompressor(room);
    ends.push(near, far);
    for (const answer of sent) await near.compress(answer);
    far.push(received);
    while (await far.pull() !== undefined);
    gc(); // what was made of it belongs to nobody any more
  }
  const { rss } = Deno.memoryUsage();
  for (const end of ends) end.close();
  return { used: rss, counted: budget.used / count };
}

const [name = ""] = Deno.args;
const sort = SORTS[name];
if (sort === undefined) {
  console.log(JSON.stringify(Object.keys(SORTS)));
} else {
  const before = Deno.memoryUsage().rss;
  let most = 0;
  let counted = 0;
  for (let at = 0; at < ROUNDS; at++) {
    const found = await round(sort);
    most = Math.max(most, found.used);
    ({ counted } = found);
  }
  const used = (most - before) / sort.count;
  console.log(JSON.stringify({ used, counted }));
}
