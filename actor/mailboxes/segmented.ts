/**
 * Mailboxes that change the order of messages, but not across what is about the life of the actor.
 * @module
 */

import { Deque } from "../../internal/deque.ts";
import { isLifecycleMail, type Mailbox, type MailItem } from "./mailbox.ts";

/** Messages in an order of its own. */
export interface Segment {
  /** How many wait. */
  readonly size: number;
  /** Takes a message. */
  add(mail: MailItem): void;
  /** Gives the next one. */
  take(): MailItem | undefined;
}

/** What came before a signal, and the signal. */
interface Closed {
  readonly segment: Segment;
  readonly signal: MailItem;
}

/**
 * A mailbox in segments. What is about the life of the actor ends a segment: it comes after everything
 * that came before it, so that the end of an actor never overtakes the messages which that actor sent,
 * and before everything that came later, so that no flood of messages can hold it up.
 */
export class SegmentedMailbox implements Mailbox {
  readonly #make: () => Segment;
  readonly #closed: Deque<Closed> = new Deque<Closed>();
  #open: Segment;
  #size = 0;

  /** Takes what makes a segment. */
  constructor(make: () => Segment) {
    this.#make = make;
    this.#open = make();
  }

  get size(): number {
    return this.#size;
  }

  enqueue(mail: MailItem): undefined {
    if (isLifecycleMail(mail)) {
      this.#closed.push({ segment: this.#open, signal: mail });
      this.#open = this.#make();
    } else {
      this.#open.add(mail);
    }
    this.#size++; // not before: an order that a user gives may throw
  }

  dequeue(): MailItem | undefined {
    if (this.#size === 0) return undefined;
    this.#size--;
    const first = this.#closed.peek();
    if (first === undefined) return this.#open.take();
    const mail = first.segment.take();
    if (mail !== undefined) return mail;
    this.#closed.shift();
    return first.signal;
  }
}
