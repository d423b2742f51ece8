/**
 * The ways in which GoAkt peers compress connections.
 * @module
 */

import { brotli, gzip, zstd } from "./node_streams.ts";
import type { CompressedStream } from "./stream.ts";

/** How the bytes of a connection are compressed, in both directions. */
export type Compression = "none" | "zstd" | "gzip" | "brotli";

/** All ways, in the order in which a node that does not know tries them. */
export const COMPRESSIONS: readonly Compression[] = [
  "none",
  "zstd",
  "gzip",
  "brotli",
];

/** How streams are compressed, by name. */
export function compressedStream(
  compression: Exclude<Compression, "none">,
): CompressedStream {
  switch (compression) {
    case "zstd":
      return zstd;
    case "gzip":
      return gzip;
    case "brotli":
      return brotli;
  }
}
