/**
 * Writes frames one after another into blocks that are handed to the socket as they are.
 * @module
 */

import { writeUint32 } from "../../internal/bytes.ts";
import {
  MAX_VARINT32_BYTES,
  varint32Size,
  writeVarint32,
  writeVarint53,
} from "../../internal/varint.ts";
import { FrameError } from "../errors.ts";
import { MAX_FRAME_BYTES } from "../frame.ts";
import type {
  Chunk,
  Compressed,
  Definition,
  Failure,
  FrameFields,
  Header,
  Spawn,
} from "./fields.ts";
import { Tag } from "./kinds.ts";
import {
  chunkSize,
  compressedSize,
  definitionSize,
  failureSize,
  headerSize,
  spawnSize,
  writeBytes,
  writeChunk,
  writeCompressed,
  writeDefinition,
  writeFailure,
  writeHeader,
  writeSpawn,
  writeText,
} from "./parts.ts";
import type { PayloadSink } from "./payload.ts";
import { utf8Size, writeUtf8 } from "./text.ts";

/** Settings of a {@linkcode FrameWriter}. */
export interface FrameWriterOptions {
  /**
   * Size of a block in bytes. A larger frame gets a block of its own.
   * @default {69632}
   */
  blockBytes?: number;
  /**
   * Largest payload in bytes that `payload()` and `text()` put into one frame; see `FrameWriter.overflow`.
   * @default {65536}
   */
  chunkBytes?: number;
  /**
   * Largest frame in bytes, its length field included, that the peer reads.
   * @default {16777216}
   */
  maxFrameBytes?: number;
}

/** Payloads above this are cut, so that they do not hold up the frames of others. */
const CHUNK_BYTES = 65_536;
/** Room for the largest payload of one frame and the fields before it. */
const BLOCK_BYTES = CHUNK_BYTES + 4_096;
/** Above this many characters room for the worst case is not worth the rest of a block. */
const LONG_TEXT = 1_024;
const PREFIX_BYTES = 4;
/** Length field and the six numbers that `begin()` writes, at their largest. */
const BEGIN_BYTES = PREFIX_BYTES + 6 * (1 + MAX_VARINT32_BYTES);
/** A tag and a length. */
const HEAD_BYTES = 1 + MAX_VARINT32_BYTES;
const ACK_BYTES = 1 + 8;
const encoder = new TextEncoder();

/**
 * Writes frames: `begin()`, then the fields in the order of the methods below, each at most once (definitions
 * and headers any number of times), then `end()` or `abort()`. What is written equals byte for byte what a
 * protobuf library makes of the same fields. Numbers must be whole and from 0 to 2^32 - 1; they are not
 * checked here.
 *
 * Bytes that were taken are never written again, so a transport may hold on to them.
 */
export class FrameWriter implements PayloadSink {
  readonly #blockBytes: number;
  readonly #chunkBytes: number;
  /** Most characters whose encoding surely fits into one chunk. */
  readonly #textLimit: number;
  readonly #maxFrameBytes: number;
  #block: Uint8Array<ArrayBuffer>;
  /** Where in the block the bytes begin that were not taken. */
  #untaken = 0;
  /** Where the current frame begins. */
  #start = 0;
  #at = 0;
  /** Blocks that were left with bytes in them, oldest first. */
  #left: Uint8Array<ArrayBuffer>[] = [];
  #leftBytes = 0;

  /**
   * A payload that `payload()` or `text()` did not write because it is larger than a chunk. It belongs to the
   * caller, who must `abort()` the frame and send it in chunks. `begin()` forgets it.
   */
  overflow: Uint8Array | undefined = undefined;

  /** Allocates the first block. */
  constructor(options: FrameWriterOptions = {}) {
    const {
      blockBytes = BLOCK_BYTES,
      chunkBytes = CHUNK_BYTES,
      maxFrameBytes = MAX_FRAME_BYTES,
    } = options;
    this.#blockBytes = blockBytes;
    this.#chunkBytes = chunkBytes;
    this.#textLimit = Math.floor(chunkBytes / 3);
    this.#maxFrameBytes = maxFrameBytes;
    this.#block = new Uint8Array(blockBytes);
  }

