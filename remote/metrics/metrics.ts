/**
 * What remoting counts and times.
 * @module
 */

import {
  type HistogramSnapshot,
  LatencyHistogram,
} from "../../actor/metrics/histogram.ts";
import { checkOptions, NUMBER } from "../option_kinds.ts";

/**
 * Where the figures of remoting go. Called in the middle of sending and reading, so it must be quick.
 * What it throws is reported once as a warning and reaches nobody else.
 */
export interface RemoteMetrics {
  /**
   * Gives what the figures of a peer go to. Asked for each link, so that a peer may be asked for again. Of a
   * GoAkt node only what this node sends it is counted, each request as a message.
   *
   * @param peer The `host:port` under which this node dials it or, when the peer dialled, under which it says
   * that it can be reached; `"clients"` for all that cannot be reached.
   */
  forPeer(peer: string): PeerMetrics;
  /**
   * A connection was closed before anything of it was read: its place connects more often than it may.
   *
   * @param place An IPv4 address, or the network of an IPv6 address.
   */
  refusedConnection?(place: string): void;
}

/**
 * Where a link is in its life: being made, in use, or finishing what is owed before it ends. Two nodes that
 * send to each other have up to two links each way: one for messages, one for what must not wait behind them.
 */
export type LinkState = "connecting" | "open" | "parting";

/** Takes the figures of one peer. */
export interface PeerMetrics {
  /**
   * A link to or from the peer is in another state.
   *
   * @param from The state before; `undefined` for a new link.
   * @param to The state now; `undefined` when it has ended.
   */
  link(from: LinkState | undefined, to: LinkState | undefined): void;
  /**
   * The messages that wait to be written to the peer, or to be acknowledged by it, have changed.
   *
   * @param change By how many bytes.
   */
  waiting(change: number): void;
  /**
   * Something was given to a connection.
   *
   * @param messages How many messages: tells and asks.
   * @param bytes All bytes after the greeting, answers and acknowledgements too.
   */
  sent(messages: number, bytes: number): void;
  /**
   * Something has come from the peer.
   *
   * @param messages How many messages: tells and asks.
   * @param bytes All bytes after the greeting, answers and acknowledgements too.
   */
  received(messages: number, bytes: number): void;
  /**
   * An ask to the peer has its reply.
   *
   * @param protocol The name of the protocol of the actor that was asked.
   * @param duration How long that took, in milliseconds.
   */
  answered(protocol: string, duration: number): void;
  /**
   * A message to the peer or a request of it has failed.
   *
   * @param code The `code` of the error, of the far one when the peer reported it; `"aborted"` when the
   * signal of the asker ended the wait.
   */
  failed(code: string): void;
  /** An answer has come for which nobody waits any more. */
  lateReply(): void;
}

/** How much passed in one direction. */
export interface TrafficSnapshot {
  /** How many messages: tells and asks. */
  readonly messages: number;
  /** All bytes after the greeting. */
  readonly bytes: number;
}

/** The figures of one peer at one moment. */
export interface PeerSnapshot {
  /** How many links there are to and from it, by state. */
  readonly links: Readonly<Record<LinkState, number>>;
  /** Bytes of messages that wait for it or are not acknowledged by it. */
  readonly waiting: number;
  /** What was sent to it so far. */
  readonly sent: TrafficSnapshot;
  /** What came from it so far. */
  readonly received: TrafficSnapshot;
  /** How long asks took that have a reply, by the protocol of who was asked. */
  readonly asks: ReadonlyMap<string, HistogramSnapshot>;
  /** How many messages and requests failed, by the code of the error. */
  readonly errors: Readonly<Record<string, number>>;
  /** How many answers came for which nobody waited any more. */
  readonly lateReplies: number;
}

/** Options of {@linkcode MemoryRemoteMetrics}. */
export interface MemoryRemoteMetricsOptions {
  /**
   * How many peers have figures of their own, at most. For a further one, the peer without links that
   * was not linked for the longest time is forgotten; the figures of the forgotten add up under `"other"`.
   * @default 256
   */
  maxPeers?: number;
}

/** The name under which figures add up that no peer has. */
const OTHER = "other";
/** Codes and protocols of one peer, at most; further ones are `"other"`. Peers choose the codes. */
const MAX_NAMES = 64;

/**
 * Keeps figures of remoting in memory, for tests and for a page that shows them.
 *
 * @example
 * ```ts
 * import { ActorSystem, ask, kind, protocol } from "@troupe/troupe/actor";
 * import { MemoryRemoteMetrics, Remote } from "@troupe/troupe/remote";
 *
 * const Clock = protocol("clock", { hour: ask<void, number>() });
 * await using there = new ActorSystem("there", {
 *   kinds: [kind(Clock, () => ({ hour: () => 12 }))],
 * });
 * await using far = await Remote.start(there);
 * const metrics = new MemoryRemoteMetrics();
 * await using here = new ActorSystem("here");
 * await using remote = await Remote.start(here, { metrics });
 *
 * await (await remote.spawn(far.address, Clock)).ask(Clock.hour());
 * const peer = metrics.snapshot().get(`${far.host}:${far.port}`);
 * console.assert(peer?.asks.get("clock")?.count === 1);
 * console.assert(peer?.links.open === 2);
 * ```
 */
