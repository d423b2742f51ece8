/**
 * What carries bytes between two nodes. A transport knows nothing of frames or actors.
 * @module
 */

import { ActorError, type ActorErrorOptions } from "../../actor/errors.ts";
import type { RefusalReason } from "../handshake/handshake_acceptor.ts";
import type {
  CertifiedIdentity,
  CertifiedPeer,
} from "../handshake/identity.ts";

/** How long a connect may take unless told otherwise, in milliseconds. */
export const CONNECT_TIMEOUT = 5_000;

/** Where to listen. */
export interface ListenOptions {
  /** The local name or address to bind. */
  hostname: string;
  /** The port to bind; 0 lets the transport choose a free one, see {@linkcode Listener.port}. */
  port: number;
  /**
   * Asked about each connection as soon as there is one, before anything is read and before a handshake of the
   * transport: one that it does not admit is closed, and not accepted. Whoever can only be reached by the own
   * user need not ask.
   * @default {all are admitted}
   */
  admits?: (connection: Pick<Connection, "local" | "remote">) => boolean;
  /**
   * Told in words of connections that the transport had to close before they could be accepted, because too many
   * waited for that: once in ten seconds, and then how many more there were.
   * @default {nobody is told}
   */
  warn?: (text: string) => void;
  /**
   * How long a handshake of the transport itself may take, in milliseconds, where it has one and was not told
   * otherwise when it was made.
   * @default {what the transport thinks right}
   */
  handshakeTimeout?: number | undefined;
  /**
   * Such handshakes under way, at most, where the transport was not told otherwise when it was made.
   * @default {what the transport thinks right}
   */
  maxHalfOpen?: number | undefined;
}

/** Whom to connect to, and how long that may take. */
export interface ConnectOptions {
  /** The name or address of the peer. */
  hostname: string;
  /** The port of the peer, 1 to 65535. */
  port: number;
  /**
   * Milliseconds until the attempt is given up.
   * @default {5000}
   */
  timeout?: number;
  /** Ends the attempt; it then rejects with `signal.reason`. No effect once connected. */
  signal?: AbortSignal;
}

/** What a {@linkcode Transport} protects: see {@linkcode Transport.security}. */
export type TransportSecurity = "open" | "private" | "encrypted" | "mutual";

/** A way to reach other nodes: TCP, TLS, Unix sockets, memory. Holds nothing by itself. */
export interface Transport {
  /** A short name for logs, such as `"tcp"`. */
  readonly scheme: string;
  /**
   * Who can reach a listener, or read what passes: `"open"` others, unless the address keeps them out;
   * `"private"` only programs of the own user on the own machine; `"encrypted"` others can reach it and read
   * nothing, but it is not known who they are; `"mutual"` only peers that have proved who they are.
   * @default {"open"}
   */
  readonly security?: TransportSecurity;
  /**
   * Starts to listen. The caller owns the listener.
   *
   * @throws {ListenError} When the address cannot be bound; the message names it and the reason.
   * @throws {RangeError} When the port is not an integer from 0 to 65535.
   */
  listen(options: ListenOptions): Promise<Listener>;
  /**
   * Opens a connection. The caller owns it. Nothing is left open when this rejects.
   *
   * @throws {ConnectError} When the peer refused, is unknown or unreachable, or did not answer in
   * time; the message names `host:port` and the reason.
   * @throws {RangeError} When the port is not an integer from 1 to 65535.
   */
  connect(options: ConnectOptions): Promise<Connection>;
  /**
   * The same without proving who the own end is, where {@linkcode Transport.connect} does: a node finds out in
   * this way whether it keeps strangers out.
   */
  connectAnonymously?(options: ConnectOptions): Promise<Connection>;
  /** Whom the own certificate names, where there is one. */
  identity?(): Promise<CertifiedIdentity | undefined>;
}

