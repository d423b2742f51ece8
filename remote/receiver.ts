/**
 * From frames to mailboxes.
 * @module
 */

import type { Cell } from "../actor/cell.ts";
import { StoppedError } from "../actor/errors.ts";
import {
  Envelope,
  type Mail,
  type Message,
  MessageValue,
} from "../actor/message.ts";
import { Pid } from "../actor/pid.ts";
import type { MessageType, ProtocolData } from "../actor/protocol.ts";
import type { BaseRef } from "../actor/ref.ts";
import type { Runtime } from "../actor/runtime.ts";
import { foreignMail, PoisonPill } from "../actor/signals.ts";
import { FrameError } from "./errors.ts";
import { POISON_TYPE } from "./far_poison.ts";
import { failureOf } from "./failure.ts";
import type { IncomingMessage } from "./incoming.ts";
import { json } from "./json.ts";
import type { Link } from "./link.ts";
import type { CodecCache, MessageCodecs } from "./message_codecs.ts";
import { RemoteReply } from "./remote_reply.ts";
import { FrameKind } from "./wire/kinds.ts";
import { directCodec } from "./wire/payload.ts";
import type { DefinitionSlot } from "./wire/tables.ts";

/** What a receiver needs of its node. */
export interface ReceiverHost {
  /** What the actors of the node share. */
  readonly runtime: Runtime;
  /** The codecs of all protocols. */
  readonly codecs: CodecCache;
  /** Bytes of the largest payload. */
  readonly maxMessageBytes: number;
  /** The living actor at a path of this node. */
  find(path: string): Cell | undefined;
  /** A reference to whoever sent a message. */
  sender(pid: Pid): BaseRef;
}

/** What a type name means for one protocol. */
interface TypeMeaning {
  readonly protocol: ProtocolData;
  readonly message: MessageType;
  readonly codecs: MessageCodecs;
}

/** How the answer to a message without a codec is encoded. */
const FOREIGN: MessageCodecs = {
  input: directCodec(json()),
  output: directCodec(json()),
  errors: new Map(),
};

/** Gives messages of peers to the actors of this node. */
export class Receiver {
  readonly #host: ReceiverHost;
  readonly #maxBytes: number;

  constructor(host: ReceiverHost) {
    this.#host = host;
    this.#maxBytes = host.maxMessageBytes;
  }

