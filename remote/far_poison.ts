/**
 * The end of an actor as a message to another node.
 * @module
 */

import {
  Envelope,
  type Mail,
  MessageValue,
} from "../actor/protocol/message.ts";
import { PROTOCOL, protocol } from "../actor/protocol/protocol.ts";
import { tell } from "../actor/protocol/specs.ts";

/** Its name on the wire: no protocol can have a message of that name, since none has a colon in its name. */
export const POISON_TYPE = "troupe:PoisonPill";

/** Stands for `PoisonPill` on the way; the receiving node puts the pill itself into the mailbox. */
export const FAR_POISON: MessageValue = new MessageValue(
  protocol("troupe", { PoisonPill: tell() })[PROTOCOL],
  0,
  POISON_TYPE,
  undefined,
);

/** What is sent in place of a pill: from the same sender, so that it stays behind what that has sent before. */
export function farPoison(pill: Mail): Mail {
  return pill instanceof Envelope
    ? new Envelope(FAR_POISON, pill.sender, pill.replyTo)
    : FAR_POISON;
}
