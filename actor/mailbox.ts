/**
 * Where messages wait.
 * @module
 */

import { Deque } from "../internal/deque.ts";
import type { Mail } from "./message.ts";

/** Holds the mail of one actor between its arrival and its turn. */
export interface Mailbox {
  /** How many messages wait. */
  readonly size: number;
  /** Takes `mail`; false when it is refused, and then the sender is told. */
  enqueue(mail: Mail): boolean;
  /** Gives the next mail, or `undefined` when none waits. */
  dequeue(): Mail | undefined;
}

/** First in, first out, without a bound: what every actor has unless it asks for another. */
export class UnboundedMailbox extends Deque<Mail> implements Mailbox {
  enqueue(mail: Mail): boolean {
    this.push(mail);
    return true;
  }

  dequeue(): Mail | undefined {
    return this.shift();
  }
}

/** The mailbox of an actor that takes no more mail. */
export const CLOSED_MAILBOX: Mailbox = {
  size: 0,
  enqueue: () => false,
  dequeue: () => undefined,
};
