/**
 * Messages on their way to a link.
 * @module
 */

import {
  Envelope,
  type Mail,
  type Message,
} from "../../actor/protocol/message.ts";
import type { BaseRef } from "../../actor/reference/ref.ts";
import { OverloadedError } from "../errors.ts";
import { failureOf } from "../failure.ts";
import type { LargeMessage } from "./large_messages.ts";
import type { LinkOptions } from "./link_options.ts";
import type { MessageCodecs } from "../codec/message_codecs.ts";
import type { Outbound } from "./outbound.ts";
import { remainingFor } from "./remaining.ts";
import type { Request, Requests } from "./requests.ts";
import type { Route } from "./route.ts";
import { FrameKind } from "../wire/kinds.ts";

/** What of a link takes messages. */
export interface SendingLink {
  readonly node: string;
  readonly outbound: Outbound;
  readonly requests: Requests;
}

/** Sends a message over `link`, or makes a dead letter of it and returns false. */
export function sendOver(
  link: SendingLink,
  { runtime: { clock, deadLetters }, meter }: LinkOptions,
  route: Route,
  mail: Mail,
  target: BaseRef,
): boolean {
  const { node, outbound, requests } = link;
  let message: Message;
  let sender: BaseRef | undefined;
  let request: Request | undefined;
  let remaining = 0;
  if (mail instanceof Envelope) {
    message = mail.message;
    sender = mail.sender;
    const { replyTo } = mail;
    if (replyTo !== undefined) {
      if (requests.isFull) {
        const error = tooMany(node, requests.size, message, target);
        meter?.refused();
        deadLetters.take(mail, target, "overloaded", error);
        return false;
      }
      const codecs = route.codecs[message.index] as MessageCodecs; // one for each message
      request = requests.open(replyTo, codecs, message.type, target);
      remaining = remainingFor(mail, replyTo, clock);
    }
  } else {
    message = mail;
  }
  const correlation = request === undefined ? 0 : request.correlation;
  if (meter !== undefined && request !== undefined) {
    request.protocol = message.protocol.name;
    request.since = meter.now();
  }
  // Looked at before it is sent: a write that it fills may send large messages behind it.
  const position = request === undefined ? 0 : outbound.messages + 1;
  try {
    if (
      // deno-fmt-ignore -- one argument a line hides how little happens here
      outbound.message(route, mail, message, target, sender, correlation, remaining)
    ) {
      // When nobody waits any more, the peer is told, after it was told of the message.
      if (request !== undefined) {
        request.position = position;
        request.replyTo.carrier = request;
      }
      meter?.waiting(outbound.inFlight);
      return true;
    }
  } catch (error) {
    request?.discard();
    meter?.failed(error);
    deadLetters.take(mail, target, "not_encodable", error);
    return false;
  }
  request?.discard();
  meter?.refused();
  const error = request && new OverloadedError(node, request.action);
  deadLetters.take(mail, target, "overloaded", error);
  return false;
}

/** Makes a dead letter of a message that was taken and cannot be sent after all; tells the peer of an answer. */
export function dropUnsendable(
  { outbound, requests }: SendingLink,
  { runtime: { deadLetters }, meter }: LinkOptions,
  { mail, target, correlation }: LargeMessage,
  error: unknown,
): void {
  if (mail === undefined || target === undefined) {
    const failure = failureOf(error, "done");
    outbound.frame({ kind: FrameKind.FAILURE, correlation, failure });
    return;
  }
  requests.forget(correlation);
  meter?.failed(error);
  deadLetters.take(mail, target, "not_encodable", error);
}

function tooMany(
  node: string,
  count: number,
  { type }: Message,
  { pid }: BaseRef,
): OverloadedError {
  return new OverloadedError(
    node,
    `complete the ask of "${type}" to "${pid}"`,
    `${count} asks have no answer`,
    "fewer were expected",
  );
}
