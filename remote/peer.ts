/**
 * Another node, as the target of messages.
 * @module
 */

import type { Clock } from "../internal/clock.ts";
import type { HandshakeOptions, Lane } from "./handshake.ts";
import { Dialler } from "./handshake_dialler.ts";
import { shakeHands } from "./handshake_driver.ts";
import type { Link } from "./link.ts";
import { formatAddress, type Transport } from "./transport.ts";

/** What a peer needs of its node. */
export interface PeerHost {
  /** How nodes are reached. */
  readonly transport: Transport;
  /** What this node says of itself. */
  readonly handshake: HandshakeOptions;
  /** Milliseconds until an attempt to connect, and then the handshake, is given up. */
  readonly connectTimeout: number;
  readonly handshakeTimeout: number;
  /** The source of time. */
  readonly clock: Clock;
  /** Makes a link that waits for its connection. */
  createLink(node: string, role: "dialler"): Link;
  /** Keeps an attempt to connect until it is over; `stop` ends it. */
  linger(task: Promise<void>, stop: () => void): void;
}

/** The address of a node. */
export interface NodeAddress {
  /** The name of its system; empty for any. */
  readonly system: string;
  /** Its host, without brackets. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
}

/** The text by which nodes are told apart. */
export function nodeKey({ system, host, port }: NodeAddress): string {
  return `${system}@${formatAddress(host, port)}`;
}

/**
 * One node that messages are sent to, over two links that this node dials when they are first needed:
 * data for messages, control for requests that must not wait behind messages.
 */
export class Peer {
  readonly #host: PeerHost;
  readonly #address: NodeAddress;
  readonly #links: Map<Lane, Link> = new Map();

  constructor(host: PeerHost, address: NodeAddress) {
    this.#host = host;
    this.#address = address;
  }

  /** Whether no link is alive. */
  get isIdle(): boolean {
    return this.#links.size === 0;
  }

  /** The living link of a lane; dialled when there is none. What is sent over it waits for the connection. */
  link(lane: Lane): Link {
    const known = this.#links.get(lane);
    if (known !== undefined) return known;
    const { host, port } = this.#address;
    const link = this.#host.createLink(formatAddress(host, port), "dialler");
    this.#links.set(lane, link);
    const attempt = new AbortController();
    this.#host.linger(
      this.#dial(lane, link, attempt.signal).catch((error) =>
        link.close(error)
      ),
      () => attempt.abort(new Error("remoting of this node has ended")),
    );
    return link;
  }

  /** Sends nothing more over `link`; the next message dials anew. */
  forget(link: Link): void {
    for (const [lane, known] of this.#links) {
      if (known === link) this.#links.delete(lane);
    }
  }

  async #dial(lane: Lane, link: Link, signal: AbortSignal): Promise<void> {
    const { transport, handshake, connectTimeout, handshakeTimeout, clock } =
      this.#host;
    const { system, host, port } = this.#address;
    const connection = await transport.connect({
      hostname: host,
      port,
      timeout: connectTimeout,
      signal,
    });
    const dialler = new Dialler({
      ...handshake,
      hostname: host,
      port,
      lane,
      ...(system === "" ? {} : { system }),
    });
    const session = await shakeHands(connection, dialler, {
      timeout: handshakeTimeout,
      clock,
      signal,
    });
    link.open(connection, session);
  }
}
