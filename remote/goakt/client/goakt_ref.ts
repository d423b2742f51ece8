/**
 * References to actors of GoAkt peers.
 * @module
 */

import { type AskRegistry, PendingAsk } from "../../../actor/asks/asks.ts";
import type { ActorError } from "../../../actor/errors.ts";
import {
  Envelope,
  type Mail,
  type Message,
  type ReplyTo,
} from "../../../actor/protocol/message.ts";
import type { DeadLetterReason } from "../../../actor/events/events.ts";
import type { Pid } from "../../../actor/reference/pid.ts";
import { headersOf } from "../../../actor/propagation/propagation.ts";
import type {
  MessageType,
  ProtocolData,
} from "../../../actor/protocol/protocol.ts";
import {
  BaseRef,
  READY,
  type Watcher,
  wrongProtocol,
} from "../../../actor/reference/ref.ts";
import type { Runtime } from "../../../actor/system/runtime.ts";
import { PoisonPill } from "../../../actor/cell/signals.ts";
import {
  CodecError,
  FrameError,
  OverloadedError,
  RemoteError,
} from "../../errors.ts";
import { FAR_POISON } from "../../far_poison.ts";
import { UNKNOWN_PROTOCOL } from "../../remote_ref.ts";
import { formatAddress } from "../../transport/transport.ts";
import { unwatchable } from "../../watch/unwatchable.ts";
import { formatGoaktAddress } from "../address.ts";
import { PoisonPillSchema } from "../gen/goaktpb/goakt_pb.ts";
import { formatName, type NamedCodec, namedCodec } from "../named_codec.ts";
import type { Payload } from "../payload.ts";
import { type AskTarget, GoaktAsk } from "./ask.ts";
import { AskFrames } from "./ask_frame.ts";
import type { Endpoint } from "./endpoint.ts";
import { messageBytes } from "./message_bytes.ts";

/** What a reference needs of its node. */
export interface GoaktRefHost {
  /** What the actors of the node share. */
  readonly runtime: Runtime;
  /** The peer at a place, which is `node` as `host:port`; `undefined` when this node sends no more. */
  endpoint(
    place: { host: string; port: number },
    node?: string,
  ): Endpoint | undefined;
  /** The error for what is asked of this node when it sends no more. */
  ended(place: { host: string; port: number }, action: string): ActorError;
  /** Waits until the actor at `pid` is there. */
  confirm(pid: Pid): Promise<void>;
  /** An address that a peer can answer to, or the one that stands for nobody. */
  senderOf(pid: Pid | undefined): string;
}

/** Bytes that addresses and framing take besides the payload, about. */
const OVERHEAD = 64;
/** The longest time that a request says, in milliseconds: an ask without an end. */
const LONGEST = 0x7fffffff;

/** A reference to an actor of a GoAkt peer, which takes messages that are protobuf. */
export class GoaktRef extends BaseRef implements AskTarget {
  readonly pid: Pid;
  readonly protocol: ProtocolData;
  readonly #host: GoaktRefHost;
  readonly #address: string;
  readonly #node: string;
  readonly #askFrames: AskFrames;

  constructor(host: GoaktRefHost, pid: Pid, protocol: ProtocolData) {
    super();
    this.#host = host;
    this.pid = pid;
    this.protocol = protocol;
    this.#address = formatGoaktAddress(pid);
    this.#askFrames = new AskFrames(this.#address);
    this.#node = formatAddress(pid.host, pid.port);
  }

  get isLocal(): boolean {
    return false;
  }

  get asks(): AskRegistry {
    return this.#host.runtime.asks;
  }

  deliver(mail: Mail): boolean {
    return this.#take(mail, "new");
  }

  /** Takes mail that was accepted already, for a link that the peer does not have: there is room for it. */
  inherit(mail: Mail): void {
    const replyTo = mail instanceof Envelope ? mail.replyTo : undefined;
    const isOver = replyTo instanceof PendingAsk && !replyTo.isOpen;
    if (!isOver) this.#take(mail, "accepted");
  }

