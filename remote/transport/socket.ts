/**
 * Sockets of Deno as connections and listeners, whatever they are addressed by.
 * @module
 */

import { describe } from "../../actor/errors.ts";
import { Slab } from "../../internal/slab.ts";
import { DisconnectedError } from "../errors.ts";
import {
  type Connection,
  formatAddress,
  type Listener,
  ListenError,
} from "./transport.ts";

/**
 * How much one read takes at most. Larger buffers were slower on a loopback stream of 64 KiB
 * writes, because they fall out of the processor's cache.
 */
const READ_SIZE = 64 * 1024;
/** What short reads are copied into, many into one buffer. */
const SLAB_SIZE = 4 * 1024;

/** What a {@linkcode SocketListener} listens with. */
export interface SocketSource<C extends Deno.Conn> {
  /** The next connection. */
  accept(): Promise<C>;
  /** Stops listening. */
  close(): void;
}

/** A bound socket. */
export class SocketListener<C extends Deno.Conn> implements Listener {
  readonly hostname: string;
  readonly port: number;
  readonly #listener: SocketSource<C>;
  readonly #open: (conn: C) => Connection;
  #state: "open" | "closed" = "open";
  /** Settles when no accept is under way; never rejects. */
  #idle: Promise<unknown> = Promise.resolve();

  /** Owns `listener` from now on; `open` takes over what it accepts. */
  constructor(
    { hostname, port }: { hostname: string; port: number },
    listener: SocketSource<C>,
    open: (conn: C) => Connection,
  ) {
    this.hostname = hostname;
    this.port = port;
    this.#listener = listener;
    this.#open = open;
  }

  accept(): Promise<Connection | undefined> {
    const accepted = this.#accept();
    this.#idle = accepted.catch(() => undefined); // the caller has the same rejection
    return accepted;
  }

  async #accept(): Promise<Connection | undefined> {
    while (this.#state === "open") {
      let conn: C | undefined;
      try {
        conn = await this.#listener.accept();
        if (this.#closed) {
          conn.close();
          return undefined;
        }
        return this.#open(conn);
      } catch (error) {
        conn?.close();
        if (this.#closed) return undefined;
        if (conn !== undefined || gone(error)) continue; // that peer has left, the next may wait
        throw new ListenError(
          this.#address,
          "accept a connection on",
          reason(error),
          {
            cause: error,
            retryable: true,
          },
        );
      }
    }
    return undefined;
  }

  get #address(): string {
    return formatAddress(this.hostname, this.port);
  }

  get #closed(): boolean {
    return this.#state === "closed";
  }

  async close(): Promise<void> {
    if (this.#state === "open") {
      this.#state = "closed";
      this.#listener.close();
    }
    await this.#idle; // the port is not free before
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A connected socket. */
export class SocketConnection implements Connection {
  readonly local: string;
  readonly remote: string;
  readonly #conn: Deno.Conn;
  #state: "open" | "closed" = "open";
  #buffer: Uint8Array<ArrayBuffer> | undefined = undefined;
  /** Bound once, so that a read makes no closure. */
  readonly #onRead: (
    count: number | null,
  ) => Uint8Array<ArrayBuffer> | undefined;
  readonly #onReadFailed: (error: unknown) => undefined;
  readonly #onWriteFailed: (error: unknown) => never;
  readonly #small: Slab = new Slab(SLAB_SIZE);

  /** Owns `conn` from now on; its ends are named as given. */
  constructor(conn: Deno.Conn, ends: { local: string; remote: string }) {
    this.#conn = conn;
    this.local = ends.local;
    this.remote = ends.remote;
    this.#onRead = (count) => this.#take(count);
    this.#onReadFailed = (error) => {
      if (this.#state === "closed") return undefined;
      throw this.#lost("read from", error);
    };
    this.#onWriteFailed = (error) => {
      throw this.#lost("write to", error);
    };
  }

  read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#state === "closed") return Promise.resolve(undefined);
    this.#buffer ??= new Uint8Array(READ_SIZE);
    return this.#conn.read(this.#buffer).then(this.#onRead, this.#onReadFailed);
  }

  /** Gives a buffer away that is at least half full, and copies less than that. */
  #take(count: number | null): Uint8Array<ArrayBuffer> | undefined {
    const buffer = this.#buffer;
    if (count === null || buffer === undefined) return undefined;
    if (count * 2 < buffer.length) {
      const copy = this.#small.take(count);
      copy.set(buffer.subarray(0, count));
      return copy;
    }
    this.#buffer = undefined;
    return buffer.subarray(0, count);
  }

  write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return Promise.resolve();
    // Most are taken whole: an async function would cost such a write a promise and a turn of its own.
    return this.#conn.write(bytes).then(
      (sent) =>
        sent === bytes.length ? undefined : this.#writeRest(bytes, sent),
      this.#onWriteFailed,
    );
  }

  async #writeRest(bytes: Uint8Array, begun: number): Promise<void> {
    try {
      let sent = begun;
      while (sent < bytes.length) {
        sent += await this.#conn.write(bytes.subarray(sent));
      }
    } catch (error) {
      this.#onWriteFailed(error);
    }
  }

  async closeWrite(): Promise<void> {
    try {
      await this.#conn.closeWrite();
    } catch {
      // It is closed or lost, which the next read or write says with its cause.
    }
  }

  #lost(action: string, error: unknown): DisconnectedError {
    const found = this.#state === "closed"
      ? "the connection was closed here"
      : reason(error);
    return new DisconnectedError(this.remote, action, found, { cause: error });
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#buffer = undefined;
    this.#conn.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Whether the peer left before its connection was accepted. */
function gone(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.ConnectionReset;
}

/** What the system reported, as the part of a message that says what was found. */
export function reason(error: unknown): string {
  const { errors } = Deno;
  if (error instanceof errors.ConnectionRefused) {
    return "the connection was refused";
  }
  if (error instanceof errors.ConnectionReset) {
    return "the connection was reset";
  }
  if (error instanceof errors.BrokenPipe) {
    return "the peer has closed the connection";
  }
  if (error instanceof errors.NetworkUnreachable) {
    return "the network is unreachable";
  }
  if (error instanceof errors.TimedOut) {
    return "the peer did not answer in time";
  }
  if (error instanceof errors.AddrInUse) return "it is in use";
  if (error instanceof errors.AddrNotAvailable) {
    return "it is not an address of this machine";
  }
  // Deno has no class for a name that does not resolve.
  if (
    error instanceof Error &&
    error.message.startsWith("failed to lookup address")
  ) {
    return `the host is unknown (${error.message})`;
  }
  return describe(error);
}
