/**
 * Compression of single messages on our lanes.
 * @module
 */

import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
  zstdDecompressSync,
} from "node:zlib";
import { describe } from "../../actor/errors.ts";
import { FrameError } from "../errors.ts";
import type { Connection } from "../transport/transport.ts";
import type { Compressed } from "../wire/fields.ts";

/**
 * How large messages are compressed on the way to other nodes: `"auto"` is zstd, to nodes on other machines
 * only; `"none"` is not at all, in neither direction. A node that cannot read it is sent them as they are.
 */
export type MessageCompression = "auto" | "none" | "zstd" | "gzip" | "brotli";

/** A way to make bytes fewer. */
export interface Algorithm {
  /** Its number on the wire. */
  readonly number: number;
  /** Returns the bytes that stand for `bytes`. */
  compress(bytes: Uint8Array): Uint8Array;
  /** Returns the bytes that `bytes` stand for, at most `most`; throws when they are more, or not right. */
  expand(bytes: Uint8Array, most: number): Uint8Array;
}

/** Messages below this many bytes are sent as they are. */
export const MIN_COMPRESSED_BYTES: number = 4_096;

/** A payload of few bytes may stand for this many. */
const FREE_BYTES = 32 * 1024;
/** Besides, each of its bytes may stand for this many. */
const MOST_OF_ONE = 256;

/**
 * The most bytes that `count` compressed ones may stand for. Brotli makes 16 MiB of 27 bytes: who may send any
 * number of those keeps a node busy with nothing else.
 */
export function mostExpanded(count: number): number {
  return FREE_BYTES + count * MOST_OF_ONE;
}

const ZSTD: Algorithm = {
  number: 1,
  compress: (bytes) =>
    zstdCompressSync(bytes, {
      params: { [constants.ZSTD_c_compressionLevel]: 1 },
    }),
  expand: (bytes, maxOutputLength) =>
    zstdDecompressSync(bytes, { maxOutputLength }),
};
const GZIP: Algorithm = {
  number: 2,
  compress: (bytes) => gzipSync(bytes, { level: 1 }),
  expand: (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength }),
};
const BROTLI: Algorithm = {
  number: 3,
  compress: (bytes) =>
    brotliCompressSync(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 6 },
    }),
  expand: (bytes, maxOutputLength) =>
    brotliDecompressSync(bytes, { maxOutputLength }),
};

const BY_NAME: Readonly<Record<string, Algorithm>> = {
  zstd: ZSTD,
  gzip: GZIP,
  brotli: BROTLI,
};
const BY_NUMBER: ReadonlyMap<number, Algorithm> = new Map(
  [ZSTD, GZIP, BROTLI].map((it) => [it.number, it]),
);

/** The numbers of what a node reads, the best first. */
export function readable(setting: MessageCompression): readonly number[] {
  return setting === "none" ? [] : [...BY_NUMBER.keys()];
}

/** Whether a peer that reads `known` can be sent what the user has named; it need not for what nobody has. */
export function canRead(
  known: readonly number[],
  setting: MessageCompression,
): boolean {
  const named = BY_NAME[setting];
  return named === undefined || known.includes(named.number);
}

/** What is sent to a peer that reads `known` over `connection`; nothing for messages as they are. */
export function chooseCompression(
  setting: MessageCompression,
  known: readonly number[],
  connection: Pick<Connection, "local" | "remote">,
): Algorithm | undefined {
  if (setting === "none") return undefined;
  if (setting === "auto" && isNear(connection)) return undefined;
  const algorithm = setting === "auto" ? ZSTD : BY_NAME[setting];
  return algorithm !== undefined && known.includes(algorithm.number)
    ? algorithm
    : undefined;
}

/**
 * The payload that a peer has compressed.
 *
 * @param compressed What the peer says of it.
 * @param bytes What came.
 * @param maxBytes Bytes of the largest payload.
 * @param reads The numbers of what the peer was told that it may use.
 * @throws {FrameError} When it is larger than that, not what the peer says, or made of too little.
 */
export function expand(
  { algorithm, totalBytes }: Compressed,
  bytes: Uint8Array,
  maxBytes: number,
  reads: readonly number[],
): Uint8Array {
  const known = reads.includes(algorithm)
    ? BY_NUMBER.get(algorithm)
    : undefined;
  if (known === undefined || totalBytes === 0 || totalBytes > maxBytes) {
    throw new FrameError(
      "read a compressed message",
      `it has ${totalBytes} bytes and compression ${algorithm}`,
      reads.length === 0
        ? "no compression was expected"
        : `1 to ${maxBytes} bytes and a compression of ${
          reads.join(", ")
        } were expected`,
    );
  }
  const most = mostExpanded(bytes.length);
  if (totalBytes > most) {
    throw new FrameError(
      "read a compressed message",
      `${bytes.length} bytes are to stand for ${totalBytes}`,
      `at most ${most} were expected`,
    );
  }
  let expanded: Uint8Array;
  try {
    // Never more memory than was announced, whatever the bytes would make.
    expanded = known.expand(bytes, totalBytes);
  } catch (cause) {
    throw wrong(
      `it cannot be expanded (${describe(cause)})`,
      totalBytes,
      cause,
    );
  }
  if (expanded.length === totalBytes) return expanded;
  throw wrong(`it has ${expanded.length} bytes`, totalBytes, undefined);
}

function wrong(found: string, wanted: number, cause: unknown): FrameError {
  return new FrameError(
    "read a compressed message",
    found,
    `${wanted} bytes were expected`,
    cause === undefined ? {} : { cause },
  );
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|::1|\[::1\])$/;

/** Whether both ends are on one machine, where sending costs less than compressing. */
function isNear(
  { local, remote }: Pick<Connection, "local" | "remote">,
): boolean {
  const [here, there] = [hostOf(local), hostOf(remote)];
  return here === undefined || there === undefined || here === there ||
    LOOPBACK.test(there);
}

/** The host of `host:port`; nothing for what has no port, such as the path of a socket. */
function hostOf(address: string): string | undefined {
  return /^(.+):\d+$/.exec(address)?.[1];
}
