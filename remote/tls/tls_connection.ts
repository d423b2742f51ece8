/**
 * A TLS socket of `node:tls` as a connection.
 * @module
 */

import type { TLSSocket } from "node:tls";
import { describe } from "../../actor/errors.ts";
import type { Clock, Timer } from "../../internal/clock.ts";
import { DisconnectedError } from "../errors.ts";
import type { RefusalReason } from "../handshake/handshake_acceptor.ts";
import type { CertifiedPeer } from "../handshake/identity.ts";
import type { TlsWire } from "./tls_wire.ts";
import type { Connection } from "../transport/transport.ts";

/** How many bytes wait here before no more are asked for. */
const HIGH_WATER = 256 * 1024;

/** How often a certificate is looked at again, in milliseconds. */
const RECHECK_INTERVAL = 600_000;

/** What a {@linkcode TlsConnection} is made with. */
export interface TlsConnectionParts {
  /** The socket, whose handshake is over. Owned from now on. */
  socket: TLSSocket;
  /** What it runs over. */
  wire: TlsWire;
  /** The own end, as `host:port`. */
  local: string;
  /** The peer, as `host:port`. */
  remote: string;
  /** Who the peer is. */
  certified: CertifiedPeer;
  /** Why nothing is read from it, if so. */
  refusal: RefusalReason | undefined;
  /** What stands against the peer by now: its certificate grows old, and authorities are exchanged. */
  recheck(): RefusalReason | undefined;
  /** The time that passes between two looks. */
  clock: Clock;
}

/** One end of a TLS connection. */
export class TlsConnection implements Connection {
  readonly local: string;
  readonly remote: string;
  readonly certified: CertifiedPeer;
  readonly refusal: RefusalReason | undefined;
  readonly #socket: TLSSocket;
  readonly #wire: TlsWire;
  readonly #parts: TlsConnectionParts;
  #recheck: Timer | undefined = undefined;
  readonly #received: Uint8Array<ArrayBuffer>[] = [];
  #receivedBytes = 0;
  #state: "open" | "ended" | "lost" | "closed" = "open";
  /** What the connection was lost by. */
  #cause: unknown = undefined;
  /** Wakes the read that waits. */
  #onReadable: (() => void) | undefined = undefined;
  /** Rejects the write that waits. */
  #onGone: (() => void) | undefined = undefined;
  /** Whether this direction has been ended. */
  #writing: "open" | "ended" = "open";

  constructor(parts: TlsConnectionParts) {
    const { socket, wire, local, remote, certified, refusal } = parts;
    this.local = local;
    this.remote = remote;
    this.certified = certified;
    this.refusal = refusal;
    this.#socket = socket;
    this.#wire = wire;
    this.#parts = parts;
    socket.on("data", (bytes: Uint8Array<ArrayBuffer>) => this.#take(bytes));
    socket.on("end", () => this.#leave("ended"));
    socket.on("error", (error) => {
      this.#cause ??= error;
      this.#leave("lost");
    });
    socket.on("close", () => this.#end());
    // What TLS runs over tells of its end in its own words, and TLS does not always pass them on.
    wire.stream.on("error", (error) => {
      this.#cause ??= error;
      this.#end();
    });
    wire.stream.on("close", () => this.#end());
    if (refusal === undefined) this.#awaitRecheck();
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    // Whoever is not let in is told why, and is never listened to: not even by mistake.
    if (this.refusal !== undefined) this.#drop();
    for (;;) {
      if (this.#state === "closed") return undefined;
      const bytes = this.#received.shift();
      if (bytes !== undefined) {
        this.#receivedBytes -= bytes.length;
        if (this.#receivedBytes < HIGH_WATER) this.#wire.release();
        if (this.refusal === undefined) return bytes;
        continue;
      }
      if (this.#state === "ended") return undefined;
      if (this.#state === "lost") throw this.#lost("read from");
      await new Promise<void>((resolve) => this.#onReadable = resolve);
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0 && this.#isWritable) return Promise.resolve();
    if (!this.#isWritable) return Promise.reject(this.#lost("write to"));
    return new Promise((resolve, reject) => {
      this.#onGone = () => reject(this.#lost("write to"));
      this.#socket.write(bytes, (error) => {
        this.#onGone = undefined;
        if (!error && this.#isOpen) return resolve();
        this.#cause ??= error ?? undefined;
        reject(this.#lost("write to"));
      });
    });
  }

  async closeWrite(): Promise<void> {
    if (!this.#isWritable) return;
    this.#writing = "ended";
    await new Promise<void>((resolve) => {
      this.#onGone = resolve;
      this.#socket.end(() => {
        this.#onGone = undefined;
        resolve();
      });
    });
  }

  close(): void {
    if (this.#state === "closed") return;
    const isWaiting = this.#onGone !== undefined;
    this.#state = "closed";
    this.#recheck?.cancel();
    this.#drop();
    this.#onReadable?.();
    this.#onGone?.();
    // The word that this is the end goes out behind what was written, unless that is stuck.
    if (isWaiting) this.#socket.destroy();
    else this.#socket.destroySoon();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  get #isOpen(): boolean {
    return this.#state !== "closed" && this.#state !== "lost" &&
      !this.#socket.destroyed && !this.#wire.stream.destroyed;
  }

  get #isWritable(): boolean {
    return this.#writing === "open" && this.#isOpen;
  }

  #take(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#state !== "open" || bytes.length === 0) return;
    const { buffer, byteOffset, length } = bytes;
    const isSpare = buffer.byteLength > 2 * length;
    this.#received.push(
      isSpare
        ? new Uint8Array(bytes)
        : new Uint8Array(buffer, byteOffset, length),
    );
    this.#receivedBytes += length;
    if (this.#receivedBytes >= HIGH_WATER) this.#wire.hold();
    this.#onReadable?.();
  }

  #drop(): void {
    this.#received.length = 0;
    this.#receivedBytes = 0;
    this.#wire.release();
  }

  #awaitRecheck(): void {
    this.#recheck = this.#parts.clock.setTimer(RECHECK_INTERVAL, () => {
      const refusal = this.#parts.recheck();
      if (refusal === undefined) return this.#awaitRecheck();
      const { found, wanted } = refusal;
      this.#cause = new DisconnectedError(
        this.remote,
        "go on talking to",
        `${found}, ${wanted}`,
      );
      this.#end();
    });
  }

  /** Nothing passes any more, in either direction. */
  #end(): void {
    this.#recheck?.cancel();
    this.#leave("lost");
    this.#onGone?.();
    this.#socket.destroy();
  }

  /** There will be nothing more to read. */
  #leave(state: "ended" | "lost"): void {
    if (this.#state === "open") this.#state = state;
    this.#onReadable?.();
  }

  #lost(action: string): DisconnectedError {
    const cause = this.#cause;
    const found = this.#state === "closed"
      ? "the connection was closed here"
      : this.#writing === "ended"
      ? "this direction was ended"
      : cause === undefined
      ? "the peer has closed the connection"
      : cause instanceof DisconnectedError
      ? cause.found
      : describe(cause);
    return new DisconnectedError(this.remote, action, found, { cause });
  }
}
