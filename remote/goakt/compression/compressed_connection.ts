/**
 * A connection whose bytes are compressed on their way.
 * @module
 */

import { describe } from "../../../actor/errors.ts";
import { DisconnectedError } from "../../errors.ts";
import type { Connection } from "../../transport/transport.ts";
import {
  type CodecBudget,
  type CodecRoom,
  CodecRoomError,
  ENDLESS_ROOM,
} from "./codec_budget.ts";
import { compressedStream, type Compression } from "./compression.ts";
import type { CompressedStream, Compressor, Decompressor } from "./stream.ts";

/**
 * Returns a connection over which what is written travels compressed, and what is read was. The new
 * connection owns the old one, and closes it when this throws. Each write is flushed, so that the peer can decode
 * it at once; nothing is sent before the first write.
 *
 * @param budget Bounds the memory that all compressed connections take together; without one there is no bound.
 * @throws {CodecRoomError} When there is no room for one more. Later, when one is to grow that there is no room
 * for, a read rejects, with that as the cause.
 */
export function compressed(
  connection: Connection,
  compression: Compression,
  budget?: CodecBudget,
): Connection {
  if (compression === "none") return connection;
  const room = budget?.room(connection.remote) ?? ENDLESS_ROOM;
  try {
    room.take(compressedStream(compression).bytes);
  } catch (error) {
    connection.close();
    throw error;
  }
  return new CompressedConnection(connection, compression, room);
}

/** What came cannot be decoded. */
export class BrokenStreamError extends DisconnectedError {}

class CompressedConnection implements Connection {
  readonly #connection: Connection;
  readonly #compression: Exclude<Compression, "none">;
  readonly #stream: CompressedStream;
  readonly #room: CodecRoom;
  /** Made when they are first needed: many a connection goes one way only. */
  #compressor: Compressor | undefined = undefined;
  #decompressor: Decompressor | undefined = undefined;
  #state: "open" | "closed" = "open";

  constructor(
    connection: Connection,
    compression: Exclude<Compression, "none">,
    room: CodecRoom,
  ) {
    this.#connection = connection;
    this.#compression = compression;
    this.#stream = compressedStream(compression);
    this.#room = room;
  }

  get remote(): string {
    return this.#connection.remote;
  }

  get local(): string {
    return this.#connection.local;
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#state === "closed") return undefined;
    const decompressor = this.#decompressor ??= this.#stream.decompressor(
      this.#room,
    );
    let received: Uint8Array<ArrayBuffer> | undefined;
    for (;;) {
      const bytes = await this.#decode(decompressor, received);
      if (bytes !== undefined || this.#isClosed) return bytes;
      received = await this.#connection.read();
      if (received === undefined || this.#isClosed) return undefined;
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#state === "closed") throw this.#failed("write to", CLOSED);
    const compressor = this.#compressor ??= this.#stream.compressor();
    let packed: Uint8Array;
    try {
      packed = await compressor.compress(bytes);
    } catch (cause) {
      throw this.#failed("write to", this.#isClosed ? CLOSED : cause);
    }
    await this.#connection.write(packed);
  }

  closeWrite(): Promise<void> {
    return this.#connection.closeWrite();
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#compressor?.close();
    this.#decompressor?.close();
    this.#room.close();
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** What comes next of what was received. */
  async #decode(
    decompressor: Decompressor,
    received: Uint8Array | undefined,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      if (received !== undefined) decompressor.push(received);
      return await decompressor.pull();
    } catch (cause) {
      if (this.#isClosed) return undefined;
      throw this.#failed("read from", cause);
    }
  }

  /** Asked again after a wait, which the type of the field does not know of. */
  get #isClosed(): boolean {
    return this.#state === "closed";
  }

  #failed(action: string, cause: unknown): DisconnectedError {
    const isKnown = cause === CLOSED || cause instanceof CodecRoomError;
    if (isKnown) {
      const found = cause === CLOSED ? CLOSED : cause.found;
      return new DisconnectedError(this.remote, action, found, { cause });
    }
    const found = `the ${this.#compression} stream is broken (${
      describe(cause)
    })`;
    return new BrokenStreamError(this.remote, action, found, { cause });
  }
}

const CLOSED = "the connection was closed here";
