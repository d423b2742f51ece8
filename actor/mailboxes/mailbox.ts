/**
 * Where messages wait.
 * @module
 */

import { Deque } from "../../internal/deque.ts";
import {
  type Mail,
  type Message,
  messageOf,
  senderOf,
} from "../protocol/message.ts";
import type { AnyProtocol } from "../protocol/protocol.ts";
import type { ActorRef } from "../reference/ref.ts";
import { isLifecycle } from "../cell/signals.ts";

/** A message together with its sender, or with somebody who awaits the reply. */
export interface MailEnvelope {
  /** The message. */
  readonly message: Message;
  /** Who sent it, when that is known. */
  readonly sender: ActorRef<AnyProtocol> | undefined;
}

/**
 * What a {@linkcode Mailbox} holds. Read it with {@linkcode messageIn}, {@linkcode senderIn} and
 * {@linkcode isLifecycleMail}; give the very same value back.
 */
export type MailItem = Message | MailEnvelope;

/**
 * Holds the mail of one actor between its arrival and its turn. Anything with these members can be a
 * mailbox: give a function that makes it to the `mailbox` option of a spawn.
 *
 * Mail that {@linkcode isLifecycleMail} is sent by the library: the end of a watched actor, or the wish
 * that this one ends. It should keep its place behind the mail that came before it, and should never be
 * dropped. A mailbox that gives it back as a victim makes it come before all mail that waits.
 */
export interface Mailbox {
  /** How many items wait. */
  readonly size: number;
  /**
   * Whether a newcomer that finds no place was dropped by intention, so that `tell` returns true for it.
   * It is a dead letter in any case, and an ask for it rejects.
   * @default false
   */
  readonly dropsNewcomers?: boolean;
  /**
   * Takes `mail`. Returns the item that found no place: the newcomer, or one that waited and made way
   * for it. Returns `undefined` when all of them fit.
   */
  enqueue(mail: MailItem): MailItem | undefined;
  /** Gives the next item; `undefined` only when none waits. */
  dequeue(): MailItem | undefined;
}

/** Makes the mailbox of one actor. */
export type MailboxFactory = () => Mailbox;

/** The message of an item in a mailbox. */
export function messageIn(item: MailItem): Message {
  return messageOf(item as Mail); // mailboxes are given nothing else
}

/** Who sent an item in a mailbox, when that is known: `ctx.tell` and `ctx.ask` say it, `ref.tell` does not. */
export function senderIn(item: MailItem): ActorRef<AnyProtocol> | undefined {
  return senderOf(item as Mail); // mailboxes are given nothing else
}

/** Whether an item is about the life of the actor and not a message of a user. */
export function isLifecycleMail(item: MailItem): boolean {
  return isLifecycle(messageOf(item as Mail)); // mailboxes are given nothing else
}

/** First in, first out, without a bound: what every actor has unless it asks for another. */
export class UnboundedMailbox extends Deque<Mail> implements Mailbox {
  enqueue(mail: Mail): Mail | undefined {
    this.push(mail);
    return undefined;
  }

  dequeue(): Mail | undefined {
    return this.shift();
  }
}

/** The mailbox of an actor that takes no more mail. */
export const CLOSED_MAILBOX: Mailbox = {
  size: 0,
  enqueue: (mail) => mail,
  dequeue: () => undefined,
};
