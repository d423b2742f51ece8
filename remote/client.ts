/**
 * A program that talks to nodes and is none.
 * @module
 */

import type { ActorSystemOptions } from "../actor/system_options.ts";
import type { RemoteOptions } from "./remote_options.ts";
import type { Connection, Listener } from "./transport.ts";

/** Options of {@linkcode Remote.connect}: those of a node that concern what it dials. */
export interface RemoteConnectOptions extends
  Omit<
    RemoteOptions,
    | "advertise"
    | "hostname"
    | "insecure"
    | "interfaces"
    | "maxHalfOpen"
    | "port"
  > {
  /**
   * The name under which nodes see the client.
   * @default the system that its certificate names; without one, a name that no other client has
   */
  name?: string;
  /**
   * Settings of the actor system that the client brings along.
   * @default those of an actor system, without a logger
   */
  system?: Omit<ActorSystemOptions, "signals">;
}

/** A listener that nobody can reach. */
export class NoListener implements Listener {
  readonly hostname = "";
  readonly port = 0;
  readonly #closed: PromiseWithResolvers<undefined> = Promise.withResolvers<
    undefined
  >();

  accept(): Promise<Connection | undefined> {
    return this.#closed.promise;
  }

  close(): Promise<void> {
    this.#closed.resolve(undefined);
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