  /** How many bytes the frame that is being written has so far, the length field included. */
  get size(): number {
    return this.#at - this.#start;
  }

  /** How many bytes of finished frames wait to be taken. */
  get pending(): number {
    return this.#leftBytes + this.#start - this.#untaken;
  }

  /** Returns the oldest bytes that wait, at most one block of them, or `undefined`. Not within a frame. */
  take(): Uint8Array<ArrayBuffer> | undefined {
    const left = this.#left.shift();
    if (left !== undefined) {
      this.#leftBytes -= left.length;
      return left;
    }
    if (this.#untaken === this.#at) return undefined;
    const taken = this.#block.subarray(this.#untaken, this.#at);
    this.#untaken = this.#at;
    return taken;
  }

  /** Begins a frame with its numbers; 0 leaves one out. */
  begin(
    kind: number,
    receiver: number,
    sender: number,
    type: number,
    correlation: number,
    remaining: number,
  ): void {
    if (this.#at + BEGIN_BYTES > this.#block.length) this.#grow(BEGIN_BYTES);
    const block = this.#block;
    let at = this.#at + PREFIX_BYTES;
    if (kind !== 0) at = put(block, at, Tag.KIND, kind);
    if (receiver !== 0) at = put(block, at, Tag.RECEIVER, receiver);
    if (sender !== 0) at = put(block, at, Tag.SENDER, sender);
    if (type !== 0) at = put(block, at, Tag.TYPE, type);
    if (correlation !== 0) at = put(block, at, Tag.CORRELATION, correlation);
    if (remaining !== 0) at = put(block, at, Tag.REMAINING, remaining);
    this.#at = at;
    this.overflow = undefined;
  }

  /** Acknowledges: how many counted frames were processed, up to 2^53 - 1. */
  ack(count: number): void {
    if (count === 0) return;
    this.#ensure(ACK_BYTES);
    this.#block[this.#at] = Tag.ACK;
    this.#at = writeVarint53(this.#block, this.#at + 1, count);
  }

  /** Defines a number. */
  definition(it: Definition): void {
    this.#open(Tag.DEFINITION, definitionSize(it));
    this.#at = writeDefinition(this.#block, this.#at, it);
  }

  /** Adds a header. */
  header(it: Header): void {
    this.#open(Tag.HEADER, headerSize(it));
    this.#at = writeHeader(this.#block, this.#at, it);
  }

  /** Sets the address. */
  address(text: string): void {
    this.#ensure(HEAD_BYTES + utf8Size(text));
    this.#at = writeText(this.#block, this.#at, Tag.ADDRESS, text);
  }

  /** Says that the payload is a part of a larger one. */
  chunk(it: Chunk): void {
    this.#open(Tag.CHUNK, chunkSize(it));
    this.#at = writeChunk(this.#block, this.#at, it);
  }

  /** Sets the failure. */
  failure(it: Failure): void {
    this.#open(Tag.FAILURE, failureSize(it));
    this.#at = writeFailure(this.#block, this.#at, it);
  }

  /** Sets what to spawn. */
  spawn(it: Spawn): void {
    this.#open(Tag.SPAWN, spawnSize(it));
    this.#at = writeSpawn(this.#block, this.#at, it);
  }

  /** Says that the payload is compressed. */
  compression(it: Compressed): void {
    this.#open(Tag.COMPRESSION, compressedSize(it));
    this.#at = writeCompressed(this.#block, this.#at, it);
  }

  /** Copies the payload into the frame, or a copy into `overflow` when it is larger than a chunk. */
  payload(bytes: Uint8Array): void {
    if (bytes.length > this.#chunkBytes) this.overflow = bytes.slice();
    else this.part(bytes);
  }

  /** Copies the payload into the frame, whatever its size. */
  part(bytes: Uint8Array): void {
    this.#ensure(HEAD_BYTES + bytes.length);
    this.#at = writeBytes(this.#block, this.#at, Tag.PAYLOAD, bytes);
  }

  /** Writes the payload as UTF-8, or puts that into `overflow` when it is larger than a chunk. */
  text(text: string): void {
    const { length } = text;
    if (length === 0) return;
    const room = HEAD_BYTES + 3 * length;
    const lacking = this.#at + room > this.#block.length;
    if (length > this.#textLimit || (lacking && length > LONG_TEXT)) {
      const bytes = encoder.encode(text);
      if (bytes.length > this.#chunkBytes) this.overflow = bytes;
      else this.part(bytes);
      return;
    }
    if (lacking) this.#grow(room);
    const block = this.#block;
    // Most texts are ASCII: take the characters for the bytes, and move them if the length needs more room.
    const start = writeVarint32(block, this.#at + 1, length);
    let end = writeUtf8(block, start, text);
    const written = end - start;
    if (written !== length) {
      const shift = varint32Size(written) - varint32Size(length);
      if (shift !== 0) block.copyWithin(start + shift, start, end);
      writeVarint32(block, this.#at + 1, written);
      end += shift;
    }
    block[this.#at] = Tag.PAYLOAD;
    this.#at = end;
  }

  /**
   * Ends the frame.
   *
   * @returns Its size in bytes, the length field included.
   * @throws {FrameError} When it is larger than the peer reads; the frame is then dropped as by `abort()`.
   */
  end(): number {
    const size = this.#at - this.#start;
    if (size > this.#maxFrameBytes) {
      this.abort();
      throw new FrameError(
        "write a frame",
        `it would have ${size} bytes`,
        `at most ${this.#maxFrameBytes} bytes were expected`,
      );
    }
    writeUint32(this.#block, this.#start, size - PREFIX_BYTES);
    this.#start = this.#at;
    return size;
  }

  /** Drops the frame that was begun. Numbers that it defined are not defined at the peer. */
  abort(): void {
    this.#at = this.#start;
  }

  /**
   * Writes a whole frame, with the payload uncut.
   *
   * @returns Its size in bytes, the length field included.
   * @throws {FrameError} When it is larger than the peer reads; nothing is written then.
   */
  frame(fields: FrameFields): number {
    const { kind = 0, receiver = 0, sender = 0, type = 0 } = fields;
    this.begin(
      kind,
      receiver,
      sender,
      type,
      fields.correlation ?? 0,
      fields.remaining ?? 0,
    );
    if (fields.ack !== undefined) this.ack(fields.ack);
    for (const definition of fields.definitions ?? []) {
      this.definition(definition);
    }
    for (const header of fields.headers ?? []) this.header(header);
    if (fields.address !== undefined) this.address(fields.address);
    if (fields.chunk !== undefined) this.chunk(fields.chunk);
    if (fields.failure !== undefined) this.failure(fields.failure);
    if (fields.spawn !== undefined) this.spawn(fields.spawn);
    if (fields.compression !== undefined) this.compression(fields.compression);
    if (fields.payload !== undefined) this.part(fields.payload);
    return this.end();
  }

  /** Writes tag and length of a message of `size` bytes, and makes room for it. */
  #open(tag: number, size: number): void {
    this.#ensure(HEAD_BYTES + size);
    this.#block[this.#at] = tag;
    this.#at = writeVarint32(this.#block, this.#at + 1, size);
  }

  #ensure(size: number): void {
    if (this.#at + size > this.#block.length) this.#grow(size);
  }

  /** Moves the current frame to a new block with room for `size` more bytes. */
  #grow(size: number): void {
    const begun = this.#at - this.#start;
    const block = new Uint8Array(Math.max(this.#blockBytes, begun + size));
    block.set(this.#block.subarray(this.#start, this.#at));
    if (this.#start > this.#untaken) {
      this.#left.push(this.#block.subarray(this.#untaken, this.#start));
      this.#leftBytes += this.#start - this.#untaken;
    }
    this.#block = block;
    this.#untaken = 0;
    this.#start = 0;
    this.#at = begun;
  }
}

/** Writes a number field, with a short way for what fits into one byte. */
function put(
  block: Uint8Array,
  at: number,
  tag: number,
  value: number,
): number {
  block[at] = tag;
  if (value < 0x80) {
    block[at + 1] = value;
    return at + 2;
  }
  return writeVarint32(block, at + 1, value);
}
