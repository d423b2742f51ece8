/**
 * A connection as the stream that TLS runs over.
 * @module
 */

import type { Duplex, DuplexOptions } from "node:stream";
import type { Connection } from "../transport/transport.ts";

/** How a stream is made; the class is loaded when TLS is first used. */
export type DuplexClass = new (options: DuplexOptions) => Duplex;

/**
 * Gives the bytes of a connection to TLS, and takes those that TLS makes. It is asked for more only while it is
 * not held up: the TLS library reads on whatever its reader does, which would leave nothing to slow the peer.
 */
export class TlsWire {
  /** What TLS runs over. Destroying it closes the connection. */
  readonly stream: Duplex;
  readonly #connection: Connection;
  #state: "flowing" | "held" = "flowing";
  /** Whether TLS has asked for bytes that it has not got. */
  #isWanted = false;
  #isReading = false;

  /** Owns the connection from now on. */
  constructor(Stream: DuplexClass, connection: Connection) {
    this.#connection = connection;
    this.stream = new Stream({
      allowHalfOpen: true,
      read: () => {
        this.#isWanted = true;
        this.#pull();
      },
      write: (bytes: Uint8Array, _encoding, done) => {
        connection.write(bytes).then(() => done(), done);
      },
      final: (done) => {
        connection.closeWrite().then(() => done(), done);
      },
      destroy: (error, done) => {
        connection.close();
        done(error);
      },
    });
  }

  /** Asks the connection for nothing more; one read that is under way still arrives. */
  hold(): void {
    this.#state = "held";
  }

  /** Goes on. */
  release(): void {
    if (this.#state === "flowing") return;
    this.#state = "flowing";
    this.#pull();
  }

  #pull(): void {
    if (!this.#isWanted || this.#isReading || this.#state === "held") return;
    this.#isReading = true;
    this.#isWanted = false;
    this.#connection.read().then((bytes) => {
      this.#isReading = false;
      this.stream.push(bytes ?? null);
    }, (error) => {
      this.#isReading = false;
      this.stream.destroy(error);
    });
  }
}
