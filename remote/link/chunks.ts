/**
 * Messages that are too large for one frame.
 * @module
 */

import { FrameError } from "../errors.ts";
import type { UnfinishedRoom } from "./unfinished_room.ts";
import type { Chunk } from "../wire/fields.ts";

/** Bytes of payload in one frame, at most. */
export const CHUNK_BYTES = 65_536;
/** Bytes of a part other than the last, at least: parts without bytes would cost memory for ever. */
export const MIN_PART_BYTES = 4_096;
/** Payloads that a peer may have under way at the same time. */
const MAX_ASSEMBLIES = 1_024;

/** What came of a chunk: the whole payload, when it was the last one. */
export interface Assembled<Head> {
  /** What the first frame said. */
  readonly head: Head;
  /** The whole payload. */
  readonly payload: Uint8Array;
}

interface Assembly<Head> {
  readonly head: Head;
  readonly total: number;
  readonly parts: Uint8Array[];
  bytes: number;
}

/** Puts the parts of large payloads together. What waits is bounded in number and in bytes received. */
export class Assembler<Head> {
  readonly #maxBytes: number;
  readonly #room: UnfinishedRoom | undefined;
  readonly #byId: Map<number, Assembly<Head>> = new Map();
  #bytes = 0;
  #parts = 0;

  /**
   * Takes the largest payload, in bytes; twice as much may be under way. `room` bounds what waits here and
   * elsewhere together.
   */
  constructor(maxBytes: number, room?: UnfinishedRoom) {
    this.#maxBytes = maxBytes;
    this.#room = room;
  }

  /** How many parts have come so far. */
  get parts(): number {
    return this.#parts;
  }

  /** Gives up what waits. */
  close(): void {
    this.#room?.move(this.#bytes, 0);
    this.#byId.clear();
    this.#bytes = 0;
  }

  /** How many bytes wait for the rest of their payloads. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes the first part of a payload.
   *
   * @throws {FrameError} When it is too large, too many are under way, or the number is in use.
   */
  begin({ id, totalBytes }: Chunk, head: Head, part: Uint8Array): void {
    if (totalBytes > this.#maxBytes || totalBytes <= part.length) {
      throw new FrameError(
        "read a chunked message",
        `it has ${totalBytes} bytes in all and ${part.length} in its first part`,
        `more than one part and at most ${this.#maxBytes} bytes were expected`,
      );
    }
    if (this.#byId.has(id) || this.#byId.size >= MAX_ASSEMBLIES) {
      throw new FrameError(
        "read a chunked message",
        `number ${id} comes while ${this.#byId.size} are under way`,
        `a number that is free and at most ${MAX_ASSEMBLIES} were expected`,
      );
    }
    const assembly = { head, total: totalBytes, parts: [], bytes: 0 };
    this.#byId.set(id, assembly);
    this.#add(assembly, part, MIN_PART_BYTES);
  }

  /**
   * Takes a later part.
   *
   * @returns The payload, when this was its last part.
   * @throws {FrameError} When no such payload is under way, or its size is not what the first part said.
   */
  next({ id, last }: Chunk, part: Uint8Array): Assembled<Head> | undefined {
    const assembly = this.#byId.get(id);
    if (assembly === undefined) {
      throw new FrameError(
        "read a chunk",
        `number ${id} is not under way`,
        "a first part was expected before",
      );
    }
    this.#add(assembly, part, last ? 1 : MIN_PART_BYTES);
    const { head, total, parts, bytes } = assembly;
    if (last ? bytes !== total : bytes >= total) {
      throw new FrameError(
        "read a chunked message",
        `it has ${bytes} bytes${last ? "" : " and goes on"}`,
        `${total} bytes were expected`,
      );
    }
    if (!last) return undefined;
    this.#byId.delete(id);
    this.#bytes -= total;
    this.#room?.move(total, 0);
    const payload = new Uint8Array(total);
    let at = 0;
    for (const piece of parts) {
      payload.set(piece, at);
      at += piece.length;
    }
    return { head, payload };
  }

  #add(assembly: Assembly<Head>, part: Uint8Array, least: number): void {
    if (part.length < least) {
      throw new FrameError(
        "read a chunked message",
        `a part of it has ${part.length} bytes`,
        `at least ${least} bytes were expected`,
      );
    }
    this.#bytes += part.length;
    this.#parts++;
    if (this.#room?.move(0, part.length) === false) {
      throw new FrameError(
        "read a chunked message",
        "the rest of very many messages is missing, on all connections together",
        `at most ${this.#room.limit} bytes of them were expected`,
      );
    }
    if (this.#bytes > 2 * this.#maxBytes) {
      throw new FrameError(
        "read a chunked message",
        `${this.#bytes} bytes wait for the rest of their messages`,
        `at most ${2 * this.#maxBytes} were expected`,
      );
    }
    // A view keeps all of its buffer in memory, so only large views are kept as they are.
    const isSmall = part.length * 2 < part.buffer.byteLength;
    assembly.parts.push(isSmall ? part.slice() : part);
    assembly.bytes += part.length;
  }
}
