/**
 * The own process of a remote figure.
 * @module
 */

import {
  type ActorRef,
  ActorSystem,
  type AnyProtocol,
} from "../../actor/mod.ts";
import { Remote } from "../../remote/mod.ts";
import { type Peer, startPeer } from "./start_peer.ts";

/** Two processes that are ready to talk. Disposing ends both sides. */
export class Pair implements AsyncDisposable {
  /** The own system. */
  readonly system: ActorSystem;
  /** The other process. */
  readonly peer: Peer;
  readonly #remote: Remote;

  private constructor(system: ActorSystem, remote: Remote, peer: Peer) {
    this.system = system;
    this.#remote = remote;
    this.peer = peer;
  }

  /** Starts both. */
  static async start(): Promise<Pair> {
    const system = new ActorSystem("bench", { logger: null });
    const remote = await Remote.start(system);
    return new Pair(system, remote, await startPeer("actors"));
  }

  /** A reference to an actor of the other process. */
  ref<P extends AnyProtocol>(protocol: P, name: string): ActorRef<P> {
    return this.#remote.ref(
      protocol,
      `goakt://peer@127.0.0.1:${this.peer.port}/${name}`,
    );
  }

  /** Parts. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#remote.drain();
    await this.system.drain();
    await this.peer[Symbol.asyncDispose]();
  }
}
