/**
 * Another node, as the target of messages.
 * @module
 */

import type { Addressee } from "../../actor/events/dead_letters.ts";
import type { Mail } from "../../actor/protocol/message.ts";
import type { Clock } from "../../internal/clock.ts";
import { ConnectError } from "../errors.ts";
import type {
  HandshakeOptions,
  Lane,
  NodeIdentity,
  Session,
} from "../handshake/handshake.ts";
import { Dialler } from "../handshake/handshake_dialler.ts";
import { shakeHands } from "../handshake/handshake_driver.ts";
import type { Link } from "../link/link.ts";
import type { Outages } from "./outages.ts";
import type { Redials } from "./redials.ts";
import type { SettingsComparison } from "../handshake/settings.ts";
import {
  type Connection,
  formatAddress,
  type Transport,
} from "../transport/transport.ts";

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
  /** Why no more nodes are dialled now, if so. */
  readonly crowd: string | undefined;
  /** When nodes may be dialled again. */
  readonly redials: Redials;
  /** Says which nodes cannot be reached. */
  readonly outages: Outages;
  /** Says what peers have set differently. */
  readonly settings: SettingsComparison;
  /** Takes note of who has answered at the address that it says is its own. */
  proved(peer: NodeIdentity): void;
  /** Makes a link that waits for its connection. */
  createLink(node: string, role: "dialler"): Link;
  /**
   * Whether a node with which no handshake came about is a GoAkt node.
   *
   * @returns The error to report when it is none.
   */
  examine(
    address: NodeAddress,
    error: unknown,
    signal: AbortSignal,
  ): Promise<"goakt" | { readonly error: unknown }>;
  /** Takes a message for the actor of a GoAkt node. */
  inherit(mail: Mail, target: Addressee): void;
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

/** Fails requests to a node that has no lanes, for whoever knows another way to make them. */
export class NoLaneError extends Error {
  override readonly name = "NoLaneError";
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
  #speaks: "lanes" | "goakt" = "lanes";

  constructor(host: PeerHost, address: NodeAddress) {
    this.#host = host;
    this.#address = address;
  }

  /** Whether no link is alive. */
  get isIdle(): boolean {
    return this.#links.size === 0 && !this.isGoakt;
  }

  /** Whether it turned out to be a GoAkt node, which has no links. */
  get isGoakt(): boolean {
    return this.#speaks === "goakt";
  }

  /** Whether it is the node at that place. */
  isAt(host: string, port: number): boolean {
    return this.#address.host === host && this.#address.port === port;
  }

  /** The living link of a lane, if there is one. */
  known(lane: Lane): Link | undefined {
    return this.#links.get(lane);
  }

  /** The living link of a lane; dialled when there is none. What is sent over it waits for the connection. */
  link(lane: Lane): Link {
    const known = this.#links.get(lane);
    if (known !== undefined) return known;
    const { host, port } = this.#address;
    const link = this.#host.createLink(formatAddress(host, port), "dialler");
    this.#links.set(lane, link);
    const way = `${lane} ${nodeKey(this.#address)}`;
    link.whenClosed(() => this.#host.redials.ended(way, link.ending));
    const attempt = new AbortController();
    this.#host.linger(
      this.#dial(lane, link, way, attempt.signal).catch((error) =>
        this.#failed(link, error, attempt.signal)
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

  /** What waits for a link to a node that turns out to be a GoAkt node is sent as that reads it. */
  async #failed(
    link: Link,
    error: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    if (!link.isAlive) return;
    const found = await this.#host.examine(this.#address, error, signal);
    if (found !== "goakt") return link.close(found.error);
    this.#speaks = "goakt";
    for (const waiting of [...this.#links.values()]) {
      waiting.handOver(this.#host.inherit, new NoLaneError());
    }
  }

  async #dial(
    lane: Lane,
    link: Link,
    way: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { redials, clock, crowd } = this.#host;
    if (crowd !== undefined) throw new ConnectError(link.node, crowd);
    const { delay, replaces } = redials.begin(way);
    if (delay > 0) await pause(clock, delay, signal);
    const { connection, session } = await dial(this.#host, {
      address: this.#address,
      lane,
      replaces,
      signal,
    });
    redials.opened(way, session.token);
    this.#host.outages.reached(link.node);
    this.#host.settings.compare(session);
    link.open(connection, session);
    if (nodeKey(session.peer) === nodeKey(this.#address)) {
      this.#host.proved(session.peer);
    }
  }
}

/** What is dialled, and for what. */
export interface Dialling {
  /** The node. */
  readonly address: NodeAddress;
  /** What the connection is for. */
  readonly lane: Lane;
  /** What the connection was called that this one takes the place of; empty for none. */
  readonly replaces: Uint8Array;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
}

/** Connects to a node and shakes hands with it. The connection is the caller's. */
export async function dial(
  host: Pick<
    PeerHost,
    "transport" | "handshake" | "connectTimeout" | "handshakeTimeout" | "clock"
  >,
  { address, lane, replaces, signal }: Dialling,
): Promise<{ connection: Connection; session: Session }> {
  const { system, host: hostname, port } = address;
  if (port === 0) {
    throw new ConnectError(
      nodeKey(address),
      "it is a client and does not listen",
    );
  }
  const connection = await host.transport.connect({
    hostname,
    port,
    timeout: host.connectTimeout,
    signal,
  });
  const dialler = new Dialler({
    ...host.handshake,
    hostname,
    port,
    lane,
    replaces,
    certified: connection.certified,
    ...(system === "" ? {} : { system }),
  });
  const session = await shakeHands(connection, dialler, {
    timeout: host.handshakeTimeout,
    clock: host.clock,
    signal,
  });
  return { connection, session };
}

/** Connects to a node for as long as it takes to learn which run of it is there. */
export async function whoAnswers(
  host: Parameters<typeof dial>[0],
  address: NodeAddress,
  signal: AbortSignal,
): Promise<string> {
  const replaces = new Uint8Array();
  const { connection, session } = await dial(host, {
    address,
    lane: "control",
    replaces,
    signal,
  });
  connection.close();
  return session.peer.incarnation;
}

/** Waits; rejects with the reason of the signal when that comes first. */
function pause(
  clock: Clock,
  delay: number,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      timer.cancel();
      reject(signal.reason);
    };
    const timer = clock.setTimer(delay, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
