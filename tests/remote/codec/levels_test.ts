import {
  brotliCompressSync,
  constants,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import { assert, assertEquals } from "@std/assert";
import {
  chooseCompression,
  MIN_COMPRESSED_BYTES,
  readable,
} from "../../../remote/codec/compression.ts";
import { checkedOptions } from "../../../remote/remote_options.ts";
import { upTo } from "../actors.ts";

const FAR = { local: "10.0.0.1:1", remote: "10.0.0.2:2" };
/** Text in which levels differ. */
const TEXT = new TextEncoder().encode(
  upTo(5_000).map((n) => `${n * n % 9_973} orders of ${n % 77}`).join(", "),
);

/** What each level makes of the text; no two are the same. */
const LEVELS: Readonly<
  Record<"zstd" | "gzip" | "brotli", (level: number) => Uint8Array>
> = {
  zstd: (level) =>
    zstdCompressSync(TEXT, {
      params: { [constants.ZSTD_c_compressionLevel]: level },
    }),
  gzip: (level) => gzipSync(TEXT, { level }),
  brotli: (level) =>
    brotliCompressSync(TEXT, {
      params: { [constants.BROTLI_PARAM_QUALITY]: level },
    }),
};

Deno.test("Messages from 4 KiB on are compressed with zstd on the way to other machines, unless told otherwise", () => {
  assertEquals([checkedOptions({}).compression, MIN_COMPRESSED_BYTES], [
    "auto",
    4_096,
  ]);
  assertEquals(chooseCompression("auto", readable("auto"), FAR)?.number, 1);
});

for (
  const [name, level] of [["zstd", 1], ["gzip", 1], ["brotli", 6]] as const
) {
  Deno.test(`Messages are compressed with level ${level} of ${name}`, () => {
    const algorithm = chooseCompression(name, readable(name), FAR);
    assert(algorithm !== undefined);
    const made = algorithm.compress(TEXT).toBase64();
    const at = (level: number) => LEVELS[name](level).toBase64();
    assert(made === at(level), `${made.length} instead of ${at(level).length}`);
    for (const other of [level - 1, level + 1]) {
      // Level 0 of zstd is the one that it takes when it is told none.
      assert(made !== at(other), `level ${other} makes the same`);
    }
    const back = algorithm.expand(algorithm.compress(TEXT), TEXT.length);
    assert(back.toBase64() === TEXT.toBase64());
  });
}
