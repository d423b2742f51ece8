/**
 * A bound address that is dialled with TLS.
 * @module
 */

import { describe } from "../../actor/errors.ts";
import { Ration } from "../../actor/logging/ration.ts";
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
  /** TLS handshakes under way, connections that nobody has accepted yet, and failed ones, at most each. */
  maxHalfOpen: number;
  /** Told of what nobody can accept. */
  warn: ((text: string) => void) | undefined;
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
  /** Those whose handshake failed, to be reported. */
  readonly #failed: Connection[] = [];
  /** One line in ten seconds about those for which there is no room; of the others the number is told. */
  readonly #ration: Ration;
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
    this.#ration = new Ration(parts.clock, 1, (count, places) => {
      const what = count === 1 ? "connection was" : "connections were";
      parts.warn?.(
        `${count} more ${what} closed that there was no room for: ${places}`,
      );
    });
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
    this.#ration.sumUp();
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

  /** Tells of a connection that nobody will accept. */
  #drop({ remote }: Pick<Connection, "remote">, why: string): void {
    const { warn } = this.#parts;
    if (warn === undefined) return;
    if (!this.#ration.admits(() => `from "${placeOf(remote)}"`)) return;
    warn(`a connection from "${remote}" was closed: ${why}`);
  }

  /** Whether as many wait to be accepted as may; then `connection` is closed. */
  #isFull(connection: Connection): boolean {
    const { maxHalfOpen } = this.#parts;
    if (this.#ready.length < maxHalfOpen) return false;
    connection.close();
    const found =
      `${maxHalfOpen} wait to be accepted after their TLS handshake`;
    this.#drop(connection, `${found}, fewer were expected`);
    return true;
  }

  #begin(connection: Connection): void {
    const { clock, handshakeTimeout, maxHalfOpen } = this.#parts;
    if (this.isClosed) return connection.close();
    if (this.#isFull(connection)) return;
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
      if (!over() || this.isClosed) return;
      const failed = new FailedConnection(connection, found);
      if (this.#failed.length >= maxHalfOpen) {
        const { found, wanted } = failed.refusal;
        return this.#drop(connection, `${found}, ${wanted}`);
      }
      this.#failed.push(failed);
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
      if (this.#isFull(secured)) return;
      this.#ready.push(secured);
      this.#onChange?.();
    });
  }
}
