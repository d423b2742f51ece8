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

const COUNT = 100;
const message = new TextEncoder().encode("a message of a peer ".repeat(10));
const found: Record<string, number> = {};
for (const compression of COMPRESSIONS) {
  if (compression === "none") continue;
  const { compressor, decompressor } = compressedStream(compression);
  const before = Deno.memoryUsage().rss;
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
  found[compression] = (Deno.memoryUsage().rss - before) / COUNT;
  for (const end of ends) end.close();
}
console.log(JSON.stringify(found));
