/**
 * A listener that does not let in everybody.
 * @module
 */

import type { Connection, Listener, ListenOptions } from "./transport.ts";

/** Gives what `listener` accepts and {@linkcode ListenOptions.admits} wants; closes the rest at once. */
export function gated(
  listener: Listener,
  admits: ListenOptions["admits"],
): Listener {
  return admits === undefined ? listener : new GatedListener(listener, admits);
}

class GatedListener implements Listener {
  readonly hostname: string;
  readonly port: number;
  readonly #listener: Listener;
  readonly #admits: NonNullable<ListenOptions["admits"]>;

  constructor(
    listener: Listener,
    admits: NonNullable<ListenOptions["admits"]>,
  ) {
    this.hostname = listener.hostname;
    this.port = listener.port;
    this.#listener = listener;
    this.#admits = admits;
  }

  async accept(): Promise<Connection | undefined> {
    for (;;) {
      const connection = await this.#listener.accept();
      if (connection === undefined || this.#admits(connection)) {
        return connection;
      }
      connection.close();
    }
  }

  close(): Promise<void> {
    return this.#listener.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
