/**
 * What actors of this node watch on others.
 * @module
 */

import type { BaseRef, Watcher } from "../../actor/reference/ref.ts";
import { type NodeAddress, nodeKey } from "../node/peer.ts";
import type { RemoteRef } from "../remote_ref.ts";
import { NodeWatch, type NodeWatchHost } from "./node_watch.ts";

/** All watches of one node, by the nodes that the watched actors are on. */
export class Watches {
  readonly #host: NodeWatchHost;
  /** An entry goes when nothing of that node is watched any more. */
  readonly #nodes: Map<string, NodeWatch> = new Map();

  constructor(host: NodeWatchHost) {
    this.#host = host;
  }

  /** How many actors are watched. */
  get size(): number {
    let size = 0;
    for (const node of this.#nodes.values()) size += node.size;
    return size;
  }

  /** Tells `watcher` of the end of the actor behind `ref`, and has that one watch `linked`. */
  watch(ref: RemoteRef, watcher: Watcher, linked: BaseRef | undefined): void {
    this.#node(ref.pid).watch(ref, watcher, linked);
  }

  /** Ends that. */
  unwatch(ref: RemoteRef, watcher: Watcher, why: "unwanted" | "ended"): void {
    this.#nodes.get(nodeKey(ref.pid))?.unwatch(ref, watcher, why);
  }

  /** Remoting has ended: whoever watches is told that nothing is known any more. */
  close(): void {
    for (const node of [...this.#nodes.values()]) node.close();
  }

  #node(address: NodeAddress): NodeWatch {
    const key = nodeKey(address);
    let node = this.#nodes.get(key);
    if (node === undefined) {
      const { system, host, port } = address;
      const made = new NodeWatch(
        this.#host,
        { system, host, port },
        () => this.#nodes.delete(key),
      );
      this.#nodes.set(key, node = made);
    }
    return node;
  }
}
