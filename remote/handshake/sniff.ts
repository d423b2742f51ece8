/**
 * Which peer is calling, from the first bytes it sends.
 * @module
 */

/**
 * What the first bytes begin: `"clear"` a frame in clear text, `"zstd"`, `"gzip"` and `"brotli"` a
 * compressed stream of frames, `"tls"` a TLS record, `"http"` an HTTP request, `"unknown"` none of
 * them; `"more"` that too few bytes are there to tell.
 */
export type Sniffed =
  | "clear"
  | "zstd"
  | "gzip"
  | "brotli"
  | "tls"
  | "http"
  | "unknown"
  | "more";

/** Beginnings that are longer than one byte. No two share their first byte. */
const MAGIC: readonly (readonly [Sniffed, readonly number[]])[] = [
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["gzip", [0x1f, 0x8b]],
  ["tls", [0x16, 0x03]],
];

/**
 * A window of 256 KiB, and a first block that is not the last one and at most 1 MiB long: `03`, `23`, `83` and
 * `a3`, none of which is how HTTP begins. The other bits belong to the length of the block.
 */
const OWN_BROTLI = 0x03;
const OWN_BROTLI_BITS = 0x5f;

/** How HTTP requests begin; the last is the preface of HTTP/2. */
const HTTP: readonly (readonly number[])[] = [
  "GET ",
  "POST ",
  "PUT ",
  "HEAD ",
  "DELETE ",
  "OPTIONS ",
  "CONNECT ",
  "TRACE ",
  "PATCH ",
  "PRI ",
].map((method) => [...new TextEncoder().encode(method)]);

/**
 * Tells who is calling from the first bytes of a connection, at most eight of them. The answer for
 * given bytes never changes when more follow, unless it is `"more"`.
 *
 * A frame is at most 16 MiB, so its length begins with a zero byte. Brotli has no magic number: the
 * low half of its first byte is what a stream with a window of 4 MiB, the usual one, begins with; or
 * the byte is one with which our own streams begin.
 */
export function sniff(bytes: Uint8Array): Sniffed {
  const first = bytes[0];
  if (first === undefined) return "more";
  if (first === 0) return "clear";
  if ((first & 0x0f) === 0x0b) return "brotli";
  if ((first & OWN_BROTLI_BITS) === OWN_BROTLI) return "brotli";
  for (const [kind, magic] of MAGIC) {
    const match = begins(bytes, magic);
    if (match !== "no") return match === "yes" ? kind : "more";
  }
  let possible = false;
  for (const method of HTTP) {
    const match = begins(bytes, method);
    if (match === "yes") return "http";
    if (match === "perhaps") possible = true;
  }
  return possible ? "more" : "unknown";
}

/** Whether `bytes` begin with `magic`, as far as they go. */
function begins(
  bytes: Uint8Array,
  magic: readonly number[],
): "yes" | "perhaps" | "no" {
  const length = Math.min(bytes.length, magic.length);
  for (let i = 0; i < length; i++) {
    if (bytes[i] !== magic[i]) return "no";
  }
  return length === magic.length ? "yes" : "perhaps";
}

const HTTP_BODY =
  "This port belongs to a node of the Troupe actor framework. It does not speak HTTP.\n";

/** What an HTTP client is answered with, before the connection is closed. */
export const HTTP_ANSWER: Uint8Array<ArrayBuffer> = new TextEncoder().encode(
  "HTTP/1.1 400 Bad Request\r\n" +
    "Content-Type: text/plain; charset=utf-8\r\n" +
    `Content-Length: ${HTTP_BODY.length}\r\n` +
    "Connection: close\r\n\r\n" +
    HTTP_BODY,
);
