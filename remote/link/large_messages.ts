/**
 * Large messages on their way out, cut so that they do not hold up others.
 * @module
 */

import type { Addressee } from "../../actor/events/dead_letters.ts";
import type { Mail } from "../../actor/protocol/message.ts";
import { Deque } from "../../internal/deque.ts";
import type { Compressed } from "../wire/fields.ts";
import { FrameKind } from "../wire/kinds.ts";

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
  /** The encoded body, or what stands for it. */
  readonly payload: Uint8Array;
  /** What was done to the body. */
  readonly compression: Compressed | undefined;
  /** The message itself, unless it is an answer. */
  readonly mail: Mail | undefined;
  /** Whom it is for. */
  readonly target: Addressee | undefined;
}

/** An answer whose payload waits to be written. */
export function largeReply(
  correlation: number,
  payload: Uint8Array,
  compression: Compressed | undefined,
): LargeMessage {
  return {
    kind: FrameKind.REPLY,
    receiver: "",
    sender: "",
    type: "",
    correlation,
    deadline: Infinity,
    payload,
    compression,
    mail: undefined,
    target: undefined,
  };
}

/** A message with what of it was written. */
export interface Progress {
  /** The message. */
  readonly message: LargeMessage;
  /** Its place among all that were added. */
  readonly sequence: number;
  /** Tells its parts apart from others; 0 until the first one is written. */
  id: number;
  /** How many bytes of the payload were written. */
  offset: number;
}

/** The messages of one pair, in the order of sending; never empty while it is known. */
interface Pair {
  readonly key: string;
  readonly queue: Deque<Progress>;
}

/**
 * Messages that wait behind a large one, by pair of sender and receiver. The pairs take turns, part by
 * part; inside a pair the order of sending holds. No more than a peer takes is under way at the same time.
 */
export class LargeMessages {
  /** Bytes of the largest payload that the peer takes; twice as many may be under way. */
  maxBytes: number;
  readonly #pairs: Map<string, Pair> = new Map();
  /** Pairs whose first message is under way, the next one first. */
  readonly #turns: Deque<Pair> = new Deque();
  /** Pairs whose first message is not, in the order in which they may begin. */
  readonly #waiting: Deque<Pair> = new Deque();
  /** Asks that wait, by correlation, and whether nobody waits for their answers any more. */
  readonly #asks: Map<number, "wanted" | "cancelled"> = new Map();
  #bytes = 0;
  #added = 0;
  /** Bytes of the payloads that are under way, the whole of each. */
  #underWay = 0;

  /** Takes the largest payload of the peer, in bytes. */
  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#pairs.size === 0;
  }

  /** How many bytes of memory wait; a message counts until all of it is written. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many messages were added so far. */
  get added(): number {
    return this.#added;
  }

  /** The place of the message that was added first of those that wait; `Infinity` when none does. */
  get oldest(): number {
    let oldest = Infinity;
    for (const { queue } of this.#pairs.values()) {
      const { sequence } = queue.peek() as Progress; // a pair is not empty
      oldest = Math.min(oldest, sequence);
    }
    return oldest;
  }

  /** Whether a message of the pair waits, so that later ones must wait behind it. */
  has(receiver: string, sender: string): boolean {
    return this.#pairs.has(pairOf(receiver, sender));
  }

  /** Whether an ask waits. */
  hasAsk(correlation: number): boolean {
    return this.#asks.has(correlation);
  }

  /** Adds a message behind those of its pair. */
  add(message: LargeMessage): void {
    const { receiver, sender, correlation, payload } = message;
    if (isAsk(message)) this.#asks.set(correlation, "wanted");
    // Answers belong to no pair: each is one of its own.
    const key = receiver === "" ? `${correlation}` : pairOf(receiver, sender);
    const sequence = ++this.#added;
    const progress: Progress = { message, sequence, id: 0, offset: 0 };
    this.#bytes += payload.length + OVERHEAD;
    const known = this.#pairs.get(key);
    if (known !== undefined) return known.queue.push(progress);
    const pair: Pair = { key, queue: new Deque<Progress>() };
    pair.queue.push(progress);
    this.#pairs.set(key, pair);
    this.#waiting.push(pair);
  }

  /** Notes that nobody waits for the answer to an ask; false when the ask does not wait here. */
  cancel(correlation: number): boolean {
    if (!this.#asks.has(correlation)) return false;
    this.#asks.set(correlation, "cancelled");
    return true;
  }

  /** Whether nobody waits for the answer to an ask that has just been written; asked once. */
  takeCancelled(message: LargeMessage): boolean {
    if (!isAsk(message)) return false;
    const state = this.#asks.get(message.correlation);
    this.#asks.delete(message.correlation);
    return state === "cancelled";
  }

  /**
   * Gives the next pair its turn: `write` writes a part of the message, moves `offset`, and says
   * whether the message is complete.
   *
   * @returns False when nothing waits.
   */
  turn(write: (progress: Progress) => boolean): boolean {
    this.#admit();
    const pair = this.#turns.shift();
    if (pair === undefined) return false;
    const { key, queue } = pair;
    const progress = queue.peek() as Progress; // a pair is not empty
    if (!write(progress)) {
      this.#turns.push(pair);
      return true;
    }
    const { length } = progress.message.payload;
    queue.shift();
    this.#bytes -= length + OVERHEAD;
    this.#underWay -= length;
    if (queue.size > 0) this.#waiting.push(pair);
    else this.#pairs.delete(key);
    return true;
  }

  /** Empties it and tells of each message; none of them was written whole. */
  lose(lost: (message: LargeMessage) => void): void {
    const pairs = [...this.#pairs.values()];
    this.#pairs.clear();
    this.#turns.clear();
    this.#waiting.clear();
    this.#asks.clear();
    this.#bytes = 0;
    this.#underWay = 0;
    for (const { queue } of pairs) {
      for (let it = queue.shift(); it !== undefined; it = queue.shift()) {
        lost(it.message);
      }
    }
  }

  /** Lets pairs begin while there is room for the whole of their first messages. */
  #admit(): void {
    for (
      let pair = this.#waiting.peek();
      pair !== undefined;
      pair = this.#waiting.peek()
    ) {
      const { length } = (pair.queue.peek() as Progress).message.payload; // a pair is not empty
      const underWay = this.#underWay + length;
      if (this.#underWay > 0 && underWay > 2 * this.maxBytes) return;
      this.#underWay = underWay;
      this.#waiting.shift();
      this.#turns.push(pair);
    }
  }
}

function isAsk({ mail, correlation }: LargeMessage): boolean {
  return mail !== undefined && correlation !== 0;
}

/** References to one actor may name its incarnation or not: both are the same pair. */
function pairOf(receiver: string, sender: string): string {
  const hash = receiver.indexOf("#");
  return `${hash < 0 ? receiver : receiver.slice(0, hash)} ${sender}`;
}
