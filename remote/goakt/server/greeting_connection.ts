/**
 * A connection that was accepted, while it is open which vocabulary its peer speaks.
 * @module
 */

import { readUint32 } from "../../../internal/bytes.ts";
import { HANDSHAKE_BYTES } from "../../handshake/handshake.ts";
import type { CertifiedIdentity } from "../../handshake/identity.ts";
import type { Connection } from "../../transport/transport.ts";
import type { Compression } from "../compression/compression.ts";
import { prefixed } from "../prefixed_connection.ts";
import { GreetingReader } from "./greeting.ts";

/** What a GoAkt peer has opened. */
export interface GoaktConnection {
  /** The connection from its beginning. */
  readonly connection: Connection;
  /** How it is compressed. */
  readonly compression: Compression;
}

/**
 * Gives a handshake what it can make sense of, until it is plain that a GoAkt peer is calling: then it looks
 * to the handshake as if the peer had left, and the connection stays open for {@linkcode GreetingConnection.taken}.
 */
export class GreetingConnection implements Connection {
  readonly #connection: Connection;
  readonly #reader: GreetingReader = new GreetingReader();
  /** How many of the bytes that were read the handshake has. */
  #given = 0;
  #state: "listening" | "taken" | "through" = "listening";
  #taken: GoaktConnection | undefined = undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get remote(): string {
    return this.#connection.remote;
  }

  get local(): string {
    return this.#connection.local;
  }

  /** Who the certificate of the peer says that it is. */
  get identity(): CertifiedIdentity | undefined {
    return this.#connection.certified?.identity;
  }

  /** The connection of a GoAkt peer, which belongs to the caller; nothing when the peer is another. */
  get taken(): GoaktConnection | undefined {
    return this.#taken;
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    while (this.#state === "listening") {
      const bytes = await this.#connection.read();
      if (bytes === undefined) return undefined;
      const greeting = this.#reader.push(bytes);
      if (greeting.kind === "goakt") {
        this.#state = "taken";
        this.#taken = {
          connection: prefixed(this.#connection, this.#reader.bytes),
          compression: greeting.compression,
        };
        return undefined;
      }
      if (greeting.kind === "other") this.#state = "through";
      else if (!this.#isHandshake) continue;
      const fresh = this.#reader.bytes.slice(this.#given);
      this.#given = this.#reader.bytes.length;
      return fresh;
    }
    return this.#state === "taken" ? undefined : this.#connection.read();
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#connection.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#connection.closeWrite();
  }

  close(): void {
    if (this.#state !== "taken") this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Whether a handshake would wait for more too: a larger frame it would refuse from its length. */
  get #isHandshake(): boolean {
    const { bytes } = this.#reader;
    return bytes.length < 4 || bytes[0] !== 0 ||
      readUint32(bytes, 0) <= HANDSHAKE_BYTES;
  }
}
