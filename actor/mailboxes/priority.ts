/**
 * A mailbox that puts the urgent first.
 * @module
 */

import { Heap, type HeapItem } from "../../internal/heap.ts";
import { type MailboxFactory, type MailItem, messageIn } from "./mailbox.ts";
import type { Message } from "../protocol/message.ts";
import { type Segment, SegmentedMailbox } from "./segmented.ts";

/**
 * A mailbox without a bound that gives the message with the highest number first, and messages with
 * equal numbers in the order of their arrival. Nothing else orders two messages, also not that they have
 * one sender. What is about the life of the actor, such as the end of an actor that it watches, is
 * handled after all that came before it and before all that came later.
 *
 * A message for which `priority` throws or does not return a number is a dead letter with the reason
 * `"mailbox_failed"`.
 *
 * @param priority How urgent a message is; called once for each, when it arrives.
 * @returns What makes the mailbox, for the `mailbox` option of a spawn or a kind.
 *
 * @example
 * ```ts
 * import { ActorSystem, ask, priorityMailbox, protocol, tell } from "@troupe/troupe/actor";
 *
 * const Ward = protocol("ward", { visit: tell<string>(), alarm: tell<string>() });
 * await using system = new ActorSystem("clinic");
 * const ward = system.spawn(Ward, () => ({ visit: () => {}, alarm: () => {} }), {
 *   mailbox: priorityMailbox(({ type }) => type === "ward.alarm" ? 1 : 0),
 * });
 * ward.tell(Ward.visit("bed 3"));
 * ward.tell(Ward.alarm("bed 7")); // handled first
 * ```
 */
export function priorityMailbox(
  priority: (message: Message) => number,
): MailboxFactory {
  return () => new SegmentedMailbox(() => new PrioritySegment(priority));
}

class Entry implements HeapItem {
  heapIndex = -1;
  readonly mail: MailItem;
  readonly priority: number;
  readonly number: number;

  constructor(mail: MailItem, priority: number, number: number) {
    this.mail = mail;
    this.priority = priority;
    this.number = number;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority;
  return a.number < b.number;
}

class PrioritySegment implements Segment {
  readonly #priority: (message: Message) => number;
  readonly #entries: Heap<Entry> = new Heap<Entry>(isBefore);
  #added = 0;

  constructor(priority: (message: Message) => number) {
    this.#priority = priority;
  }

  get size(): number {
    return this.#entries.size;
  }

  add(mail: MailItem): void {
    const message = messageIn(mail);
    const priority = this.#priority(message);
    if (typeof priority !== "number" || Number.isNaN(priority)) {
      throw new TypeError(
        `Cannot order "${message.type}": its priority is ${priority}, a number was expected`,
      );
    }
    this.#entries.push(new Entry(mail, priority, this.#added++));
  }

  take(): MailItem | undefined {
    return this.#entries.pop()?.mail;
  }
}
