/**
 * From frames to mailboxes.
 * @module
 */

import type { Cell } from "../../actor/cell/cell.ts";
import { StoppedError } from "../../actor/errors.ts";
import {
  addHeaders,
  broughtBy,
  Envelope,
  type Mail,
  type Message,
  ReceivedMessage,
} from "../../actor/protocol/message.ts";
import type { Caller } from "../../actor/protocol/caller.ts";
import { Pid } from "../../actor/reference/pid.ts";
import type {
  MessageType,
  ProtocolData,
} from "../../actor/protocol/protocol.ts";
import type { BaseRef } from "../../actor/reference/ref.ts";
import type { Runtime } from "../../actor/system/runtime.ts";
import { foreignMail, PoisonPill } from "../../actor/cell/signals.ts";
import type { Access, PeerRequest } from "./access.ts";
import { DeniedError, FrameError, OverloadedError } from "../errors.ts";
import { POISON_TYPE } from "../far_poison.ts";
import { failureOf } from "../failure.ts";
import { extractHeaders } from "../headers.ts";
import type { PeerIdentity } from "../handshake/identity.ts";
import type { IncomingMessage } from "../link/incoming.ts";
import { json } from "../codec/json.ts";
import type { Link } from "../link/link.ts";
import type { CodecCache, MessageCodecs } from "../codec/message_codecs.ts";
import { RemoteReply } from "../link/remote_reply.ts";
import { FrameKind } from "../wire/kinds.ts";
import { directCodec } from "../wire/payload.ts";
import type { DefinitionSlot } from "../wire/tables.ts";

/** What a receiver needs of its node. */
export interface ReceiverHost {
  /** What the actors of the node share. */
  readonly runtime: Runtime;
  /** The codecs of all protocols. */
  readonly codecs: CodecCache;
  /** What peers may do. */
  readonly access: Access;
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

/** A peer of whom nothing is known, which does not happen, may do nothing. */
const UNKNOWN: PeerIdentity = {
  proof: "none",
  role: "observer",
  system: "",
  node: "",
};

const STOP: PeerRequest = { action: "stop", type: "", body: undefined };

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
    const { identity: caller = UNKNOWN } = link;
    // Who is asked no questions is `undefined` here.
    const identity = this.#host.access.isFree(caller) ? undefined : caller;
    if (
      identity !== undefined && incoming.compression === undefined &&
      this.#isKeptOut(link, incoming, identity)
    ) return;
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
      const message = foreign(incoming, caller);
      if (
        identity !== undefined &&
        this.#isDenied(link, incoming, cell, message, identity)
      ) return;
      return this.#deliver(link, incoming, cell, message, FOREIGN);
    }
    if (incoming.correlation !== 0 && link.asks.isFull) {
      return this.#tooMany(link, incoming, cell);
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
    const { index, type: name } = message;
    const value = new ReceivedMessage(protocol, index, name, body, caller);
    if (
      identity !== undefined &&
      this.#isDenied(link, incoming, cell, value, identity)
    ) return;
    const { correlation, sender, headers } = incoming;
    if (correlation === 0 && sender === undefined && headers.length === 0) {
      cell.deliver(value);
    } else this.#deliver(link, incoming, cell, value, meaning.codecs);
  }

  /** Asked before {@linkcode Receiver.take}, and in place of its first question, about what is compressed. */
  refuses(link: Link, incoming: IncomingMessage): boolean {
    const { identity = UNKNOWN } = link;
    return !this.#host.access.isFree(identity) &&
      this.#isKeptOut(link, incoming, identity);
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
    const sender = this.#sender(link, incoming.sender);
    const headers = incoming.headers.length === 0
      ? undefined
      : extractHeaders(this.#host.runtime, incoming.headers);
    cell.deliver(addHeaders(new Envelope(message, sender, replyTo), headers));
  }

  /** Refuses what the peer may not send to that address, whatever is there. */
  #isKeptOut(
    link: Link,
    incoming: IncomingMessage,
    identity: PeerIdentity,
  ): boolean {
    const { value: type } = incoming.type as DefinitionSlot; // set by the link
    const pid = this.#pidOf(incoming);
    const action = type === POISON_TYPE ? "stop" : actionOf(incoming);
    const error = this.#host.access.enter(
      identity,
      action,
      pid,
      incoming.size,
    );
    if (error === undefined) return false;
    const reason = error instanceof DeniedError ? "denied" : "overloaded";
    this.#refuse(link, incoming, { pid }, reason, error);
    return true;
  }

  /** Refuses what the user does not want the peer to send. */
  #isDenied(
    link: Link,
    incoming: IncomingMessage,
    cell: Cell,
    message: Message,
    identity: PeerIdentity,
  ): boolean {
    const { access } = this.#host;
    const error = message === PoisonPill
      ? access.judge(identity, cell.pid, STOP)
      : access.judgeMessage(identity, actionOf(incoming), cell.pid, message);
    if (error === undefined) return false;
    this.#refuse(link, incoming, cell, "denied", error);
    return true;
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

  /** A node may hand on what another has sent; a client has no actors that could be told anything. */
  #sender(link: Link, slot: DefinitionSlot | undefined): BaseRef | undefined {
    if (slot === undefined || link.identity?.role !== "node") return undefined;
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

  #tooMany(link: Link, incoming: IncomingMessage, cell: Cell): void {
    const { value } = incoming.type as DefinitionSlot; // set by the link
    const error = new OverloadedError(
      link.node,
      `answer "${value}" to the asker`,
      `${link.asks.size} of its asks have no answer`,
      "fewer were expected",
    );
    this.#refuse(link, incoming, cell, "overloaded", error);
  }

  #missing(link: Link, incoming: IncomingMessage): void {
    const pid = this.#pidOf(incoming);
    const error = new StoppedError(
      pid,
      "deliver a message to",
      "there is no such actor",
    );
    this.#refuse(link, incoming, { pid }, "missing", error);
  }

  #pidOf(incoming: IncomingMessage): Pid {
    const { runtime } = this.#host;
    const { value } = incoming.receiver as DefinitionSlot; // set by the link
    const [path = "", incarnation = ""] = value.slice(1).split("#");
    return new Pid({
      system: runtime.name,
      host: runtime.network?.host ?? "",
      port: runtime.network?.port ?? 0,
      path,
      incarnation,
    });
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
    reason: "missing" | "not_decodable" | "denied" | "overloaded",
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

function actionOf({ correlation }: IncomingMessage): "tell" | "ask" {
  return correlation === 0 ? "tell" : "ask";
}

/** The message that stands for one without a codec here, or for the end of its receiver. */
function foreign(
  { type, bytes, start, end }: IncomingMessage,
  caller: Caller,
): Message {
  const { value } = type as DefinitionSlot; // set by the link
  if (value === POISON_TYPE) return PoisonPill;
  const found = { typeName: value, bytes: bytes.subarray(start, end) };
  return broughtBy(foreignMail(found), caller);
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
