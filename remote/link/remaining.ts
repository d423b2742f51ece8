/**
 * How long somebody still waits, as frames say it.
 * @module
 */

import { PendingAsk } from "../../actor/asks/asks.ts";
import type { Mail, ReplyTo } from "../../actor/protocol/message.ts";
import type { Clock } from "../../internal/clock.ts";

const HIGHEST = 0xffff_ffff;

/** The milliseconds until `deadline` for a frame: at least 1, and 0 for no limit or more than fits. */
export function remainingUntil(deadline: number, clock: Clock): number {
  return deadline === Infinity ? 0 : inFrame(deadline - clock.now());
}

/** The milliseconds that `replyTo`, to which `mail` is to be answered, still waits, for a frame. */
export function remainingFor(
  mail: Mail,
  replyTo: ReplyTo,
  clock: Clock,
): number {
  // An ask is sent in the moment in which it begins, unless it was forwarded: then it is in another envelope.
  return mail instanceof PendingAsk
    ? inFrame(mail.timeout)
    : remainingUntil(replyTo.deadline, clock);
}

function inFrame(milliseconds: number): number {
  return milliseconds > HIGHEST ? 0 : Math.max(1, Math.ceil(milliseconds));
}
