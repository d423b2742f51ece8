/**
 * Nodes that cannot be reached, told of once and not with every attempt.
 * @module
 */

import { describe } from "../../actor/errors.ts";
import { printable } from "../handshake/first_message.ts";
import type { Link } from "../link/link.ts";
import { nodeKey } from "./peer.ts";

/** Nodes that are remembered, at most; of more the ones that failed first are forgotten. */
const MOST_NODES = 1_024;
/** Failures of one node that are told apart, at most. */
const MOST_FAILURES = 16;
/** How long something took is another each time, and makes no other failure of it. */
const TIMES = /[\d.]+ ms/g;

/** What is told of a link. */
export type LostLink = Pick<Link, "node" | "peer" | "role">;

/** What was said of a node since it was last reached. */
interface Outage {
  readonly told: Set<string>;
  /** How many failures were not told. */
  hidden: number;
}

/**
 * Tells of each failure of the links to a node once until the node is reached again: all its links end at the same
 * time, and are dialled again and again.
 */
export class Outages {
  readonly #warn: (text: string, cause: unknown) => void;
  /** By address, the one that failed first at the front; bounded. */
  readonly #nodes: Map<string, Outage> = new Map();
  #state: "open" | "closed" = "open";

  /** `warn` is given what is to be told. */
  constructor(warn: (text: string, cause: unknown) => void) {
    this.#warn = warn;
  }

  /** A link has ended in another way than in peace. */
  lost({ node, peer, role }: LostLink, reason: unknown): void {
    if (role === "dialler") {
      const text = peer === undefined
        ? `no link to "${node}" could be opened`
        : `the link to "${node}" ended`;
      return this.failed(node, text, reason);
    }
    // A port that the peer's system has chosen says nothing to whoever reads it.
    const name = peer === undefined || peer.port === 0
      ? ""
      : ` of "${printable(nodeKey(peer))}"`;
    this.#warn(`the link from "${node}"${name} ended`, reason);
  }

  /** A link to `node`, or the attempt to make one, has failed: tells so with `text`, unless that was done. */
  failed(node: string, text: string, reason: unknown): void {
    if (this.#state === "closed") return;
    let outage = this.#nodes.get(node);
    if (outage === undefined) {
      this.#nodes.set(node, outage = { told: new Set(), hidden: 0 });
      this.#forget();
    }
    const { told } = outage;
    const failure = describe(reason).replace(TIMES, "ms");
    if (told.has(failure) || told.size >= MOST_FAILURES) outage.hidden++;
    else {
      told.add(failure);
      this.#warn(text, reason);
    }
  }

  /** A link to `node` is open. */
  reached(node: string): void {
    const outage = this.#nodes.get(node);
    if (outage === undefined) return;
    this.#nodes.delete(node);
    this.#sumUp(outage, `"${node}" is reached again`);
  }

  /** Says what has not been told. What fails from now on does so because this node ends. */
  close(): void {
    this.#state = "closed";
    for (const [node, outage] of this.#nodes) {
      this.#sumUp(outage, `"${node}" was not reached again`);
    }
    this.#nodes.clear();
  }

  #forget(): void {
    for (const [node, outage] of this.#nodes) {
      if (this.#nodes.size <= MOST_NODES) return;
      this.#nodes.delete(node);
      this.#sumUp(outage, `"${node}" was not reached for long`);
    }
  }

  #sumUp({ hidden }: Outage, what: string): void {
    if (hidden === 0) return;
    const failures = hidden === 1
      ? "1 more failure"
      : `${hidden} more failures`;
    this.#warn(
      `${what}; ${failures} of the links to it went unsaid`,
      undefined,
    );
  }
}
