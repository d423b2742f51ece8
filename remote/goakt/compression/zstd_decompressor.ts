/**
 * Decodes zstd streams after a look at what they ask for.
 * @module
 */

import { concatBytes, readUint32 } from "../../../internal/bytes.ts";
import type { CodecRoom } from "./codec_budget.ts";
import type { Decompressor } from "./stream.ts";

/** What a stream may ask us to keep: 8 MiB, the most that encoders use unless told otherwise. */
const MOST_WINDOW_LOG = 23;
/** What GoAkt's encoder asks for: 512 KiB. There is room for it in what a connection takes at first. */
const USUAL_WINDOW_LOG = 19;
const MAGIC = 0x28b52ffd;
/** Sizes of the fields of a header, by their flags (RFC 8878, 3.1.1.1.1). */
const DICTIONARY_BYTES = [0, 1, 2, 4];
const CONTENT_BYTES = [0, 2, 4, 8];
const BLOCK_BYTES = 128 * 1024;

/** What the platform's decoder takes besides the window and the blocks behind it, measured. */
const BASE_BYTES = 168 * 1024;

/** Bytes that a decoder with a window of that size takes. */
function zstdDecoderBytes(windowLog: number): number {
  const window = 2 ** windowLog;
  return BASE_BYTES + window + 3 * Math.min(window, BLOCK_BYTES);
}

/** Bytes that a decoder for the window that GoAkt asks for takes. */
export const ZSTD_DECODER_BYTES: number = zstdDecoderBytes(USUAL_WINDOW_LOG);

/**
 * The platform's decoder takes what the header of a frame asks for, at once. So it gets the header only when there
 * is room for that, and does not decode a later frame that asks for more.
 */
export class ZstdDecompressor implements Decompressor {
  readonly #make: (windowLog: number) => Decompressor;
  readonly #room: CodecRoom;
  /** The beginning of the stream, until the header is whole: less than 18 bytes and what came with the last. */
  #head: Uint8Array = new Uint8Array();
  #decoder: Decompressor | undefined = undefined;
  #state: "open" | "closed" = "open";

  /** `make` makes a decoder for windows up to that size; `room` has been asked for the usual one. */
  constructor(make: (windowLog: number) => Decompressor, room: CodecRoom) {
    this.#make = make;
    this.#room = room;
  }

  push(bytes: Uint8Array): void {
    if (this.#decoder !== undefined) return this.#decoder.push(bytes);
    if (this.#state === "closed") return;
    const head = concatBytes([this.#head, bytes]);
    const window = windowOf(head);
    if (window === undefined) {
      this.#head = head;
      return;
    }
    if (window > 2 ** MOST_WINDOW_LOG) {
      throw new RangeError(
        `it asks for a window of ${window} bytes, at most ${
          2 ** MOST_WINDOW_LOG
        } were expected`,
      );
    }
    const log = Math.max(Math.ceil(Math.log2(window)), USUAL_WINDOW_LOG);
    const more = zstdDecoderBytes(log) - ZSTD_DECODER_BYTES;
    if (more > 0) this.#room.take(more);
    this.#decoder = this.#make(log);
    this.#decoder.push(head);
    this.#head = new Uint8Array();
  }

  pull(): ReturnType<Decompressor["pull"]> {
    return this.#decoder?.pull();
  }

  close(): void {
    this.#state = "closed";
    this.#head = new Uint8Array();
    this.#decoder?.close();
  }
}

/** The window that a frame asks for (RFC 8878, 3.1.1.1); `undefined` when more of the header is needed. */
function windowOf(head: Uint8Array): number | undefined {
  if (head.length < 5) return undefined;
  if (readUint32(head, 0) !== MAGIC) {
    throw new TypeError(
      `it begins with ${head.toHex().slice(0, 8)}, 28b52ffd was expected`,
    );
  }
  const flags = head[4] as number; // below the length
  const isSingle = (flags & 0x20) !== 0;
  const descriptor = head[5];
  if (!isSingle) {
    if (descriptor === undefined) return undefined;
    const base = 2 ** (10 + (descriptor >> 3));
    return base + (base / 8) * (descriptor & 7);
  }
  // The window is as large as the content, of which the header gives the size then.
  const start = 5 + (DICTIONARY_BYTES[flags & 3] ?? 0);
  const size = CONTENT_BYTES[flags >> 6] || 1;
  if (head.length < start + size) return undefined;
  let content = size === 2 ? 256 : 0;
  for (let at = 0; at < size; at++) {
    content += (head[start + at] ?? 0) * 2 ** (8 * at);
  }
  return Math.max(content, 1);
}
