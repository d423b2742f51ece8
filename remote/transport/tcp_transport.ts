/**
 * TCP through `Deno.listen` and `Deno.connect`.
 * @module
 */

import { type Clock, systemClock } from "../../internal/clock.ts";
import { ConnectError } from "../errors.ts";
import { checkOptions, CLOCK } from "../option_kinds.ts";
import { gated } from "./gated_listener.ts";
import { reason, SocketConnection, SocketListener } from "./socket.ts";
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
 * Connections that the system keeps until they are accepted, at most, where it allows so many. Of a thousand that
 * come at once the default of 511 loses every fourth, which its dialler tries again a second later.
 */
const BACKLOG = 4_096;

/** How a {@linkcode TcpTransport} waits. */
export interface TcpTransportOptions {
  /**
   * The time that connect timeouts are counted in.
   * @default {systemClock}
   */
  clock?: Clock;
}

/**
 * Plain TCP, without Nagle's algorithm and with keep-alive, at the interval of the operating system, which is
 * two hours where nobody has set another: Deno takes none. Nodes do not wait for it: they notice a peer that is
 * gone by heartbeats, and by the time limit of each request. Needs `--allow-net` for the addresses that are bound
 * and dialled.
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

  /**
   * Opens nothing yet.
   *
   * @throws {TypeError} When there is no option of a name, or it is of another type.
   */
  constructor(options: TcpTransportOptions = {}) {
    checkOptions("make a TCP transport", options, { clock: CLOCK });
    const { clock = systemClock } = options;
    this.#clock = clock;
  }

  /** Binds an address; see {@linkcode Transport.listen}. */
  // deno-lint-ignore require-await -- what it throws must reject
  async listen(options: ListenOptions): Promise<Listener> {
    const { hostname, port, admits } = options;
    checkPort(port, 0);
    try {
      const listener = Deno.listen({ hostname, port, tcpBacklog: BACKLOG });
      return gated(new SocketListener(listener.addr, listener, taken), admits);
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
    return taken(conn);
  } catch (error) {
    conn.close();
    throw error;
  }
}

/** A connection without Nagle's algorithm, at whose other end the system itself looks now and then. */
function taken(conn: Deno.TcpConn): Connection {
  conn.setNoDelay(true);
  conn.setKeepAlive(true);
  const { localAddr, remoteAddr } = conn;
  return new SocketConnection(conn, {
    local: formatAddress(localAddr.hostname, localAddr.port),
    remote: formatAddress(remoteAddr.hostname, remoteAddr.port),
  });
}
