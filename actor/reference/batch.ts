/**
 * Several messages at once.
 * @module
 */

import { addHeaders, Envelope, type Message } from "../protocol/message.ts";
import type { MessageHeaders } from "../propagation/propagation.ts";
import type { MessageReply } from "../protocol/protocol.ts";
import type { BaseRef } from "./ref.ts";

/** How each ask of a batch ended, at the place of its message. */
export type AskOutcomes<M extends readonly Message[]> = {
  -readonly [Index in keyof M]: PromiseSettledResult<MessageReply<M[Index]>>;
};

/** Sends `messages` to `ref` in order; returns how many were taken. */
export function tellAll(
  ref: BaseRef,
  messages: Iterable<Message>,
  sender: BaseRef | undefined,
  headers?: MessageHeaders,
): number {
  let taken = 0;
  for (const message of messages) {
    const mail = sender === undefined
      ? message
      : addHeaders(new Envelope(message, sender, undefined), headers);
    if (ref.deliver(mail)) taken++;
  }
  return taken;
}

/** Asks for a reply to each of `messages`, all in flight at once. Never rejects. */
export function askAll<const M extends readonly Message[]>(
  messages: M,
  ask: (message: Message) => Promise<unknown>,
): Promise<AskOutcomes<M>> {
  // The protocol promises the type of each reply; allSettled keeps their places.
  return Promise.allSettled(messages.map(ask)) as Promise<AskOutcomes<M>>;
}
