/**
 * TLS through `node:tls`, which is loaded when it is first used.
 * @module
 */

import type { TLSSocket } from "node:tls";
import { ConnectError, HandshakeError } from "../errors.ts";
import { sayFarewell } from "../link/farewell.ts";
import {
  encodeRefusal,
  type RefusalReason,
} from "../handshake/handshake_acceptor.ts";
import { describe } from "../../actor/errors.ts";
import { type Clock, systemClock } from "../../internal/clock.ts";
import { TlsCredentials, type TlsPeer } from "./tls_credentials.ts";
import { checkCertificateKinds, checkTlsKinds } from "./tls_option_kinds.ts";
import { TcpTransport } from "../transport/tcp_transport.ts";
import { TlsConnection } from "./tls_connection.ts";
import { TlsListener } from "./tls_listener.ts";
import type { CertifiedIdentity } from "../handshake/identity.ts";
import {
  checkPort,
  CONNECT_TIMEOUT,
  type Connection,
  type ConnectOptions,
  formatAddress,
  type Listener,
  type ListenOptions,
  type Transport,
} from "../transport/transport.ts";

/** Certificates and keys as PEM text. */
export interface TlsCertificates {
  /** The own certificate, then those that lead to the authority, if any. */
  cert: string;
  /** The private key of the own certificate. */
  key: string;
  /** The authorities whose certificates are good; all others, those of the system included, are foreign. */
  ca: string | readonly string[];
}

/** What a {@linkcode TlsTransport} proves and wants proved. */
export interface TlsTransportOptions extends TlsCertificates {
  /**
   * Who shows a certificate: `"mutual"` both ends; `"server"` only the end that listens, so who dials must
   * prove itself otherwise, by a shared key.
   * @default {"mutual"}
   */
  authentication?: "mutual" | "server";
  /**
   * Systems besides the own one whose nodes may be talked to.
   * @default none
   */
  systems?: readonly string[];
  /**
   * The lowest version of TLS that is spoken.
   * @default {"TLSv1.3"}
   */
  minVersion?: "TLSv1.2" | "TLSv1.3";
  /**
   * How long the TLS handshake of who connects may take, in milliseconds.
   * @default {the `handshakeTimeout` that the node was given; 5000 without one}
   */
  handshakeTimeout?: number;
  /**
   * TLS handshakes under way, at most; when another begins, one is cut off: the one that has taken longest, of
   * those from the address that has the most. A GoAkt node that asks a thousand times at once begins a thousand.
   * Each takes about 100 KiB.
   * @default {the `maxHalfOpen` that the node was given; 1280 without one}
   */
  maxHalfOpen?: number;
  /**
   * What carries the bytes.
   * @default TCP
   */
  transport?: Transport;
  /**
   * The time that timeouts are counted in.
   * @default {systemClock}
   */
  clock?: Clock;
  /**
   * The time that certificates are valid at, in milliseconds since 1970.
   * @default {Date.now}
   */
  now?: () => number;
}

/**
 * TLS 1.3 over TCP. Both ends show a certificate of a private authority that names them as
 * `spiffe://<trust domain>/cluster/<system>/<role>/<node>`: the trust domain is the own one, the system the own
 * one or one of {@linkcode TlsTransportOptions.systems}, and the node is the host that it advertises. Common
 * names, other alternative names and the authorities of the system say nothing here. A certificate that is
 * missing, foreign, expired or for another system is told to both ends as such. Needs `--allow-net` for the
 * addresses that are bound and dialled; certificates are given as text, so no file is read.
 *
 * @example
 * ```ts ignore
 * import { ActorSystem } from "@troupe/troupe/actor";
 * import { Remote, TlsTransport } from "@troupe/troupe/remote";
 *
 * const transport = new TlsTransport({
 *   cert: await Deno.readTextFile("node.pem"),
 *   key: await Deno.readTextFile("node.key"),
 *   ca: await Deno.readTextFile("ca.pem"),
 * });
 * await using system = new ActorSystem("shop");
 * await using remote = await Remote.start(system, {
 *   transport,
 *   hostname: "10.0.0.4",
 *   port: 9000,
 * });
 * ```
 */
export class TlsTransport implements Transport {
  /** Always `"tls"`. */
  readonly scheme = "tls";
  /** `"mutual"`, or `"encrypted"` when who dials shows no certificate. */
  readonly security: "mutual" | "encrypted";
  readonly #options: TlsTransportOptions;
  readonly #clock: Clock;
  readonly #transport: Transport;
  /** What is used from the next connection on; read when it is first needed. */
  #credentials: Promise<TlsCredentials> | undefined = undefined;
  #certificates: TlsCertificates;
  /** The same as the credentials, once they have been read. */
  #latest: TlsCredentials | undefined = undefined;
  /** Those that are open; closed ones go when another is added. */
  readonly #listeners: Set<TlsListener> = new Set();

  /**
   * Reads nothing yet: a certificate that is no good shows at the first use.
   *
   * @throws {TypeError} When there is no option of a name, or it is none of what it may be.
   * @throws {RangeError} When a limit is out of its range; the message names the range.
   */
  constructor(options: TlsTransportOptions) {
    checkTlsKinds(options);
    const { cert, key, ca, authentication = "mutual", clock = systemClock } =
      options;
    this.security = authentication === "mutual" ? "mutual" : "encrypted";
    this.#options = options;
    this.#certificates = { cert, key, ca };
    this.#clock = clock;
    this.#transport = options.transport ?? new TcpTransport({ clock });
  }

