/**
 * Where messages go that no handler sees.
 * @module
 */

import { StoppedError } from "../errors.ts";
import type { EventBus } from "./event_stream.ts";
import type { DeadLetterReason } from "./events.ts";
import {
  KeptMessage,
  type Mail,
  messageOf,
  replyToOf,
  senderOf,
} from "../protocol/message.ts";
import type { ActorMeter, Meters } from "../metrics/meter.ts";
import type { Pid } from "../reference/pid.ts";

/** Who was meant to get a message; asked for its address only when somebody wants to know. */
export interface Addressee {
  /** The address. */
  readonly pid: Pid;
  /** Counts what happens to it, in a system with metrics. */
  readonly meter?: ActorMeter | undefined;
}

/** Counts and reports what is not delivered, and answers those who wait. */
export class DeadLetters {
  #count = 0;
  #events: EventBus;
  #meters: Meters | undefined;

  constructor(events: EventBus, meters?: Meters) {
    this.#events = events;
    this.#meters = meters;
  }

  /** How many messages were not delivered since the system began. */
  get count(): number {
    return this.#count;
  }

  /**
   * Takes `mail` that `target` will not handle. An asker is answered with `error`, and the loss is
   * an event either way, unless the sender keeps the message: nothing is lost then.
   */
  take(
    mail: Mail,
    target: Addressee,
    reason: DeadLetterReason,
    error?: unknown,
  ): void {
    const isKept = messageOf(mail) instanceof KeptMessage;
    if (!isKept) this.#count++;
    if (this.#meters !== undefined && !isKept) {
      this.#measure(mail, target, reason);
    }
    replyToOf(mail)?.fail(
      error ??
        new StoppedError(
          target.pid,
          `deliver "${messageOf(mail).type}" to`,
          STATES[reason],
        ),
    );
    if (isKept || !this.#events.wants("dead_letter")) return;
    this.#events.publish({
      type: "dead_letter",
      message: messageOf(mail),
      sender: senderOf(mail)?.pid,
      target: target.pid,
      reason,
      ...(error === undefined ? {} : { error }),
    });
  }

  #measure(mail: Mail, target: Addressee, reason: DeadLetterReason): void {
    const { protocol } = messageOf(mail);
    if (target.meter !== undefined) target.meter.deadLetter(reason);
    else this.#meters?.of(protocol.name).record((to) => to.deadLetter(reason));
  }
}

const STATES: Readonly<Record<DeadLetterReason, string>> = {
  stopped: "it has stopped",
  missing: "there is no such actor",
  "not_started": "it could not start",
  unhandled: "it has no handler for the message",
  denied: "its sender may not send it the message",
  overloaded: "there is no room on the way to it",
  "mailbox_full": "its mailbox is full",
  "mailbox_failed": "its mailbox failed",
  "not_encodable": "the message cannot be encoded",
  "not_decodable": "the message cannot be decoded",
  disconnected: "its node cannot be reached",
  "no_routees": "nobody lives behind it",
  unknown: "the link to its node broke",
};
