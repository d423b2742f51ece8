/**
 * Runs of nodes that have been replaced.
 * @module
 */

import { QuarantinedError } from "../errors.ts";
import type { NodeIdentity } from "../handshake/handshake.ts";
import type { RefusalReason } from "../handshake/handshake_acceptor.ts";
import { nodeKey } from "./peer.ts";

/** Runs that are remembered, at most; of more the ones that came first are forgotten. */
const MOST_RUNS = 1_024;
/** Addresses that are looked at, at most, at the same time. */
const MOST_PROOFS = 64;

/** A link whose other end says who it is. */
export interface Introduced {
  /** Who the other end says it is; `undefined` before the handshake. */
  readonly peer: NodeIdentity | undefined;
  /** Ends it because of what the peer is, and tells the peer so. */
  refuse(error: unknown): void;
}

/**
 * Keeps runs of one node apart. Two runs can say that they have the same address, and only one of them tells the
 * truth: the one that answers there. So what a Hello says pushes nobody out; who is dialled does.
 */
export class Quarantine {
  readonly #links: ReadonlySet<Introduced>;
  readonly #dial: (address: NodeIdentity) => Promise<string>;
  /** By address and run; bounded. */
  readonly #runs: Set<string> = new Set();
  /** Which run answers at an address, while that is being found out. */
  readonly #proofs: Map<string, Promise<string | undefined>> = new Map();

  /** Looks at `links`, whoever adds to them; `dial` finds out which run answers at an address. */
  constructor(
    links: ReadonlySet<Introduced>,
    dial: (address: NodeIdentity) => Promise<string>,
  ) {
    this.#links = links;
    this.#dial = dial;
  }

  /** How many runs are quarantined. */
  get size(): number {
    return this.#runs.size;
  }

  /** Why a run is not welcomed, when another one has replaced it. */
  refusal(peer: NodeIdentity): RefusalReason | undefined {
    const { incarnation } = peer;
    if (!this.#runs.has(runOf(peer, incarnation))) return undefined;
    return {
      code: "quarantined",
      found: `another run than "${incarnation}" answers at "${nodeKey(peer)}"`,
      wanted: "the run that answers there was expected",
    };
  }

  /**
   * Decides about a node that has said Hello. When another run of it is connected too, the address that both
   * name is dialled, and the run that does not answer there is quarantined. When nobody answers, both stay.
   *
   * @returns Resolves when the node may stay; at once, with `undefined`, when no other run is connected.
   * @throws {QuarantinedError} When another run answers at its address.
   */
  admit(peer: NodeIdentity): Promise<void> | undefined {
    if (peer.port === 0 || !this.#hasRival(peer)) return undefined;
    return this.#settle(peer);
  }

  /** This node has dialled an address, and `peer` has answered. */
  proved(peer: NodeIdentity): void {
    const key = nodeKey(peer);
    this.#runs.delete(runOf(peer, peer.incarnation));
    for (const link of [...this.#links]) {
      const other = link.peer;
      if (other === undefined || !isRival(peer, key, other)) continue;
      this.#add(runOf(other, other.incarnation));
      link.refuse(new QuarantinedError(key, other.incarnation));
    }
  }

  async #settle(peer: NodeIdentity): Promise<void> {
    const answering = await this.#prove(peer);
    if (answering === undefined) return;
    this.proved({ ...peer, incarnation: answering });
    if (answering === peer.incarnation) return;
    this.#add(runOf(peer, peer.incarnation));
    throw new QuarantinedError(nodeKey(peer), peer.incarnation);
  }

  #prove(peer: NodeIdentity): Promise<string | undefined> {
    const key = nodeKey(peer);
    const known = this.#proofs.get(key);
    if (known !== undefined) return known;
    // Who claims very many addresses gets no more of them dialled.
    if (this.#proofs.size >= MOST_PROOFS) return Promise.resolve(undefined);
    const proof = this.#dial(peer).then(
      (incarnation) => incarnation,
      () => undefined, // nobody can be told apart
    ).finally(() => this.#proofs.delete(key));
    this.#proofs.set(key, proof);
    return proof;
  }

  #hasRival(peer: NodeIdentity): boolean {
    const key = nodeKey(peer);
    for (const { peer: other } of this.#links) {
      if (other !== undefined && isRival(peer, key, other)) return true;
    }
    return false;
  }

  #add(run: string): void {
    this.#runs.add(run);
    if (this.#runs.size <= MOST_RUNS) return;
    const [oldest] = this.#runs;
    this.#runs.delete(oldest as string); // there are many
  }
}

function isRival(
  peer: NodeIdentity,
  key: string,
  other: NodeIdentity,
): boolean {
  return other.incarnation !== peer.incarnation && nodeKey(other) === key;
}

function runOf(address: NodeIdentity, incarnation: string): string {
  return `${nodeKey(address)} ${incarnation}`;
}
