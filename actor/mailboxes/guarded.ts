/**
 * Mailboxes that somebody else wrote, and what becomes of mail that finds no place.
 * @module
 */

import { Deque } from "../../internal/deque.ts";
import type { Cell } from "../cell/cell.ts";
import { MailboxFailedError, MailboxFullError } from "../errors.ts";
import {
  CLOSED_MAILBOX,
  type Mailbox,
  type MailboxFactory,
  type MailItem,
  UnboundedMailbox,
} from "./mailbox.ts";
import { type ActorMeter, MeteredMailbox } from "../metrics/meter.ts";
import { type Mail, messageOf } from "../protocol/message.ts";
import { isLifecycle } from "../cell/signals.ts";

/** Keeps what a mailbox throws from the senders and from the actor. */
export class GuardedMailbox implements Mailbox {
  readonly #cell: Cell;
  readonly #mailbox: Mailbox;
  #fault: { readonly error: unknown } | undefined = undefined;

  constructor(cell: Cell, mailbox: Mailbox) {
    this.#cell = cell;
    this.#mailbox = mailbox;
  }

  get size(): number {
    return this.#mailbox.size;
  }

  get dropsNewcomers(): boolean {
    return this.#mailbox.dropsNewcomers ?? false;
  }

  enqueue(mail: MailItem): MailItem | undefined {
    try {
      return this.#mailbox.enqueue(mail);
    } catch (error) {
      this.#fault = { error };
      return mail;
    }
  }

  dequeue(): MailItem | undefined {
    try {
      return this.#mailbox.dequeue();
    } catch (error) {
      this.#cell.runtime.events.publish({
        type: "warning",
        text: `the mailbox of "${this.#cell.pid}" failed to give its next item`,
        cause: error,
      });
      return undefined;
    }
  }

  /** What the last enqueue threw, once. */
  takeFault(): { readonly error: unknown } | undefined {
    const fault = this.#fault;
    this.#fault = undefined;
    return fault;
  }
}

/**
 * Makes the mailbox that `cell` was spawned with.
 *
 * @throws {TypeError} When the function returns something else.
 */
export function makeMailbox(
  cell: Cell,
  factory: MailboxFactory | undefined,
): Mailbox {
  const { meter } = cell;
  if (factory === undefined) return metered(meter, new UnboundedMailbox());
  const mailbox: Mailbox | undefined = factory();
  if (
    typeof mailbox?.enqueue !== "function" ||
    typeof mailbox.dequeue !== "function"
  ) {
    throw new TypeError(
      `Cannot spawn "${cell.pid}": the mailbox option returned ${
        String(mailbox)
      }, an object with enqueue and dequeue was expected`,
    );
  }
  return new GuardedMailbox(cell, metered(meter, mailbox));
}

function metered(meter: ActorMeter | undefined, mailbox: Mailbox): Mailbox {
  return meter === undefined ? mailbox : new MeteredMailbox(meter, mailbox);
}

/**
 * Deals with `victim`, which found no place in the mailbox of `cell` when `mail` came. Nothing is lost
 * without a word: what is about the life of the actor comes first of all, the rest are dead letters.
 *
 * @returns Whether `mail` counts as taken.
 */
export function displace(cell: Cell, victim: MailItem, mail: Mail): boolean {
  const { mailbox } = cell;
  const lost = victim as Mail; // a mailbox gives back what it was given
  const message = messageOf(lost);
  if (mailbox === CLOSED_MAILBOX || mailbox === undefined) {
    if (!isLifecycle(message)) cell.refuse(lost); // what has ended needs no more signals
    return false;
  }
  const fault = mailbox instanceof GuardedMailbox
    ? mailbox.takeFault()
    : undefined;
  if (isLifecycle(message)) {
    (cell.rare.front ??= new Deque<Mail>()).push(lost);
    return true;
  }
  const { deadLetters } = cell.runtime;
  if (fault !== undefined) {
    const error = new MailboxFailedError(cell.pid, message.type, fault.error);
    deadLetters.take(lost, cell, "mailbox_failed", error);
    return false;
  }
  const error = new MailboxFullError(cell.pid, message.type, mailbox.size);
  deadLetters.take(lost, cell, "mailbox_full", error);
  return lost !== mail || mailbox.dropsNewcomers === true;
}
