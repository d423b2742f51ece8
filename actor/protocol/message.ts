/**
 * What travels between actors: a message alone, or a message in an envelope.
 * @module
 */

import type { AskLink } from "../asks/ask_chain.ts";
import type { Caller } from "./caller.ts";
import { showAs } from "../logging/inspect.ts";
import type { MessageHeaders } from "../propagation/propagation.ts";
import type { ProtocolData } from "./protocol.ts";
import type { BaseRef } from "../reference/ref.ts";

/**
 * One message of a protocol, as its constructor returns it. A value: it may be sent any number of
 * times, and is never changed on the way. Inside a process the body passes by reference.
 */
export interface Message<
  Protocol extends string = string,
  Name extends string = string,
  Body = unknown,
  Reply = unknown,
> {
  /** The protocol that the message belongs to. */
  readonly protocol: ProtocolData<Protocol>;
  /** The position of the message in its protocol. */
  readonly index: number;
  /** The name on the wire: the schema's full name, or `<protocol>.<message>`. */
  readonly type: string;
  /** What the handler is given first. */
  readonly body: Body;
  /** Carries the types only; never set. */
  readonly types?: { readonly name: Name; readonly reply: Reply };
}

/** The one shape of every message value; all are made here so that they share it. */
export class MessageValue implements Message {
  readonly protocol: ProtocolData;
  readonly index: number;
  readonly type: string;
  readonly body: unknown;

  constructor(
    protocol: ProtocolData,
    index: number,
    type: string,
    body: unknown,
  ) {
    this.protocol = protocol;
    this.index = index;
    this.type = type;
    this.body = body;
  }
}

showAs(
  MessageValue,
  ({ type, body }, inspect) =>
    body === undefined ? `${type}()` : `${type}(${inspect(body)})`,
);

/** A message that came from another node. */
export class ReceivedMessage extends MessageValue {
  /** Who brought it. */
  readonly caller: Caller;

  constructor(
    protocol: ProtocolData,
    index: number,
    type: string,
    body: unknown,
    caller: Caller,
  ) {
    super(protocol, index, type, body);
    this.caller = caller;
  }
}

/** The same message, as `caller` would have brought it. */
export function broughtBy(
  { protocol, index, type, body }: Message,
  caller: Caller,
): Message {
  return new ReceivedMessage(protocol, index, type, body, caller);
}

/** A message that its sender keeps: what is lost of it is sent again, or reported by the sender in the end. */
export class KeptMessage extends MessageValue {}

/** The same message, as one that its sender keeps. */
export function kept<M extends Message>(message: M): M {
  const { protocol, index, type, body } = message;
  // What it carries besides is for the type checker only.
  return new KeptMessage(protocol, index, type, body) as Message as M;
}

/** Takes the one outcome of an ask. A second outcome is ignored. */
export interface ReplyTo {
  /** The reply. */
  succeed(reply: unknown): void;
  /** Why there is none. */
  fail(error: unknown): void;
  /** When the asker gives up, on the system's clock in milliseconds. */
  readonly deadline: number;
  /** The asks that led to this one, when it came from inside an actor. */
  readonly chain?: AskLink | undefined;
  /** Told when the asker gives up. At most one has an interest in that: the carrier, then the handler. */
  carrier?: Carrier | undefined;
}

/** Wants to know when nobody waits for a reply any more. */
export interface Carrier {
  /** The asker gave up because of `reason`; a later reply will be ignored. */
  abandon(ask: ReplyTo, reason: unknown): void;
}

/** A message with what a plain `ref.tell` does not carry: who sent it and who awaits the reply. */
export class Envelope {
  readonly message: Message;
  readonly sender: BaseRef | undefined;
  /** Written once more by an ask, which is its own `replyTo`. */
  replyTo: ReplyTo | undefined;
  /** What travels with the message besides its body; not a field of the many that have none. */
  declare headers?: MessageHeaders | undefined;

  constructor(
    message: Message,
    sender: BaseRef | undefined,
    replyTo: ReplyTo | undefined,
  ) {
    this.message = message;
    this.sender = sender;
    this.replyTo = replyTo;
  }
}

/** Puts `headers` on an envelope, if there are any. */
export function addHeaders(
  envelope: Envelope,
  headers: MessageHeaders | undefined,
): Envelope {
  if (headers !== undefined) envelope.headers = headers;
  return envelope;
}

/** What a mailbox holds. A plain tell is the message itself: no envelope, no allocation. */
export type Mail = Message | Envelope;

/** The message in `mail`. */
export function messageOf(mail: Mail): Message {
  return mail instanceof Envelope ? mail.message : mail;
}

/** Who sent `mail`, when that is known. */
export function senderOf(mail: Mail): BaseRef | undefined {
  return mail instanceof Envelope ? mail.sender : undefined;
}

/** Who brought `mail`, when it came from another node. */
export function callerOf(mail: Mail): Caller | undefined {
  const message = messageOf(mail);
  return message instanceof ReceivedMessage ? message.caller : undefined;
}

/** Who awaits a reply to `mail`. */
export function replyToOf(mail: Mail): ReplyTo | undefined {
  return mail instanceof Envelope ? mail.replyTo : undefined;
}