  #take(mail: Mail, state: "new" | "accepted"): boolean {
    const isEnvelope = mail instanceof Envelope;
    const message = isEnvelope ? mail.message : mail;
    const replyTo = isEnvelope ? mail.replyTo : undefined;
    const { protocol, type } = message;
    const isPoison = type === PoisonPill.type || message === FAR_POISON;
    if (
      !isPoison && protocol !== this.protocol &&
      this.protocol !== UNKNOWN_PROTOCOL
    ) throw wrongProtocol(type, protocol, this);
    const endpoint = this.#host.endpoint(this.pid, this.#node);
    if (endpoint === undefined) {
      const action = `deliver a message to "${this.pid}" on`;
      const error = this.#host.ended(this.pid, action);
      return this.#refuse(mail, "disconnected", error);
    }
    try {
      const payload = isPoison ? POISON : encode(message);
      const from = isEnvelope ? mail.sender?.pid : undefined;
      const sender = this.#host.senderOf(from);
      return replyTo === undefined
        ? this.#tell(endpoint, mail, sender, payload, state)
        : this.#ask(endpoint, mail, replyTo, sender, payload, state);
    } catch (error) {
      return this.#refuse(mail, "not_encodable", error, endpoint);
    }
  }

  started(): Promise<void> {
    return this.#host.confirm(this.pid);
  }

  ready(): Promise<void> {
    const endpoint = this.#host.endpoint(this.pid, this.#node);
    if (endpoint !== undefined) return endpoint.ready() ?? READY;
    const action = `wait for room on the way to "${this.pid}" on`;
    return Promise.reject(this.#host.ended(this.pid, action));
  }

  watch(watcher: Watcher): void {
    const { pid } = this;
    const error = unwatchable(pid);
    watcher.terminated({ pid, reason: "node_down", error }, this);
  }

  unwatch(): void {
    // There was nothing to end: the watch was answered when it began.
  }

  lost(mail: Mail, error: unknown, endpoint: Endpoint): void {
    this.#refuse(mail, reasonOf(error), error, endpoint);
  }

  override toString(): string {
    return this.pid.toString();
  }

  #tell(
    endpoint: Endpoint,
    mail: Mail,
    sender: string,
    payload: Payload,
    state: "new" | "accepted",
  ): boolean {
    const { typeName, bytes } = payload;
    const message = messageBytes(sender, this.#address, payload);
    const size = bytes.length + typeName.length + this.#address.length +
      OVERHEAD;
    const lost = (error: unknown) => this.lost(mail, error, endpoint);
    const headers = headersOf(mail);
    if (
      endpoint.tell(
        { receiver: this.#address, bytes: message, headers, size, lost },
        state,
      )
    ) return true;
    const action = `deliver a message to "${this.pid}"`;
    const error = new OverloadedError(this.#node, action);
    return this.#refuse(mail, "overloaded", error, endpoint);
  }

  #ask(
    endpoint: Endpoint,
    mail: Mail,
    replyTo: ReplyTo,
    sender: string,
    payload: Payload,
    state: "new" | "accepted",
  ): boolean {
    const message = mail instanceof Envelope ? mail.message : mail;
    const codec = replyCodec(message);
    const { deadline } = replyTo;
    // A new ask of a far reference begins in this moment; one of a router, which is here, may have waited there.
    const isNow = state === "new" && mail instanceof PendingAsk &&
      !mail.target.isLocal && deadline < Infinity;
    const now = isNow
      ? deadline - mail.timeout
      : this.#host.runtime.clock.now();
    const left = isNow ? mail.timeout : deadline - now;
    const timeout = Math.max(1, Math.min(left, LONGEST));
    const { limit, slab } = endpoint.target;
    const headers = headersOf(mail);
    const options = { limit, slab, headers };
    const frame = this.#askFrames.make(sender, payload, timeout, options);
    const parts = { target: this, mail, replyTo, codec, timeout };
    const ask = new GoaktAsk(endpoint, frame, now, parts);
    endpoint.send(this.#address, ask);
    replyTo.carrier = ask;
    return true;
  }

  #refuse(
    mail: Mail,
    reason: DeadLetterReason,
    error: unknown,
    endpoint?: Endpoint,
  ): false {
    endpoint?.meter?.failed(error);
    this.#host.runtime.deadLetters.take(mail, this, reason, error);
    return false;
  }
}

const POISON: Payload = {
  typeName: PoisonPillSchema.typeName,
  bytes: new Uint8Array(),
};

/** @throws {CodecError} When the message is not protobuf, which is all that GoAkt nodes read. */
function encode(message: Message): Payload {
  const { input } = typeOf(message);
  const codec = namedCodec(input);
  if (codec === undefined) throw unreadable("message", message.type, input);
  return { typeName: codec.typeName, bytes: codec.encode(message.body) };
}

/** @throws {CodecError} When the reply is not protobuf: nothing can be asked of a GoAkt node then. */
function replyCodec(message: Message): NamedCodec {
  const { output } = typeOf(message);
  const codec = namedCodec(output);
  if (codec === undefined) {
    throw unreadable("reply to", message.type, output);
  }
  return codec;
}

function typeOf({ protocol, index }: Message): MessageType {
  return protocol.messages[index] as MessageType; // made by the protocol
}

function unreadable(
  what: string,
  type: string,
  format: MessageType["input"],
): CodecError {
  return new CodecError(
    "encode",
    formatName(format),
    "$",
    `the ${what} "${type}" for a GoAkt node`,
    "a protobuf format was expected, see protobuf()",
  );
}

/** Why a message that was taken is a dead letter. */
function reasonOf(error: unknown): DeadLetterReason {
  if (error instanceof OverloadedError) return "overloaded";
  if (error instanceof FrameError) return "not_encodable"; // it is too large
  if (error instanceof RemoteError && error.outcome === "not_delivered") {
    if (error.remoteCode === "stopped_error") return "missing";
    if (error.remoteCode === "codec_error") return "not_decodable";
  }
  const outcome = error instanceof Error && "outcome" in error
    ? error.outcome
    : "unknown";
  return outcome === "not_delivered" ? "disconnected" : "unknown";
}
