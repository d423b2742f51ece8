/**
 * A transport that counts.
 * @module
 */

import type {
  Connection,
  Transport,
} from "../../../remote/transport/transport.ts";

/** Counts what is written to the connections that it makes. */
export class CountingTransport implements Transport {
  /** Bytes so far. */
  written = 0;
  readonly scheme: string;
  readonly listen: Transport["listen"];
  readonly #inner: Transport;

  constructor(inner: Transport) {
    this.#inner = inner;
    this.scheme = inner.scheme;
    this.listen = (options) => inner.listen(options);
  }

  async connect(
    options: Parameters<Transport["connect"]>[0],
  ): Promise<Connection> {
    const connection = await this.#inner.connect(options);
    const { write } = connection;
    connection.write = (bytes) => {
      this.written += bytes.length;
      return write.call(connection, bytes);
    };
    return connection;
  }
}
