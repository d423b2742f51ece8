/**
 * A connection whose bytes are compressed on their way.
 * @module
 */

import { describe } from "../../../actor/errors.ts";
import { DisconnectedError } from "../../errors.ts";
import type { Connection } from "../../transport/transport.ts";
import { compressedStream, type Compression } from "./compression.ts";
import type { Compressor, Decompressor } from "./stream.ts";

/**
 * Returns a connection over which what is written travels compressed, and what is read was. The new
 * connection owns the old one. Each write is flushed, so that the peer can decode it at once; nothing is
 * sent before the first write.
 */
export function compressed(
  connection: Connection,
  compression: Compression,
): Connection {
  return compression === "none"
    ? connection
    : new CompressedConnection(connection, compression);
}

class CompressedConnection implements Connection {
  readonly #connection: Connection;
  readonly #compression: Exclude<Compression, "none">;
  /** Made when they are first needed: many a connection goes one way only. */
  #compressor: Compressor | undefined = undefined;
  #decompressor: Decompressor | undefined = undefined;
  #state: "open" | "closed" = "open";

  constructor(
    connection: Connection,
    compression: Exclude<Compression, "none">,
  ) {
    this.#connection = connection;
    this.#compression = compression;
  }

  get remote(): string {
    return this.#connection.remote;
  }

  get local(): string {
    return this.#connection.local;
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const decompressor = this.#decompressor ??= compressedStream(
      this.#compression,
    ).decompressor();
    for (;;) {
      const bytes = await this.#pull(decompressor);
      if (bytes !== undefined || this.#state === "closed") return bytes;
      const received = await this.#connection.read();
      if (received === undefined || this.#isClosed) return undefined;
      decompressor.push(received);
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#state === "closed") throw this.#failed("write to", CLOSED);
    const compressor = this.#compressor ??= compressedStream(this.#compression)
      .compressor();
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
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #pull(
    decompressor: Decompressor,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
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
    const found = cause === CLOSED
      ? CLOSED
      : `the ${this.#compression} stream is broken (${describe(cause)})`;
    return new DisconnectedError(this.remote, action, found, { cause });
  }
}

const CLOSED = "the connection was closed here";
