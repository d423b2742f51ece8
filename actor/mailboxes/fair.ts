/**
 * A mailbox that serves all senders alike.
 * @module
 */

import { Deque } from "../../internal/deque.ts";
import { type MailboxFactory, type MailItem, senderIn } from "./mailbox.ts";
import { type Segment, SegmentedMailbox } from "./segmented.ts";

/**
 * A mailbox without a bound that gives one message of each sender in turn, so that one who sends much
 * does not keep the others waiting. Messages of one sender stay in order. The sender is who sent with
 * `ctx.tell` or `ctx.ask`; all messages without one, as `ref.tell` sends them, count as those of one
 * sender. What is about the life of the actor is handled after all that came before it and before all
 * that came later.
 *
 * @returns What makes the mailbox, for the `mailbox` option of a spawn or a kind.
 *
 * @example
 * ```ts
 * import { ActorSystem, fairMailbox, protocol, tell } from "@troupe/troupe/actor";
 *
 * const Log = protocol("log", { write: tell<string>() });
 * await using system = new ActorSystem("office");
 * system.spawn(Log, () => ({ write: () => {} }), { mailbox: fairMailbox() });
 * ```
 */
export function fairMailbox(): MailboxFactory {
  return () => new SegmentedMailbox(() => new FairSegment());
}

class FairSegment implements Segment {
  /** What waits, by sender; a sender goes with the last message of it. */
  readonly #bySender: Map<unknown, Deque<MailItem>> = new Map();
  /** The senders of what waits, in the order of their turns. */
  readonly #turns: Deque<{ readonly sender: unknown }> = new Deque();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(mail: MailItem): void {
    const sender = senderIn(mail);
    let waiting = this.#bySender.get(sender);
    if (waiting === undefined) {
      this.#bySender.set(sender, waiting = new Deque<MailItem>());
      this.#turns.push({ sender });
    }
    waiting.push(mail);
    this.#size++;
  }

  take(): MailItem | undefined {
    const turn = this.#turns.shift();
    if (turn === undefined) return undefined;
    const waiting = this.#bySender.get(turn.sender);
    const mail = waiting?.shift();
    if (waiting?.size === 0) this.#bySender.delete(turn.sender);
    else this.#turns.push(turn);
    this.#size--;
    return mail;
  }
}
