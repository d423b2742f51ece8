/**
 * A program that talks to nodes and is none.
 * @module
 */

import { ActorSystem, internalsOf } from "../actor/system/system.ts";
import type { ActorSystemOptions } from "../actor/system/system_options.ts";
import { randomIncarnation } from "../internal/random.ts";
import type { NodeIdentity } from "./handshake/handshake.ts";
import { RemoteMeters } from "./metrics/meter.ts";
import { RemoteNode } from "./node/node.ts";
import { checkProofs, readProofs } from "./handshake/own_proofs.ts";
import { checkClientKinds } from "./remote_option_kinds.ts";
import { checkedOptions, type RemoteOptions } from "./remote_options.ts";
import type { Connection, Listener } from "./transport/transport.ts";

/** Options of {@linkcode Remote.connect}: those of a node that concern what it dials. */
export interface RemoteConnectOptions extends
  Omit<
    RemoteOptions,
    | "advertise"
    | "connectionRate"
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

/** The parts of a client. */
export interface ClientParts {
  /** Its own system. */
  readonly system: ActorSystem;
  /** What it talks with. */
  readonly node: RemoteNode;
  /** Who it says it is. */
  readonly self: NodeIdentity;
  /** How long its end may take, in milliseconds. */
  readonly drainTimeout: number;
}

/** Makes the parts of a client; what it throws is in {@linkcode Remote.connect}. */
export async function makeClient(
  options: RemoteConnectOptions,
): Promise<ClientParts> {
  checkClientKinds(options);
  const { system: systemOptions = {}, name: wanted, ...remoteOptions } =
    options;
  const settings = checkedOptions(remoteOptions);
  const certified = await settings.transport.identity?.();
  const name = wanted ?? certified?.system ??
    `client-${randomIncarnation()}`;
  const system = new ActorSystem(name, { logger: null, ...systemOptions });
  const internals = internalsOf(system);
  const { incarnation } = internals.runtime;
  const self = { system: name, host: "", port: 0, incarnation };
  try {
    const proofs = await readProofs(settings);
    checkProofs(proofs, self);
    const listener = new NoListener();
    const { metrics } = settings;
    const { clock, events } = internals.runtime;
    const meters = metrics && new RemoteMeters(metrics, events, clock);
    const node = new RemoteNode(
      internals,
      listener,
      self,
      settings,
      proofs,
      meters,
    );
    const { drainTimeout } = settings;
    return { system, node, self, drainTimeout };
  } catch (error) {
    await system.drain();
    throw error;
  }
}
