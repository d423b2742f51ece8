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
import { fetchSecured } from "./secured.ts";
import { type Peer, startPeer } from "./start_peer.ts";

/** Two processes that are ready to talk. Disposing ends both sides. */
export class Pair implements AsyncDisposable {
  /** The own system. */
  readonly system: ActorSystem;
  /** The other process. */
  readonly peer: Peer;
  readonly #remote: Remote;
  readonly #port: number;

  private constructor(
    system: ActorSystem,
    remote: Remote,
    peer: Peer,
    port: number,
  ) {
    this.system = system;
    this.#remote = remote;
    this.peer = peer;
    this.#port = port;
  }

  /** Starts both. */
  static async start(): Promise<Pair> {
    const system = new ActorSystem("bench", { logger: null });
    const remote = await Remote.start(system);
    const peer = await startPeer("actors");
    return new Pair(system, remote, peer, peer.port);
  }

  /** The same, with mutual TLS between them. */
  static async startSecured(): Promise<Pair> {
    const system = new ActorSystem("bench", { logger: null });
    const peer = await startPeer("actors.tls");
    const { port, transport } = await fetchSecured(peer.port);
    const remote = await Remote.start(system, { transport });
    return new Pair(system, remote, peer, port);
  }

  /** A reference to an actor of the other process. */
  ref<P extends AnyProtocol>(protocol: P, name: string): ActorRef<P> {
    return this.#remote.ref(
      protocol,
      `goakt://peer@127.0.0.1:${this.#port}/${name}`,
    );
  }

  /** Parts. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#remote.drain();
    await this.system.drain();
    await this.peer[Symbol.asyncDispose]();
  }
}
