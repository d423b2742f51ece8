// deno-lint-ignore-file no-console -- a program that reports what it measured
/**
 * Measures what the compression of connections holds that carry little, in bytes of the process.
 *
 * @module
 */
import {
  compressedStream,
  COMPRESSIONS,
} from "../../remote/goakt/compression/compression.ts";
import type { CompressedStream } from "../../remote/goakt/compression/stream.ts";

const COUNT = 400;
/** Memory that was used before is cleared by some, all of it, where fresh memory need not be. */
const ROUNDS = 4;
const message = new TextEncoder().encode("a message of a peer ".repeat(10));

async function round(
  { compressor, decompressor }: CompressedStream,
): Promise<number> {
  const ends: { close(): void }[] = [];
  for (let count = 0; count < COUNT; count++) {
    const near = compressor();
    const far = decompressor();
    ends.push(near, far);
    for (let n = 0; n < 2; n++) {
      far.push(await near.compress(message));
      while (await far.pull() !== undefined);
    }
  }
  const { rss } = Deno.memoryUsage();
  for (const end of ends) end.close();
  return rss;
}

const found: Record<string, number> = {};
for (const compression of COMPRESSIONS) {
  if (compression === "none") continue;
  const before = Deno.memoryUsage().rss;
  let most = 0;
  for (let count = 0; count < ROUNDS; count++) {
    most = Math.max(most, await round(compressedStream(compression)));
  }
  found[compression] = (most - before) / COUNT;
}
console.log(JSON.stringify(found));
