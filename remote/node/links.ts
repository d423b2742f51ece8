/**
 * The links of a node.
 * @module
 */

import type { Runtime } from "../../actor/system/runtime.ts";
import { UnfinishedRoom } from "../link/unfinished_room.ts";
import { Link } from "../link/link.ts";
import type { LinkOwner } from "../link/link_options.ts";
import { Watchdog } from "../link/watchdog.ts";
import type { RemoteMeters } from "../metrics/meter.ts";
import type { NodeOptions } from "./node_options.ts";

/** Makes links, and looks after them until they end. */
export class Links {
  /** An entry goes with the end of the link. */
  readonly all: ReadonlySet<Link>;
  readonly #all: Set<Link> = new Set();
  readonly #owner: LinkOwner;
  readonly #runtime: Runtime;
  readonly #options: NodeOptions;
  readonly #meters: RemoteMeters | undefined;
  readonly #watchdog: Watchdog;
  /** What all of them may hold of messages that are not whole. */
  readonly #unfinished: UnfinishedRoom;

  /** `meters` make what counts, in a node with metrics. */
  constructor(
    owner: LinkOwner,
    runtime: Runtime,
    options: NodeOptions,
    meters: RemoteMeters | undefined,
  ) {
    this.all = this.#all;
    this.#owner = owner;
    this.#runtime = runtime;
    this.#options = options;
    this.#unfinished = new UnfinishedRoom(options.maxUnfinishedBytes);
    this.#meters = meters;
    this.#watchdog = new Watchdog(runtime.clock, options, this.#all);
  }

  /** How many are alive or being made. */
  get size(): number {
    return this.#all.size;
  }

  /** Why no more may be dialled, if so: `accepted` are those that others have dialled. */
  crowd(accepted: number): string | undefined {
    const { maxLinks } = this.#options;
    return this.size - accepted > maxLinks
      ? `${maxLinks} connections that this node has dialled are open or being opened`
      : undefined;
  }

  /** Makes a link to or from `node`, which waits for its connection and is counted as one of `peer`. */
  create(node: string, role: "dialler" | "acceptor", peer: string): Link {
    const {
      budget,
      maxMessageBytes,
      compression,
      silenceTimeout,
      idleTimeout,
    } = this.#options;
    const link = new Link({
      runtime: this.#runtime,
      owner: this.#owner,
      role,
      node,
      budget,
      maxMessageBytes,
      compression,
      silenceTimeout,
      idleTimeout,
      unfinished: this.#unfinished,
      meter: this.#meters?.link(peer),
    });
    this.#all.add(link);
    this.#watchdog.update();
    return link;
  }

  /** A link has ended. */
  delete(link: Link): void {
    this.#all.delete(link);
    this.#watchdog.update();
  }
}