  /** Takes a message off a link; whatever is wrong with it concerns that message only. */
  take(link: Link, incoming: IncomingMessage): void {
    const receiver = incoming.receiver as DefinitionSlot; // set by the link
    const type = incoming.type as DefinitionSlot; // set by the link
    let cell = receiver.cached as Cell | undefined; // set below only
    if (cell === undefined || cell.state === "stopped") {
      cell = this.#find(receiver.value);
      receiver.cached = cell;
      if (cell === undefined) return this.#missing(link, incoming);
    }
    if (incoming.end - incoming.start > this.#maxBytes) {
      const error = tooLarge(incoming, this.#maxBytes);
      return this.#undecodable(link, incoming, cell, error);
    }
    const meaning = this.#meaning(type, cell.protocol);
    if (meaning === undefined) {
      return this.#deliver(link, incoming, cell, foreign(incoming), FOREIGN);
    }
    let body: unknown;
    try {
      body = meaning.codecs.input.read(
        incoming.bytes,
        incoming.start,
        incoming.end,
      );
    } catch (error) {
      return this.#undecodable(link, incoming, cell, error);
    }
    const { protocol, message } = meaning;
    const value = new MessageValue(protocol, message.index, message.type, body);
    if (incoming.correlation === 0 && incoming.sender === undefined) {
      cell.deliver(value);
    } else this.#deliver(link, incoming, cell, value, meaning.codecs);
  }

  #deliver(
    link: Link,
    incoming: IncomingMessage,
    cell: Cell,
    message: Message,
    codecs: MessageCodecs,
  ): void {
    const { correlation, deadline } = incoming;
    const { type } = message;
    const replyTo = correlation === 0
      ? undefined
      : new RemoteReply(link, cell, correlation, deadline, type, codecs);
    cell.deliver(new Envelope(message, this.#sender(incoming.sender), replyTo));
  }

  #find(address: string): Cell | undefined {
    const hash = address.indexOf("#");
    const path = address.slice(1, hash < 0 ? undefined : hash);
    const cell = address.startsWith("/") ? this.#host.find(path) : undefined;
    if (cell === undefined || hash < 0) return cell;
    return address.slice(hash + 1) === cell.pid.incarnation ? cell : undefined;
  }

  #meaning(
    type: DefinitionSlot,
    protocol: ProtocolData,
  ): TypeMeaning | undefined {
    const cached = type.cached as TypeMeaning | undefined; // set below only
    if (cached?.protocol === protocol) return cached;
    const message = protocol.byType.get(type.value);
    if (message === undefined) return undefined;
    const codecs = this.#host.codecs.of(
      protocol,
    )[message.index] as MessageCodecs; // one for each message
    const meaning: TypeMeaning = { protocol, message, codecs };
    type.cached = meaning;
    return meaning;
  }

  #sender(slot: DefinitionSlot | undefined): BaseRef | undefined {
    if (slot === undefined) return undefined;
    if (slot.cached !== undefined) return slot.cached as BaseRef; // set below only
    let ref: BaseRef | undefined;
    try {
      ref = this.#host.sender(Pid.parse(slot.value));
    } catch {
      return undefined; // a sender that cannot be addressed is as good as none
    }
    slot.cached = ref;
    return ref;
  }

  #missing(link: Link, incoming: IncomingMessage): void {
    const { runtime } = this.#host;
    const { value } = incoming.receiver as DefinitionSlot; // set by the link
    const [path = "", incarnation = ""] = value.slice(1).split("#");
    const pid = new Pid({
      system: runtime.name,
      host: runtime.network?.host ?? "",
      port: runtime.network?.port ?? 0,
      path,
      incarnation,
    });
    const error = new StoppedError(
      pid,
      "deliver a message to",
      "there is no such actor",
    );
    this.#refuse(link, incoming, { pid }, "missing", error);
  }

  #undecodable(
    link: Link,
    incoming: IncomingMessage,
    cell: Cell,
    error: unknown,
  ): void {
    this.#refuse(link, incoming, cell, "not_decodable", error);
  }

  #refuse(
    link: Link,
    incoming: IncomingMessage,
    target: { pid: Pid },
    reason: "missing" | "not_decodable",
    error: unknown,
  ): void {
    const { correlation } = incoming;
    const { value } = incoming.type as DefinitionSlot; // set by the link
    const bytes = incoming.bytes.subarray(incoming.start, incoming.end);
    const mail: Mail = foreignMail({ typeName: value, bytes });
    this.#host.runtime.deadLetters.take(mail, target, reason, error);
    if (correlation !== 0) {
      link.outbound.frame({
        kind: FrameKind.FAILURE,
        correlation,
        failure: failureOf(error, "not_delivered"),
      });
    }
  }
}

/** The message that stands for one without a codec here, or for the end of its receiver. */
function foreign({ type, bytes, start, end }: IncomingMessage): Message {
  const { value } = type as DefinitionSlot; // set by the link
  if (value === POISON_TYPE) return PoisonPill;
  return foreignMail({ typeName: value, bytes: bytes.subarray(start, end) });
}

/** Of more than one part it is refused earlier; a single frame may come before the limits are known. */
function tooLarge(
  { start, end }: IncomingMessage,
  maxMessageBytes: number,
): FrameError {
  return new FrameError(
    "read a message",
    `it has ${end - start} bytes`,
    `at most ${maxMessageBytes} bytes were expected`,
  );
}
