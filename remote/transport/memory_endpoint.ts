/**
 * The ends of what a memory network connects.
 * @module
 */

import { Deque } from "../../internal/deque.ts";
import type { MemoryPipe } from "./memory_pipe.ts";
import type { Connection, Listener } from "./transport.ts";

/** How many connections wait to be accepted before further ones are refused. */
export const BACKLOG = 128;

/** A port of a host, with the connections that wait to be accepted. */
export class MemoryListener implements Listener {
  readonly hostname: string;
  readonly port: number;
  readonly #backlog: Deque<Connection> = new Deque();
  readonly #release: () => void;
  #waiting: ((connection: Connection | undefined) => void) | undefined =
    undefined;
  #state: "open" | "closed" = "open";

  constructor(hostname: string, port: number, release: () => void) {
    this.hostname = hostname;
    this.port = port;
    this.#release = release;
  }

  /** Whether there was room for the connection. */
  offer(connection: Connection): boolean {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) {
      waiting(connection);
      return true;
    }
    if (this.#backlog.size >= BACKLOG) return false;
    this.#backlog.push(connection);
    return true;
  }

  accept(): Promise<Connection | undefined> {
    const first = this.#backlog.shift();
    if (first !== undefined || this.#state === "closed") {
      return Promise.resolve(first);
    }
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  close(): Promise<void> {
    if (this.#state === "closed") return Promise.resolve();
    this.#state = "closed";
    this.#release();
    this.#waiting?.(undefined);
    this.#waiting = undefined;
    for (
      let one = this.#backlog.shift();
      one !== undefined;
      one = this.#backlog.shift()
    ) {
      one.close();
    }
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** One end of a connection: a pipe in each direction. */
export class MemoryConnection implements Connection {
  readonly local: string;
  readonly remote: string;
  readonly #incoming: MemoryPipe;
  readonly #outgoing: MemoryPipe;

  constructor(
    local: string,
    remote: string,
    incoming: MemoryPipe,
    outgoing: MemoryPipe,
  ) {
    this.local = local;
    this.remote = remote;
    this.#incoming = incoming;
    this.#outgoing = outgoing;
  }

  read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#incoming.read();
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#outgoing.write(bytes);
  }

  closeWrite(): Promise<void> {
    this.#outgoing.end();
    return Promise.resolve();
  }

  close(): void {
    // As with TCP, who closes with bytes unread resets the connection.
    if (this.#incoming.closeReader()) this.#outgoing.abort();
    else this.#outgoing.closeWriter();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
