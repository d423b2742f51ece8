/**
 * A bound address that is dialled with TLS.
 * @module
 */

import { describe } from "../../actor/errors.ts";
import type { Clock } from "../../internal/clock.ts";
import { DisconnectedError } from "../errors.ts";
import type { RefusalReason } from "../handshake/handshake_acceptor.ts";
import { placeOf, Places } from "../transport/places.ts";
import { TlsConnection } from "./tls_connection.ts";
import type { TlsCredentials } from "./tls_credentials.ts";
import type { Connection, Listener } from "../transport/transport.ts";

/** What a {@linkcode TlsListener} is made with. */
export interface TlsListenerParts {
  /** What is dialled without TLS. Owned from now on. */
  listener: Listener;
  /** What is shown and wanted. */
  credentials: TlsCredentials;
  /** The time that the timeout is counted in. */
  clock: Clock;
  /** How long a TLS handshake may take, in milliseconds. */
  handshakeTimeout: number;
  /** TLS handshakes under way and connections that nobody has accepted yet, at most each. */
  maxHalfOpen: number;
}

/** What is left of a connection whose TLS handshake failed: somebody should know why. */
class FailedConnection implements Connection {
  readonly local: string;
  readonly remote: string;
  readonly refusal: RefusalReason;

  constructor(
    { local, remote }: Pick<Connection, "local" | "remote">,
    found: string,
  ) {
    this.local = local;
    this.remote = remote;
    this.refusal = {
      code: "tls",
      found: `the TLS handshake failed, ${found}`,
      wanted: "a peer that speaks TLS was expected",
    };
  }

  read(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  write(): Promise<void> {
    const { found } = this.refusal;
    return Promise.reject(
      new DisconnectedError(this.remote, "write to", found),
    );
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {}

  [Symbol.dispose](): void {}
}

/** Accepts TLS connections. */
export class TlsListener implements Listener {
  readonly hostname: string;
  readonly port: number;
  readonly #parts: TlsListenerParts;
  /** What gives up each TLS handshake that is under way; each removes itself. */
  readonly #halfOpen: Places<(found: string) => void> = new Places();
  readonly #ready: Connection[] = [];
  /** Those whose handshake failed, to be reported; of more than `maxHalfOpen` the last ones are not. */
  readonly #failed: Connection[] = [];
  /** Why the last connection could not be taken. */
  #failure: { readonly cause: unknown } | undefined = undefined;
  /** Wakes whoever accepts, and the pump when a failure has been reported. */
  #onChange: (() => void) | undefined = undefined;
  #onReported: (() => void) | undefined = undefined;
  #credentials: TlsCredentials;
  #closed: Promise<void> | undefined = undefined;
  readonly #pump: Promise<void>;

  /** Begins to take connections. */
  constructor(parts: TlsListenerParts) {
    this.hostname = parts.listener.hostname;
    this.port = parts.listener.port;
    this.#parts = parts;
    this.#credentials = parts.credentials;
    this.#pump = this.#run();
  }

  /** Shows and wants something else from the next connection on. */
  use(credentials: TlsCredentials): void {
    this.#credentials = credentials;
  }

  /** Whether it has been closed. */
  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  async accept(): Promise<Connection | undefined> {
    while (!this.isClosed) {
      const connection = this.#ready.shift() ?? this.#failed.shift();
      if (connection !== undefined) return connection;
      const failure = this.#failure;
      if (failure !== undefined) {
        this.#failure = undefined;
        this.#onReported?.();
        throw failure.cause;
      }
      await new Promise<void>((resolve) => this.#onChange = resolve);
    }
    return undefined;
  }

  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const closed = this.#parts.listener.close();
    for (const giveUp of [...this.#halfOpen]) giveUp("");
    for (const connection of this.#ready.splice(0)) connection.close();
    this.#onReported?.();
    this.#onChange?.();
    await closed;
    await this.#pump;
  }

  async #run(): Promise<void> {
    while (!this.isClosed) {
      try {
        const connection = await this.#parts.listener.accept();
        if (connection === undefined) return;
        this.#begin(connection);
      } catch (cause) {
        if (this.isClosed) return;
        this.#failure = { cause };
        this.#onChange?.();
        await new Promise<void>((resolve) => this.#onReported = resolve);
      }
    }
  }

  #begin(connection: Connection): void {
    const { clock, handshakeTimeout, maxHalfOpen } = this.#parts;
    if (this.isClosed || this.#ready.length >= maxHalfOpen) {
      return connection.close();
    }
    // Who means it is through in milliseconds, so it is the one that has taken longest that has to go: of the
    // place that most are from, so that nobody pushes out others by dialling very often.
    const place = placeOf(connection.remote);
    if (this.#halfOpen.size >= maxHalfOpen) {
      const giveUp = this.#halfOpen.rivalOf(place) ??
        this.#halfOpen.oldestOf(place);
      giveUp?.("others came, and it has taken longest");
    }
    const credentials = this.#credentials;
    const wire = credentials.wire(connection);
    const over = () => {
      timer.cancel();
      return this.#halfOpen.delete(fail);
    };
    const fail = (found: string) => {
      wire.stream.destroy();
      if (!over() || this.#failed.length >= maxHalfOpen) return;
      this.#failed.push(new FailedConnection(connection, found));
      this.#onChange?.();
    };
    const timer = clock.setTimer(
      handshakeTimeout,
      () => fail(`it did not come to an end within ${handshakeTimeout} ms`),
    );
    this.#halfOpen.add(fail, place);
    wire.stream.on("close", () => fail("the peer has left"));
    wire.stream.on("error", (error) => fail(describe(error)));
    const server = credentials.accept(wire);
    server.on("tlsClientError", (error) => fail(describe(error)));
    server.on("secureConnection", (socket) => {
      const isLate = !over() || this.isClosed;
      const { local, remote } = connection;
      const secured = new TlsConnection({
        ...credentials.judgeDialler(socket),
        recheck: () => this.#credentials.judgeDialler(socket).refusal,
        socket,
        wire,
        local,
        remote,
        clock,
      });
      if (isLate) return secured.close();
      this.#ready.push(secured);
      this.#onChange?.();
    });
  }
}