export class MemoryRemoteMetrics implements RemoteMetrics {
  readonly #maxPeers: number;
  /** The peer that was linked last comes last. */
  readonly #peers: Map<string, PeerFigures> = new Map();
  #other: PeerFigures | undefined = undefined;
  #refusedConnections = 0;

  /**
   * Has no figures yet.
   *
   * @throws {TypeError} When there is no option of a name, or it is of another type.
   * @throws {RangeError} When there is room for no peer.
   */
  constructor(options: MemoryRemoteMetricsOptions = {}) {
    checkOptions("keep figures of peers", options, { maxPeers: NUMBER });
    const { maxPeers = 256 } = options;
    if (!(maxPeers >= 1)) {
      throw new RangeError(
        `Cannot keep figures of peers: maxPeers is ${maxPeers}, at least 1 was expected`,
      );
    }
    this.#maxPeers = maxPeers;
  }

  /** Gives the figures of one peer, which every node with this object shares. */
  forPeer(peer: string): PeerMetrics {
    let figures = this.#peers.get(peer);
    if (figures !== undefined) this.#peers.delete(peer);
    else {
      if (this.#peers.size >= this.#maxPeers && !this.#forgetOne()) {
        return this.#other ??= new PeerFigures();
      }
      figures = new PeerFigures();
    }
    this.#peers.set(peer, figures);
    return figures;
  }

  /** How many connections were closed unread, because their places connect more often than they may. */
  get refusedConnections(): number {
    return this.#refusedConnections;
  }

  /** Counts one. */
  refusedConnection(): void {
    this.#refusedConnections++;
  }

  /** The figures of this moment, by peer; later ones do not change them. */
  snapshot(): ReadonlyMap<string, PeerSnapshot> {
    const snapshot = new Map<string, PeerSnapshot>();
    for (const [peer, figures] of this.#peers) {
      snapshot.set(peer, figures.snapshot());
    }
    if (this.#other !== undefined) snapshot.set(OTHER, this.#other.snapshot());
    return snapshot;
  }

  /** Makes room, if there is a peer without links. */
  #forgetOne(): boolean {
    for (const [peer, figures] of this.#peers) {
      if (figures.isLinked) continue;
      this.#peers.delete(peer);
      (this.#other ??= new PeerFigures()).add(figures);
      return true;
    }
    return false;
  }
}

class PeerFigures implements PeerMetrics {
  readonly #links: Record<LinkState, number> = {
    connecting: 0,
    open: 0,
    parting: 0,
  };
  #waiting = 0;
  #sent: TrafficSnapshot = { messages: 0, bytes: 0 };
  #received: TrafficSnapshot = { messages: 0, bytes: 0 };
  readonly #asks: Map<string, LatencyHistogram> = new Map();
  readonly #errors: Map<string, number> = new Map();
  #lateReplies = 0;

  get isLinked(): boolean {
    const { connecting, open, parting } = this.#links;
    return connecting + open + parting > 0;
  }

  link(from: LinkState | undefined, to: LinkState | undefined): void {
    if (from !== undefined) this.#links[from]--;
    if (to !== undefined) this.#links[to]++;
  }

  waiting(change: number): void {
    this.#waiting += change;
  }

  sent(messages: number, bytes: number): void {
    this.#sent = sum(this.#sent, { messages, bytes });
  }

  received(messages: number, bytes: number): void {
    this.#received = sum(this.#received, { messages, bytes });
  }

  answered(protocol: string, duration: number): void {
    this.#latencies(protocol).record(duration);
  }

  failed(code: string): void {
    this.#count(code, 1);
  }

  lateReply(): void {
    this.#lateReplies++;
  }

  /** Adds what happened to another peer, which has no links. */
  add(figures: PeerFigures): void {
    this.#sent = sum(this.#sent, figures.#sent);
    this.#received = sum(this.#received, figures.#received);
    for (const [protocol, histogram] of figures.#asks) {
      this.#latencies(protocol).add(histogram);
    }
    for (const [code, count] of figures.#errors) this.#count(code, count);
    this.#lateReplies += figures.#lateReplies;
  }

  snapshot(): PeerSnapshot {
    const asks = new Map<string, HistogramSnapshot>();
    for (const [protocol, histogram] of this.#asks) {
      asks.set(protocol, histogram.snapshot());
    }
    return {
      links: { ...this.#links },
      waiting: this.#waiting,
      sent: this.#sent,
      received: this.#received,
      asks,
      errors: Object.fromEntries(this.#errors),
      lateReplies: this.#lateReplies,
    };
  }

  #latencies(protocol: string): LatencyHistogram {
    const name = nameIn(this.#asks, protocol);
    let histogram = this.#asks.get(name);
    if (histogram === undefined) {
      this.#asks.set(name, histogram = new LatencyHistogram());
    }
    return histogram;
  }

  #count(code: string, count: number): void {
    const name = nameIn(this.#errors, code);
    this.#errors.set(name, (this.#errors.get(name) ?? 0) + count);
  }
}

/** `name` if there is room for it. */
function nameIn(names: ReadonlyMap<string, unknown>, name: string): string {
  return names.size < MAX_NAMES - 1 || names.has(name) ? name : OTHER;
}

function sum(a: TrafficSnapshot, b: TrafficSnapshot): TrafficSnapshot {
  return { messages: a.messages + b.messages, bytes: a.bytes + b.bytes };
}