/** A bound address that peers can connect to. Disposing closes it. */
export interface Listener extends AsyncDisposable {
  /** The name or address that is bound. */
  readonly hostname: string;
  /** The port that is bound, also when 0 was asked for. */
  readonly port: number;
  /**
   * The next connection, which belongs to the caller; `undefined` once the listener is closed.
   * Must not be called again before the last call has settled.
   *
   * @throws {ListenError} When the system cannot hand out the connection at the moment, for
   * example because file descriptors ran out. The listener still listens.
   */
  accept(): Promise<Connection | undefined>;
  /**
   * Stops listening and ends a waiting {@linkcode Listener.accept}. Connections that were accepted
   * stay open, those that still wait to be are reset. Resolves when the address is free again;
   * may be called twice.
   */
  close(): Promise<void>;
}

/**
 * A stream of bytes in each direction, in order, each direction with its own end. Disposing is
 * {@linkcode Connection.close}.
 *
 * One read and one write may be under way at the same time, but not two of the same sort.
 */
export interface Connection extends Disposable {
  /** The peer as `host:port`, for messages only. */
  readonly remote: string;
  /** The own end as `host:port`, for messages only. */
  readonly local: string;
  /** Who the peer has proved to be, over a transport that asks for proof. */
  readonly certified?: CertifiedPeer;
  /**
   * Why the peer is not let in, to be told to it if it is still there. Nothing can be read from such a connection.
   * @default {undefined}
   */
  readonly refusal?: RefusalReason | undefined;
  /**
   * The next bytes, at least one. They belong to the caller: the transport never writes to them
   * again, so parts of them may be kept, at most twice their number stay in memory for it.
   * `undefined` when the peer has ended its direction, or after {@linkcode Connection.close}, also
   * one that happens meanwhile.
   *
   * @throws {DisconnectedError} When the connection was lost. A peer that vanished can also look
   * like the end of the stream: who must tell them apart sends a last message.
   */
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /**
   * Writes all of `bytes`, which must not change until this settles. Resolves when the transport
   * has taken them, which does not say that they arrived; waits while the peer does not read.
   *
   * @throws {DisconnectedError} When the connection was lost or closed, also meanwhile. How much
   * the peer got is unknown.
   */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Ends this direction once everything written has been sent; the peer reads the end of the
   * stream, and can go on writing. Does nothing on a connection that is closed or lost.
   */
  closeWrite(): Promise<void>;
  /**
   * Ends both directions now. A waiting read resolves with `undefined`, a waiting write rejects.
   * What the transport had taken may still arrive, but may be lost when bytes of the peer are
   * unread. May be called twice.
   */
  close(): void;
}

/** A local address cannot be bound, or no connection can be taken from it at the moment. */
export class ListenError extends ActorError {
  /** Always `"listen_error"`. */
  override readonly code = "listen_error";
  /** The `host:port` that was to be bound. */
  readonly address: string;

  /** Names the address, what was tried (`action`, for example `listen on`) and what was found. */
  constructor(
    address: string,
    action: string,
    found: string,
    options: Pick<ActorErrorOptions, "cause" | "retryable"> = {},
  ) {
    super(
      `Cannot ${action} "${address}": ${found}, a free local address was expected`,
      options,
    );
    this.address = address;
  }
}

/**
 * Checks a port number.
 *
 * @throws {RangeError} When `port` is not an integer from `lowest` to 65535.
 */
export function checkPort(port: number, lowest: 0 | 1): void {
  if (!Number.isInteger(port) || port < lowest || port > 65535) {
    throw new RangeError(
      `Cannot use port ${port}: an integer from ${lowest} to 65535 was expected`,
    );
  }
}

/** `host:port`, with the brackets that an IPv6 address needs. */
export function formatAddress(hostname: string, port: number): string {
  return hostname.includes(":") && !hostname.startsWith("[")
    ? `[${hostname}]:${port}`
    : `${hostname}:${port}`;
}
