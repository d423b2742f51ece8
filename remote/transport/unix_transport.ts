/**
 * Unix sockets through `Deno.listen` and `Deno.connect`.
 * @module
 */

import { ConnectError } from "../errors.ts";
import { checkOptions, WORD } from "../option_kinds.ts";
import { reason, SocketConnection, SocketListener } from "./socket.ts";
import {
  checkPort,
  type Connection,
  type ConnectOptions,
  formatAddress,
  type Listener,
  ListenError,
  type ListenOptions,
  type Transport,
} from "./transport.ts";

/** The ports given out for port 0. */
const FIRST_FREE_PORT = 49_152;
const LAST_FREE_PORT = 65_535;
/** Only who started the node may connect to it. */
const OWNER_ONLY = 0o600;

/** Where a {@linkcode UnixTransport} has its sockets. */
export interface UnixTransportOptions {
  /** The directory of the sockets, the same for all nodes that are to reach each other. It must exist. */
  directory: string;
}

/**
 * Nodes of one machine, which reach each other over sockets in a directory: `host-port.sock`. Nothing of it
 * is visible to other machines, and only the user who started a node can connect to it. Addresses look as
 * ever, and both the host, which is a plain name such as `shop`, and the port are free to choose. Needs
 * `--allow-read` and `--allow-write` for the directory and `--allow-net=unix:PATH` for each socket.
 *
 * A socket that a node left behind when it was killed is replaced. Of each socket a file `host-port.lock`
 * stays, which says by its lock whether the node is alive.
 *
 * @example
 * ```ts ignore
 * import { ActorSystem } from "@troupe/troupe/actor";
 * import { Remote, UnixTransport } from "@troupe/troupe/remote";
 *
 * await using system = new ActorSystem("shop");
 * await using remote = await Remote.start(system, {
 *   transport: new UnixTransport({ directory: "/run/shop" }),
 *   hostname: "till",
 *   port: 1,
 * });
 * ```
 */
export class UnixTransport implements Transport {
  /** Always `"unix"`. */
  readonly scheme = "unix";
  /** Others than the own user cannot reach what listens here. */
  readonly security = "private";
  readonly #directory: string;

  /**
   * Opens nothing yet.
   *
   * @throws {TypeError} When there is no directory or no option of a name.
   */
  constructor(options: UnixTransportOptions) {
    checkOptions("make a Unix transport", options, { directory: WORD }, [
      "directory",
    ]);
    this.#directory = options.directory;
  }

  /**
   * Makes a socket; see {@linkcode Transport.listen}. Nobody asks {@linkcode ListenOptions.admits}: all peers are
   * programs of the own user and have one place, where a limit would hit honest ones and stop nobody.
   */
  async listen(options: ListenOptions): Promise<Listener> {
    const { hostname, port } = options;
    checkPort(port, 0);
    checkHost(hostname);
    if (port !== 0) return await this.#listen(hostname, port);
    for (let free = FIRST_FREE_PORT; free <= LAST_FREE_PORT; free++) {
      try {
        return await this.#listen(hostname, free);
      } catch (error) {
        if (!(error instanceof ListenError && error.retryable)) throw error;
      }
    }
    throw inUse(formatAddress(hostname, port));
  }

  /** Connects to a socket; see {@linkcode Transport.connect}. It takes no time, so no timeout ends it. */
  async connect(options: ConnectOptions): Promise<Connection> {
    const { hostname, port, signal } = options;
    checkPort(port, 1);
    checkHost(hostname);
    signal?.throwIfAborted();
    const remote = formatAddress(hostname, port);
    let conn: Deno.UnixConn;
    try {
      const path = this.#path(hostname, port, "sock");
      conn = await Deno.connect({ transport: "unix", path });
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw new ConnectError(remote, unreachable(error), { cause: error });
    }
    if (signal?.aborted) {
      conn.close();
      throw signal.reason;
    }
    return new SocketConnection(conn, { local: nameless(hostname), remote });
  }

  async #listen(hostname: string, port: number): Promise<Listener> {
    const address = formatAddress(hostname, port);
    const path = this.#path(hostname, port, "sock");
    const lock = await this.#lock(hostname, port);
    try {
      await removeLeftover(path);
      const listener = Deno.listen({ transport: "unix", path });
      try {
        await Deno.chmod(path, OWNER_ONLY);
      } catch (error) {
        listener.close();
        throw error;
      }
      const ends = { local: address, remote: nameless(hostname) };
      const sockets = new SocketListener<Deno.UnixConn>(
        { hostname, port },
        listener,
        (conn) => new SocketConnection(conn, ends),
      );
      return new LockedListener(sockets, lock);
    } catch (error) {
      lock.close();
      if (error instanceof Deno.errors.AddrInUse) throw inUse(address, error);
      throw new ListenError(address, "listen on", reason(error), {
        cause: error,
      });
    }
  }

  /** Held until its file is closed, by us or by the death of the process. */
  async #lock(hostname: string, port: number): Promise<Deno.FsFile> {
    const address = formatAddress(hostname, port);
    let file: Deno.FsFile;
    try {
      file = await Deno.open(this.#path(hostname, port, "lock"), {
        create: true,
        write: true,
        mode: OWNER_ONLY,
      });
    } catch (error) {
      throw new ListenError(address, "listen on", reason(error), {
        cause: error,
      });
    }
    if (await file.tryLock(true)) return file;
    file.close();
    throw inUse(address);
  }

  #path(hostname: string, port: number, extension: string): string {
    return `${this.#directory}/${hostname}-${port}.${extension}`;
  }
}

/** Frees the address only when nothing of the socket is left. */
class LockedListener implements Listener {
  readonly hostname: string;
  readonly port: number;
  readonly #listener: Listener;
  readonly #lock: Deno.FsFile;
  #closed: Promise<void> | undefined = undefined;

  constructor(listener: Listener, lock: Deno.FsFile) {
    this.hostname = listener.hostname;
    this.port = listener.port;
    this.#listener = listener;
    this.#lock = lock;
  }

  accept(): Promise<Connection | undefined> {
    return this.#listener.accept();
  }

  close(): Promise<void> {
    return this.#closed ??= this.#listener.close().finally(() =>
      this.#lock.close()
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Only a socket is removed, and only while its lock is held: then nobody listens on it. */
async function removeLeftover(path: string): Promise<void> {
  try {
    const { isSocket } = await Deno.lstat(path);
    if (isSocket) await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** The host becomes a part of a file's name. */
function checkHost(hostname: string): void {
  if (/^[\w.:[\]-]{1,64}$/.test(hostname)) return;
  throw new TypeError(
    `Cannot use host "${hostname}" for a socket: 1 to 64 letters, digits, dots, colons, underscores and dashes were expected`,
  );
}

/** The end that dialled has no port of its own. */
function nameless(hostname: string): string {
  return formatAddress(hostname, 0);
}

function inUse(address: string, cause?: unknown): ListenError {
  return new ListenError(address, "listen on", "it is in use", {
    retryable: true,
    ...(cause !== undefined && { cause }),
  });
}

/** No socket means that nobody listens. */
function unreachable(error: unknown): string {
  return error instanceof Deno.errors.NotFound
    ? "the connection was refused"
    : reason(error);
}
