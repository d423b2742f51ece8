/**
 * Handing a message on to another actor, which answers in place of the one that was asked.
 * @module
 */

import type { Cell } from "../cell/cell.ts";
import {
  addHeaders,
  broughtBy,
  callerOf,
  Envelope,
  type Mail,
  type Message,
  messageOf,
  replyToOf,
  senderOf,
} from "../protocol/message.ts";
import { headersOf } from "../propagation/propagation.ts";
import type { BaseRef } from "../reference/ref.ts";
import { isLifecycle } from "../cell/signals.ts";

/**
 * Sends what `cell` is handling as `mail` on to `target`, as if its sender had sent it there.
 *
 * @param message What is sent in its place.
 * @returns False when it was refused on the spot.
 * @throws {TypeError} When no message is being handled, or `target` speaks another protocol.
 */
export function forward(
  cell: Cell,
  mail: Mail | undefined,
  target: BaseRef,
  message: Message | undefined,
): boolean {
  if (
    mail === undefined || isLifecycle(messageOf(mail)) || !cell.isBusyWith(mail)
  ) {
    throw new TypeError(
      `Cannot forward from "${cell.pid}": no message is being handled, a handler was expected`,
    );
  }
  const sender = senderOf(mail);
  const replyTo = replyToOf(mail);
  const headers = headersOf(mail);
  const caller = callerOf(mail);
  if (message === undefined) message = messageOf(mail);
  else if (caller !== undefined) message = broughtBy(message, caller);
  if (replyTo === undefined) {
    const isPlain = sender === undefined && headers === undefined;
    return target.deliver(
      isPlain
        ? message
        : addHeaders(new Envelope(message, sender, undefined), headers),
    );
  }
  const { carrier, chain } = replyTo;
  replyTo.carrier = undefined; // whoever is asked next wants to know when nobody waits
  chain?.letGo();
  try {
    return target.deliver(
      addHeaders(new Envelope(message, sender, replyTo), headers),
    );
  } catch (error) {
    chain?.takenBy(cell, mail);
    replyTo.carrier = carrier;
    throw error;
  }
}
