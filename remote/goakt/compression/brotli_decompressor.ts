/**
 * Decodes Brotli streams without the window that they ask for, until they need it.
 * @module
 */

import { concatBytes } from "../../../internal/bytes.ts";
import type { CodecRoom } from "./codec_budget.ts";
import type { Decompressor } from "./stream.ts";

/** The low bits of a stream that asks for a window of 4 MiB, as those of GoAkt do. */
const LARGE_WINDOW = 0x0b;
/** The same for 256 KiB. */
const SMALL_WINDOW = 0x03;
/**
 * So much may come of a stream with the small window. Up to 256 KiB a stream cannot tell it from the large one, as
 * nothing to refer to is further back; but the decoder must not come there on its own. It may be ahead by 64 KiB,
 * which the platform has ready, and two pieces. Beyond, it could take a sound stream for a broken one, and then
 * it writes to the output of the program, and loses memory.
 */
const REACH = 128 * 1024;
/** How much is decoded at a time with the small window, at most, for that. */
const SMALL_PIECE = 16 * 1024;
/** Bytes of a stream that are kept to be decoded again, at most; and what there is room for at first. */
const HISTORY_BYTES = 64 * 1024;
const FIRST_HISTORY_BYTES = 1024;
/** What the platform's decoder takes besides the window, measured. */
const BASE_BYTES = 112 * 1024;

/** Bytes that a decoder takes at first. */
export const BROTLI_DECODER_BYTES: number = 256 * 1024 + BASE_BYTES +
  HISTORY_BYTES;

/**
 * The platform's decoder takes the whole window with the first byte, and GoAkt opens a connection for each ask in
 * flight, most for a few hundred bytes. So a stream is decoded with a small window at first; when it outgrows that,
 * from its beginning once more with the window that it asks for, without what was given out before.
 */
export class BrotliDecompressor implements Decompressor {
  readonly #make: (piece?: number) => Decompressor;
  readonly #room: CodecRoom;
  /** Made with the first byte, which says how much room it needs. */
  #decoder: Decompressor | undefined = undefined;
  /** The window that the stream asks for, in bytes. */
  #window = 0;
  /** A copy of what came, while the window is small: an array for each read would take a hundred times as much. */
  #history: Uint8Array<ArrayBuffer> = new Uint8Array();
  /** How much of it is filled; nothing before the first byte. */
  #historyBytes = 0;
  /** Bytes that were given out, while the window is small. */
  #given = 0;
  /** Bytes that the decoder is about to repeat. */
  #repeated = 0;
  #state: "new" | "small" | "large" | "closed" = "new";

  /**
   * `make` makes a decoder that takes the window that a stream asks for, and decodes so many bytes at a time; `room`
   * has been asked for a small one.
   */
  constructor(make: (piece?: number) => Decompressor, room: CodecRoom) {
    this.#make = make;
    this.#room = room;
  }

  push(bytes: Uint8Array): void {
    const [first] = bytes;
    if (first === undefined || this.#state === "closed") return;
    if (this.#state === "new") {
      this.#window = windowOf(first);
      const isLarge = (first & 0x0f) === LARGE_WINDOW;
      if (!isLarge) this.#takeWindow();
      this.#state = isLarge ? "small" : "large";
    }
    const decoder = this.#decoder ??= this.#make(
      this.#state === "small" ? SMALL_PIECE : undefined,
    );
    if (this.#state !== "small") return decoder.push(bytes);
    const isFirst = this.#historyBytes === 0;
    if (this.#historyBytes + bytes.length > HISTORY_BYTES) {
      return this.#grow(bytes);
    }
    this.#remember(bytes);
    if (!isFirst) return decoder.push(bytes);
    const small = Uint8Array.from(bytes);
    small[0] = first & 0xf0 | SMALL_WINDOW;
    decoder.push(small);
  }

  async pull(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    for (;;) {
      const piece = await this.#pull();
      if (piece === undefined) return undefined;
      if (this.#state === "small") {
        if (this.#given + piece.length <= REACH) {
          this.#given += piece.length;
          return piece;
        }
        this.#grow();
      } else if (piece.length > this.#repeated) {
        const fresh = piece.subarray(this.#repeated);
        this.#repeated = 0;
        return fresh;
      } else {
        this.#repeated -= piece.length;
      }
    }
  }

  close(): void {
    this.#state = "closed";
    this.#history = new Uint8Array();
    this.#decoder?.close();
  }

  /** The next piece. What the small window cannot decode may still be sound. */
  async #pull(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      return await this.#decoder?.pull();
    } catch (error) {
      if (this.#state !== "small") throw error;
      this.#grow();
      return await this.#decoder?.pull();
    }
  }

  #remember(bytes: Uint8Array): void {
    const before = this.#historyBytes;
    const end = before + bytes.length;
    let { length } = this.#history;
    if (end > length) {
      length ||= FIRST_HISTORY_BYTES;
      while (length < end) length *= 2;
      const larger = new Uint8Array(length);
      larger.set(this.#history.subarray(0, before));
      this.#history = larger;
    }
    this.#history.set(bytes, before);
    this.#historyBytes = end;
  }

  /** Begins anew with the large window; `next` has come besides what is remembered. */
  #grow(next: Uint8Array = new Uint8Array()): void {
    this.#takeWindow();
    this.#decoder?.close();
    this.#decoder = this.#make();
    const before = this.#history.subarray(0, this.#historyBytes);
    this.#decoder.push(concatBytes([before, next]));
    this.#history = new Uint8Array();
    this.#repeated = this.#given;
    this.#state = "large";
  }

  /** @throws {CodecRoomError} When there is no room for the window. */
  #takeWindow(): void {
    const more = this.#window + BASE_BYTES - BROTLI_DECODER_BYTES;
    if (more > 0) this.#room.take(more);
  }
}

/** The window that a stream asks for with its first byte (RFC 7932, 9.1). */
function windowOf(first: number): number {
  if ((first & 0x01) === 0) return 2 ** 16;
  const large = first >> 1 & 0x07;
  if (large > 0) return 2 ** (17 + large);
  const small = first >> 4 & 0x07;
  // 1 is refused by the decoder.
  return 2 ** (small === 0 ? 17 : 8 + small);
}
