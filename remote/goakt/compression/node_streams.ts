/**
 * Zstandard, gzip and Brotli by the platform's zlib. Gzip too, because the flush of fflate 0.8.3 loses the last
 * bits of a block that does not end at a byte.
 * @module
 */

import {
  type BrotliCompress,
  type BrotliDecompress,
  constants,
  createBrotliCompress,
  createBrotliDecompress,
  createGunzip,
  createGzip,
  createZstdCompress,
  createZstdDecompress,
  type Gunzip,
  type Gzip,
  type ZstdCompress,
  type ZstdDecompress,
} from "node:zlib";
import { concatBytes } from "../../../internal/bytes.ts";
import {
  BROTLI_DECODER_BYTES,
  BrotliDecompressor,
} from "./brotli_decompressor.ts";
import type { CompressedStream, Compressor, Decompressor } from "./stream.ts";
import { ZSTD_DECODER_BYTES, ZstdDecompressor } from "./zstd_decompressor.ts";

/** 64 KiB. With the 512 KiB of GoAkt's encoder ours takes 1.4 MiB instead of 0.6, for messages as small. */
const ZSTD_WINDOW_LOG = 16;
const ZSTD_LEVEL = 3;
/**
 * What the encoder knows of what it has written: 64 KiB in each of two tables. Those that belong to the level take
 * 768 KiB and three times as long to set up, for each connection; messages become no smaller by them.
 */
const ZSTD_TABLE_LOG = 14;
/**
 * Messages become smaller than at GoAkt's 6 and 4 MiB, with a tenth of the memory: 1 MiB instead of 10, which the
 * encoder clears for each connection. `sniff` knows what streams with this window begin with.
 */
const BROTLI_QUALITY = 4;
const BROTLI_WINDOW_LOG = 18;
/** Written at a time. The encoder keeps 14 bytes for each byte of the largest write. */
const BROTLI_PIECE = 8 * 1024;
/** How much is decoded at a time. */
const CHUNK = 64 * 1024;
/** Bytes that the encoders take, and the decoder of gzip, measured. */
const ZSTD_ENCODER_BYTES = 616 * 1024;
const GZIP_ENCODER_BYTES = 376 * 1024;
const GZIP_DECODER_BYTES = 120 * 1024;
const BROTLI_ENCODER_BYTES = 1_264 * 1024;

type Encoder = ZstdCompress | BrotliCompress | Gzip;
type Decoder = ZstdDecompress | BrotliDecompress | Gunzip;

/** Zstandard: one frame for the life of the connection, with a checksum, as GoAkt writes it. */
export const zstd: CompressedStream = {
  bytes: ZSTD_ENCODER_BYTES + ZSTD_DECODER_BYTES,
  compressor: () =>
    new NodeCompressor(
      createZstdCompress({
        params: {
          [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL,
          [constants.ZSTD_c_windowLog]: ZSTD_WINDOW_LOG,
          [constants.ZSTD_c_hashLog]: ZSTD_TABLE_LOG,
          [constants.ZSTD_c_chainLog]: ZSTD_TABLE_LOG,
          [constants.ZSTD_c_checksumFlag]: 1,
        },
      }),
      constants.ZSTD_e_flush,
    ),
  decompressor: (room) =>
    new ZstdDecompressor((windowLog) =>
      new NodeDecompressor(
        createZstdDecompress({
          chunkSize: CHUNK,
          params: { [constants.ZSTD_d_windowLogMax]: windowLog },
        }),
      ), room),
};

/** Gzip, each write followed by the empty block that lets Go's decoder give everything out. */
export const gzip: CompressedStream = {
  bytes: GZIP_ENCODER_BYTES + GZIP_DECODER_BYTES,
  compressor: () => new NodeCompressor(createGzip(), constants.Z_SYNC_FLUSH),
  decompressor: () => new NodeDecompressor(createGunzip({ chunkSize: CHUNK })),
};

/** Brotli. */
export const brotli: CompressedStream = {
  bytes: BROTLI_ENCODER_BYTES + BROTLI_DECODER_BYTES,
  compressor: () =>
    new NodeCompressor(
      createBrotliCompress({
        params: {
          [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
          [constants.BROTLI_PARAM_LGWIN]: BROTLI_WINDOW_LOG,
        },
      }),
      constants.BROTLI_OPERATION_FLUSH,
      BROTLI_PIECE,
    ),
  decompressor: (room) =>
    new BrotliDecompressor(
      (chunkSize = CHUNK) =>
        new NodeDecompressor(createBrotliDecompress({ chunkSize })),
      room,
    ),
};

class NodeCompressor implements Compressor {
  readonly #stream: Encoder;
  readonly #flush: number;
  readonly #piece: number;
  #out: Uint8Array[] = [];
  #fail: (error: unknown) => void = () => {};

  /** `flush` is how what was written is flushed, `piece` how many bytes are written at a time. */
  constructor(stream: Encoder, flush: number, piece: number = Infinity) {
    this.#stream = stream;
    this.#flush = flush;
    this.#piece = piece;
    stream.on("data", (bytes: Uint8Array) => void this.#out.push(bytes));
    stream.on("error", (error) => this.#fail(error));
  }

  compress(bytes: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      const next = (at: number): void => {
        const end = at + this.#piece;
        this.#stream.write(bytes.subarray(at, end));
        this.#stream.flush(this.#flush, () => {
          if (this.#stream.destroyed) return; // it has failed already
          if (end < bytes.length) return next(end);
          const out = concatBytes(this.#out);
          this.#out = [];
          resolve(out);
        });
      };
      next(0);
    });
  }

  close(): void {
    this.#fail(new TypeError("the stream was closed"));
    this.#stream.destroy();
    this.#out = [];
  }
}

/** Reads only when it is asked to, so that the stream stops decoding while nobody wants more. */
export class NodeDecompressor implements Decompressor {
  readonly #stream: Decoder;
  /** Whether the bytes that were given last are in work. */
  #state: "hungry" | "busy" | "closed" = "hungry";
  #error: { readonly cause: unknown } | undefined = undefined;
  #wake: (() => void) | undefined = undefined;

  constructor(stream: Decoder) {
    this.#stream = stream;
    stream.on("readable", () => this.#wake?.());
    stream.on("end", () => this.#wake?.());
    stream.on("error", (cause) => {
      this.#error ??= { cause };
      this.#wake?.();
    });
  }

  push(bytes: Uint8Array): void {
    if (this.#state === "closed") return;
    this.#state = "busy";
    this.#stream.write(bytes, () => {
      if (this.#state === "busy") this.#state = "hungry";
      this.#wake?.();
    });
  }

  async pull(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    for (;;) {
      if (this.#state === "closed") return undefined;
      const bytes: Uint8Array | null = this.#stream.read();
      if (bytes !== null) return Uint8Array.from(bytes);
      if (this.#error !== undefined) throw this.#error.cause;
      if (this.#state === "hungry") return undefined;
      await new Promise<void>((resolve) => this.#wake = resolve);
      this.#wake = undefined;
    }
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#stream.destroy();
    this.#wake?.();
  }
}
