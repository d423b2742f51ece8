/**
 * Which vocabulary a peer that has connected speaks, from its first bytes.
 * @module
 */

import { concatBytes } from "../../../internal/bytes.ts";
import { sniff } from "../../handshake/sniff.ts";
import type { Compression } from "../compression/compression.ts";

/** What the first bytes say: GoAkt and how it is compressed, something else, or not enough. */
export type Greeting =
  | { readonly kind: "goakt"; readonly compression: Compression }
  | { readonly kind: "other" }
  | { readonly kind: "more" };

/** How the names of GoAkt's requests begin. */
const PACKAGE = new TextEncoder().encode("internalpb.");
const PLAIN_NAME = 8;
const METADATA_NAME = 12;
const OTHER: Greeting = { kind: "other" };
const MORE: Greeting = { kind: "more" };

/** Collects bytes until they say who is calling; at most those that were read with the first 23. */
export class GreetingReader {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array();

  /** What was read. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  /** Takes what came and says what all of it means. */
  push(bytes: Uint8Array): Greeting {
    this.#bytes = concatBytes([this.#bytes, bytes]);
    return greetingOf(this.#bytes);
  }
}

/** What the first bytes of a connection mean. The answer never changes when more follow, unless it is "more". */
function greetingOf(bytes: Uint8Array): Greeting {
  const sniffed = sniff(bytes);
  switch (sniffed) {
    case "more":
      return MORE;
    case "zstd":
    case "gzip":
    case "brotli":
      return { kind: "goakt", compression: sniffed };
    case "clear":
      return clearGreeting(bytes);
    default:
      return OTHER;
  }
}

/** Only GoAkt's messages are in its package; ours begin with another name. */
function clearGreeting(bytes: Uint8Array): Greeting {
  const first = bytes[PLAIN_NAME];
  if (first === undefined) return MORE;
  const start = first === 0 ? METADATA_NAME : PLAIN_NAME;
  for (const [index, letter] of PACKAGE.entries()) {
    const found = bytes[start + index];
    if (found === undefined) return MORE;
    if (found !== letter) return OTHER;
  }
  return { kind: "goakt", compression: "none" };
}
