/**
 * Large messages on their way out, cut so that they do not hold up others.
 * @module
 */

import type { Addressee } from "../actor/dead_letters.ts";
import type { Mail } from "../actor/message.ts";
import { Deque } from "../internal/deque.ts";

/** What a message that waits is taken to need besides its payload, in bytes. */
const OVERHEAD = 256;

/** A message whose payload is encoded and waits to be written, whole or in parts. */
export interface LargeMessage {
  /** The kind of its first frame. */
  readonly kind: number;
  /** The address of the receiver; empty for an answer. */
  readonly receiver: string;
  /** The address of the sender, or nothing. */
  readonly sender: string;
  /** The name of its type; empty for an answer. */
  readonly type: string;
  /** Pairs request and answer, or 0. */
  readonly correlation: number;
  /** When the asker gives up; `Infinity` for never. */
  readonly deadline: number;
  /** The encoded body. */
  readonly payload: Uint8Array;
  /** The message itself, unless it is an answer. */
  readonly mail: Mail | undefined;
  /** Whom it is for. */
  readonly target: Addressee | undefined;
}

/** A message with what of it was written. */
export interface Progress {
  /** The message. */
  readonly message: LargeMessage;
  /** Tells its parts apart from others; 0 until the first one is written. */
  id: number;
  /** How many bytes of the payload were written. */
  offset: number;
}

/**
 * Messages that wait behind a large one, by pair of sender and receiver. The pairs take turns, part by
 * part; inside a pair the order of sending holds.
 */
export class LargeMessages {
  #byPair: Map<string, Deque<Progress>> = new Map();
  #bytes = 0;

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#byPair.size === 0;
  }

  /** How many bytes of memory wait; a message counts until all of it is written. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a message of the pair waits, so that later ones must wait behind it. */
  has(receiver: string, sender: string): boolean {
    return this.#byPair.has(pairOf(receiver, sender));
  }

  /** Adds a message behind those of its pair. */
  add(message: LargeMessage): void {
    const { receiver, sender, correlation, payload } = message;
    // Answers belong to no pair: each is one of its own.
    const pair = receiver === "" ? `${correlation}` : pairOf(receiver, sender);
    const progress: Progress = { message, id: 0, offset: 0 };
    this.#bytes += payload.length + OVERHEAD;
    const queue = this.#byPair.get(pair);
    if (queue !== undefined) return queue.push(progress);
    const created = new Deque<Progress>();
    created.push(progress);
    this.#byPair.set(pair, created);
  }

  /**
   * Gives the next pair its turn: `write` writes a part of the message, moves `offset`, and says
   * whether the message is complete.
   *
   * @returns False when nothing waits.
   */
  turn(write: (progress: Progress) => boolean): boolean {
    const [next] = this.#byPair;
    if (next === undefined) return false;
    const [pair, queue] = next;
    const progress = queue.peek() as Progress; // a queue in the map is not empty
    if (write(progress)) {
      queue.shift();
      this.#bytes -= progress.message.payload.length + OVERHEAD;
    }
    this.#byPair.delete(pair);
    if (queue.size > 0) this.#byPair.set(pair, queue); // behind the others
    return true;
  }

  /** Empties it and tells of each message, and whether a part of it was written. */
  lose(lost: (message: LargeMessage, begun: boolean) => void): void {
    for (const queue of this.#byPair.values()) {
      for (let it = queue.shift(); it !== undefined; it = queue.shift()) {
        lost(it.message, it.offset > 0);
      }
    }
    this.#byPair.clear();
    this.#bytes = 0;
  }
}

function pairOf(receiver: string, sender: string): string {
  return `${receiver} ${sender}`;
}
