/**
 * A connection of which a part was read already.
 * @module
 */

import type { Connection } from "../transport/transport.ts";

/** Returns a connection that gives back `bytes` before it reads on. It owns the old one. */
export function prefixed(
  connection: Connection,
  bytes: Uint8Array<ArrayBuffer>,
): Connection {
  return bytes.length === 0
    ? connection
    : new PrefixedConnection(connection, bytes);
}

class PrefixedConnection implements Connection {
  readonly #connection: Connection;
  #bytes: Uint8Array<ArrayBuffer> | undefined;

  constructor(connection: Connection, bytes: Uint8Array<ArrayBuffer>) {
    this.#connection = connection;
    this.#bytes = bytes;
  }

  get remote(): string {
    return this.#connection.remote;
  }

  get local(): string {
    return this.#connection.local;
  }

  read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = this.#bytes;
    if (bytes === undefined) return this.#connection.read();
    this.#bytes = undefined;
    return Promise.resolve(bytes);
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#connection.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#connection.closeWrite();
  }

  close(): void {
    this.#bytes = undefined;
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
