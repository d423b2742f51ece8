/**
 * A mailbox with a bound.
 * @module
 */

import { Deque } from "../../internal/deque.ts";
import {
  isLifecycleMail,
  type Mailbox,
  type MailboxFactory,
  type MailItem,
} from "./mailbox.ts";

/**
 * What a full mailbox does with a newcomer: refuse it, so that `tell` returns false; or take it and
 * drop the oldest message that waits; or drop the newcomer without telling its sender.
 */
export type Overflow = "reject" | "drop_oldest" | "drop_newest";

/**
 * A mailbox that holds a limited number of messages, first in, first out. Whatever is refused or dropped
 * is a dead letter with the reason `"mailbox_full"`, and its asker gets a {@linkcode MailboxFullError}.
 * Messages about the life of the actor do not count and are never refused.
 *
 * @param capacity How many messages wait at most.
 * @param overflow What happens to one more.
 * @returns What makes the mailbox, for the `mailbox` option of a spawn or a kind.
 * @throws {RangeError} When the capacity is not a whole number of at least 1.
 * @throws {TypeError} When `overflow` is none of the three.
 *
 * @example
 * ```ts
 * import { ActorSystem, boundedMailbox, protocol, tell } from "@troupe/troupe/actor";
 *
 * const Printer = protocol("printer", { print: tell<string>() });
 * await using system = new ActorSystem("office");
 * const printer = system.spawn(Printer, () => ({ print: () => {} }), {
 *   mailbox: boundedMailbox(2, "drop_oldest"),
 * });
 * console.assert(printer.tell(Printer.print("report")));
 * ```
 */
export function boundedMailbox(
  capacity: number,
  overflow: Overflow = "reject",
): MailboxFactory {
  if (!(Number.isInteger(capacity) && capacity >= 1)) {
    throw new RangeError(
      `Cannot make a bounded mailbox: the capacity is ${capacity}, a whole number >= 1 was expected`,
    );
  }
  if (!OVERFLOWS.includes(overflow)) {
    throw new TypeError(
      `Cannot make a bounded mailbox: the overflow is "${overflow}", one of ${
        OVERFLOWS.map((name) => `"${name}"`).join(", ")
      } was expected`,
    );
  }
  return () => new BoundedMailbox(capacity, overflow);
}

const OVERFLOWS: readonly Overflow[] = ["reject", "drop_oldest", "drop_newest"];

class BoundedMailbox implements Mailbox {
  readonly dropsNewcomers: boolean;
  readonly #capacity: number;
  readonly #overflow: Overflow;
  readonly #items: Deque<MailItem> = new Deque<MailItem>();
  /** How many of the items are about the life of the actor and do not count. */
  #lifecycle = 0;

  constructor(capacity: number, overflow: Overflow) {
    this.dropsNewcomers = overflow === "drop_newest";
    this.#capacity = capacity;
    this.#overflow = overflow;
  }

  get size(): number {
    return this.#items.size;
  }

  enqueue(mail: MailItem): MailItem | undefined {
    const items = this.#items;
    if (isLifecycleMail(mail)) {
      this.#lifecycle++;
    } else if (items.size - this.#lifecycle >= this.#capacity) {
      if (this.#overflow !== "drop_oldest") return mail;
      items.push(mail);
      return this.#takeOldest();
    }
    items.push(mail);
    return undefined;
  }

  dequeue(): MailItem | undefined {
    const item = this.#items.shift();
    if (item !== undefined && isLifecycleMail(item)) this.#lifecycle--;
    return item;
  }

  /** Takes the oldest message that counts; those about the life of the actor keep their places. */
  #takeOldest(): MailItem | undefined {
    const passed: MailItem[] = [];
    let item = this.#items.shift();
    while (item !== undefined && isLifecycleMail(item)) {
      passed.push(item);
      item = this.#items.shift();
    }
    for (const each of passed.toReversed()) this.#items.unshift(each);
    return item;
  }
}
