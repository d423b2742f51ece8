/**
 * TCP through `Deno.listen` and `Deno.connect`.
 * @module
 */

import { type Clock, systemClock } from "../internal/clock.ts";
import { describe } from "../actor/errors.ts";
import { ConnectError, DisconnectedError } from "./errors.ts";
import {
  checkPort,
  CONNECT_TIMEOUT,
  type Connection,
  type ConnectOptions,
  formatAddress,
  type Listener,
  ListenError,
  type ListenOptions,
  type Transport,
} from "./transport.ts";

/**
 * How much one read takes at most. Larger buffers were slower on a loopback stream of 64 KiB
 * writes, because they fall out of the processor's cache.
 */
const READ_SIZE = 64 * 1024;

/** How a {@linkcode TcpTransport} waits. */
export interface TcpTransportOptions {
  /**
   * The time that connect timeouts are counted in.
   * @default {systemClock}
   */
  clock?: Clock;
}

/**
 * Plain TCP, without Nagle's algorithm. Needs `--allow-net` for the addresses that are bound and
 * dialled.
 *
 * @example
 * ```ts
 * import { TcpTransport } from "@troupe/troupe/remote";
 *
 * const tcp = new TcpTransport();
 * await using listener = await tcp.listen({ hostname: "127.0.0.1", port: 0 });
 * using dialled = await tcp.connect({ hostname: "127.0.0.1", port: listener.port });
 * using accepted = await listener.accept();
 * await dialled.write(new Uint8Array([1, 2]));
 * console.log(await accepted?.read()); // Uint8Array [ 1, 2 ]
 * ```
 */
export class TcpTransport implements Transport {
  /** Always `"tcp"`. */
  readonly scheme = "tcp";
  readonly #clock: Clock;

  /** Opens nothing yet. */
  constructor(options: TcpTransportOptions = {}) {
    const { clock = systemClock } = options;
    this.#clock = clock;
  }

  /** Binds an address; see {@linkcode Transport.listen}. */
  // deno-lint-ignore require-await -- what it throws must reject
  async listen(options: ListenOptions): Promise<Listener> {
    const { hostname, port } = options;
    checkPort(port, 0);
    try {
      return new TcpListener(Deno.listen({ hostname, port }));
    } catch (error) {
      const retryable = error instanceof Deno.errors.AddrInUse;
      throw new ListenError(
        formatAddress(hostname, port),
        "listen on",
        reason(error),
        {
          cause: error,
          retryable,
        },
      );
    }
  }

  /** Dials a peer; see {@linkcode Transport.connect}. */
  async connect(options: ConnectOptions): Promise<Connection> {
    const { hostname, port, timeout = CONNECT_TIMEOUT, signal } = options;
    checkPort(port, 1);
    signal?.throwIfAborted();
    const attempt = new AbortController();
    const abort = () => attempt.abort(signal?.reason);
    signal?.addEventListener("abort", abort);
    const timer = this.#clock.setTimer(timeout, () => attempt.abort());
    try {
      const conn = await Deno.connect({
        hostname,
        port,
        signal: attempt.signal,
      });
      return opened(conn, attempt.signal);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      const found = attempt.signal.aborted
        ? `there was no answer within ${timeout} ms`
        : reason(error);
      throw new ConnectError(formatAddress(hostname, port), found, {
        cause: error,
      });
    } finally {
      timer.cancel();
      signal?.removeEventListener("abort", abort);
    }
  }
}

/** Takes over a connection that was dialled, unless it came too late or is not one. */
function opened(conn: Deno.TcpConn, signal: AbortSignal): Connection {
  try {
    signal.throwIfAborted();
    const { localAddr: near, remoteAddr: far } = conn;
    // TCP connects a socket to itself when the port dialled is the one it was given for its own
    // end, which happens on loopback when nobody listens.
    if (near.port === far.port && near.hostname === far.hostname) {
      throw new Deno.errors.ConnectionRefused(
        "Connected to itself, nobody listens",
      );
    }
    conn.setNoDelay(true);
    return new TcpConnection(conn);
  } catch (error) {
    conn.close();
    throw error;
  }
}

class TcpListener implements Listener {
  readonly hostname: string;
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  #state: "open" | "closed" = "open";
  /** Settles when no accept is under way; never rejects. */
  #idle: Promise<unknown> = Promise.resolve();

  constructor(listener: Deno.TcpListener) {
    this.hostname = listener.addr.hostname;
    this.port = listener.addr.port;
    this.#listener = listener;
  }

  accept(): Promise<Connection | undefined> {
    const accepted = this.#accept();
    this.#idle = accepted.catch(() => undefined); // the caller has the same rejection
    return accepted;
  }

  async #accept(): Promise<Connection | undefined> {
    while (this.#state === "open") {
      let conn: Deno.TcpConn | undefined;
      try {
        conn = await this.#listener.accept();
        if (this.#closed) {
          conn.close();
          return undefined;
        }
        conn.setNoDelay(true);
        return new TcpConnection(conn);
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

class TcpConnection implements Connection {
  readonly local: string;
  readonly remote: string;
  readonly #conn: Deno.TcpConn;
  #state: "open" | "closed" = "open";
  #buffer: Uint8Array<ArrayBuffer> | undefined = undefined;
  /** Bound once, so that a read makes no closure. */
  readonly #onRead: (
    count: number | null,
  ) => Uint8Array<ArrayBuffer> | undefined;
  readonly #onReadFailed: (error: unknown) => undefined;

  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
    this.local = formatAddress(conn.localAddr.hostname, conn.localAddr.port);
    this.remote = formatAddress(conn.remoteAddr.hostname, conn.remoteAddr.port);
    this.#onRead = (count) => this.#take(count);
    this.#onReadFailed = (error) => {
      if (this.#state === "closed") return undefined;
      throw this.#lost("read from", error);
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
    if (count * 2 < buffer.length) return buffer.slice(0, count);
    this.#buffer = undefined;
    return buffer.subarray(0, count);
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      let sent = 0;
      while (sent < bytes.length) {
        sent += await this.#conn.write(
          sent === 0 ? bytes : bytes.subarray(sent),
        );
      }
    } catch (error) {
      throw this.#lost("write to", error);
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
function reason(error: unknown): string {
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