  /**
   * Uses other certificates from the next connection on; those that are open stay. Changes nothing when it
   * rejects.
   *
   * @throws {TypeError} When a certificate or key cannot be used, has expired, or names somebody else.
   */
  async reload(certificates: TlsCertificates): Promise<void> {
    checkCertificateKinds(certificates);
    const before = await this.#current();
    const { cert, key, ca } = certificates;
    const options = { ...this.#options, cert, key, ca };
    const after = await TlsCredentials.read(options);
    after.checkReplaces(before);
    this.#certificates = { cert, key, ca };
    this.#credentials = Promise.resolve(after);
    this.#latest = after;
    for (const listener of this.#listeners) {
      if (listener.isClosed) this.#listeners.delete(listener);
      else listener.use(after);
    }
  }

  /** Binds an address; see {@linkcode Transport.listen}. */
  async listen(options: ListenOptions): Promise<Listener> {
    checkPort(options.port, 0);
    const {
      handshakeTimeout = options.handshakeTimeout ?? 5_000,
      maxHalfOpen = options.maxHalfOpen ?? 1_280,
    } = this.#options;
    const credentials = await this.#current();
    const listener = new TlsListener({
      listener: await this.#transport.listen(options),
      credentials,
      clock: this.#clock,
      handshakeTimeout,
      maxHalfOpen,
      warn: options.warn,
    });
    for (const one of this.#listeners) {
      if (one.isClosed) this.#listeners.delete(one);
    }
    this.#listeners.add(listener);
    const current = await this.#current();
    if (current !== credentials) listener.use(current); // reloaded meanwhile
    return listener;
  }

  /**
   * Dials a peer; see {@linkcode Transport.connect}.
   *
   * @throws {HandshakeError} When the certificate of the peer is not good; the peer is told so too.
   */
  async connect(options: ConnectOptions): Promise<Connection> {
    const { port } = options;
    checkPort(port, 1);
    options.signal?.throwIfAborted();
    return await this.#dial(options, await this.#current());
  }

  /**
   * Connects without showing a certificate, whoever answers. It proves nothing, and is there to find out what
   * a listener does about it.
   */
  async connectAnonymously(options: ConnectOptions): Promise<Connection> {
    return await this.#dial(options, await this.#current(), "anonymous");
  }

  /** Whom the own certificate names; nothing when it names nobody. */
  async identity(): Promise<CertifiedIdentity | undefined> {
    return (await this.#current()).identity;
  }

  /** What the own end shows and wants. */
  #current(): Promise<TlsCredentials> {
    return this.#credentials ??= this.#read();
  }

  async #read(): Promise<TlsCredentials> {
    const options = { ...this.#options, ...this.#certificates };
    return this.#latest = await TlsCredentials.read(options);
  }

  async #dial(
    options: ConnectOptions,
    credentials: TlsCredentials,
    as: "own" | "anonymous" = "own",
  ): Promise<Connection> {
    const { hostname, port, timeout = CONNECT_TIMEOUT, signal } = options;
    const node = formatAddress(hostname, port);
    const begun = this.#clock.now();
    const raw = await this.#transport.connect({ ...options, timeout });
    const over = Promise.withResolvers<void>();
    const late = () => {
      const found = `there was no answer within ${timeout} ms`;
      over.reject(new ConnectError(node, found));
    };
    const left = timeout - (this.#clock.now() - begun);
    const timer = this.#clock.setTimer(Math.max(left, 0), late);
    const abort = () => over.reject(signal?.reason);
    signal?.addEventListener("abort", abort);
    const wire = credentials.wire(raw);
    const socket = credentials.dial(wire, hostname, as);
    wire.stream.on("error", over.reject);
    socket.on("error", over.reject);
    socket.on(
      "close",
      () => over.reject(new Error("the peer has closed the connection")),
    );
    socket.on("secureConnect", () => over.resolve());
    try {
      if (signal?.aborted) abort();
      await over.promise;
    } catch (error) {
      socket.destroy();
      raw.close();
      if (signal?.aborted) throw signal.reason;
      if (error instanceof ConnectError) throw error;
      const found = `no TLS connection came about, ${whyUnsecured(error)}`;
      throw new ConnectError(node, found, { cause: error });
    } finally {
      timer.cancel();
      signal?.removeEventListener("abort", abort);
    }
    const peer: TlsPeer = as === "own"
      ? credentials.judgeListener(socket, hostname)
      : credentials.trust(socket);
    const { local, remote } = raw;
    const connection = new TlsConnection({
      socket,
      wire,
      local,
      remote,
      ...peer,
      recheck: () => this.#recheck(socket, hostname, as),
      clock: this.#clock,
    });
    if (peer.refusal === undefined) return connection;
    const { code, found, wanted } = peer.refusal;
    await sayFarewell(connection, encodeRefusal(peer.refusal), {
      clock: this.#clock,
    });
    throw new HandshakeError(node, code, found, wanted);
  }

  /** What stands by now against who was dialled. */
  #recheck(
    socket: TLSSocket,
    hostname: string,
    as: "own" | "anonymous",
  ): RefusalReason | undefined {
    if (as === "anonymous" || this.#latest === undefined) return undefined;
    return this.#latest.judgeListener(socket, hostname).refusal;
  }
}

/** Codes of errors that say that the peer has closed the connection. */
const CLOSED: readonly unknown[] = ["ECONNRESET", "disconnected_error"];

function whyUnsecured(error: unknown): string {
  const isClosed = error instanceof Error && "code" in error &&
    CLOSED.includes(error.code);
  return isClosed
    ? "the peer has closed the connection, as nodes do that speak no TLS or are dialled too often"
    : describe(error);
}
