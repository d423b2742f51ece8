/**
 * Asks of a peer that have no answer yet.
 * @module
 */

import { MOST_ASKS } from "./caps.ts";
import type { RemoteReply } from "./remote_reply.ts";

const ENDED = "the connection has ended";

/**
 * The asks that came over one link, until they are answered. When the peer waits no longer for one, or the link
 * has ended, its handler is told.
 */
export class OpenAsks {
  /** By correlation; an entry goes with its answer, or with the link. */
  readonly #replies: Map<number, RemoteReply> = new Map();
  #state: "open" | "closed" = "open";

  /** How many have no answer. */
  get size(): number {
    return this.#replies.size;
  }

  /** Whether there is no room for another one. */
  get isFull(): boolean {
    return this.#replies.size >= MOST_ASKS;
  }

  /** Takes one. A peer that uses the number of an open ask again gives up on that one. */
  add(reply: RemoteReply): void {
    if (this.#state === "closed") return reply.cancel(ENDED);
    const { correlation } = reply;
    if (this.#replies.has(correlation)) this.cancel(correlation);
    this.#replies.set(correlation, reply);
  }

  /** Forgets one: it was answered. */
  remove(reply: RemoteReply): void {
    const { correlation } = reply;
    if (this.#replies.get(correlation) === reply) {
      this.#replies.delete(correlation);
    }
  }

  /** The peer waits no longer. Nothing happens when the answer is on its way already. */
  cancel(correlation: number): void {
    const reply = this.#replies.get(correlation);
    if (reply === undefined) return;
    this.#replies.delete(correlation);
    reply.cancel("the asker gave up");
  }

  /** The link has ended, so that no answer can reach the peer. */
  close(): void {
    this.#state = "closed";
    const replies = [...this.#replies.values()];
    this.#replies.clear();
    for (const reply of replies) reply.cancel(ENDED);
  }
}
