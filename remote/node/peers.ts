/**
 * The nodes that this node sends to.
 * @module
 */

import type { PeerPlace } from "../goakt/client/goakt_client.ts";
import type { Link } from "../link/link.ts";
import { type NodeAddress, nodeKey, Peer, type PeerHost } from "./peer.ts";

/** Other nodes by system and address. One goes when its last link ends. */
export class Peers {
  readonly #host: PeerHost;
  readonly #peers: Map<string, Peer> = new Map();

  constructor(host: PeerHost) {
    this.#host = host;
  }

  /** The node at an address, if it is known. */
  find(address: NodeAddress): Peer | undefined {
    return this.#peers.get(nodeKey(address));
  }

  /** The node at an address. */
  of(address: NodeAddress): Peer {
    const key = nodeKey(address);
    let peer = this.#peers.get(key);
    if (peer === undefined) {
      const { system, host, port } = address;
      peer = new Peer(this.#host, { system, host, port });
      this.#peers.set(key, peer);
    }
    return peer;
  }

  /** Sends nothing more over `link`. */
  forget(link: Link): void {
    for (const [key, peer] of this.#peers) {
      peer.forget(link);
      if (peer.isIdle) this.#peers.delete(key);
    }
  }

  /** Nothing is open to a GoAkt node any more: whatever answers there next is looked at anew. */
  forgetGoakt({ host, port }: PeerPlace): void {
    for (const [key, peer] of this.#peers) {
      if (peer.isGoakt && peer.isAt(host, port)) this.#peers.delete(key);
    }
  }
}
