/**
 * One ask of an actor of a GoAkt peer: the request, what waits for its answer, and what reads that, in one object.
 * @module
 */

import { AskTimeoutError } from "../../../actor/errors.ts";
import {
  type Carrier,
  type Mail,
  messageOf,
  type ReplyTo,
} from "../../../actor/protocol/message.ts";
import type { Pid } from "../../../actor/reference/pid.ts";
import { CodecError, RemoteError } from "../../errors.ts";
import {
  RemoteAskRequestSchema,
  RemoteAskResponseSchema,
} from "../gen/internalpb/remoting_pb.ts";
import { decodeMessage } from "../messages.ts";
import type { NamedCodec } from "../named_codec.ts";
import { fromAny } from "../payload.ts";
import type { Endpoint } from "./endpoint.ts";
import { answerBytes } from "./message_bytes.ts";
import { SentRequest } from "./request.ts";

const NAMES = {
  request: RemoteAskRequestSchema.typeName,
  response: RemoteAskResponseSchema.typeName,
};

/** Who is asked. */
export interface AskTarget {
  /** The address. */
  readonly pid: Pid;
  /** Takes an ask to which there will be no answer: its node was not reached, or lost. */
  lost(mail: Mail, error: unknown, endpoint: Endpoint): void;
}

/** What an {@linkcode GoaktAsk} is about. */
export interface GoaktAskParts {
  /** Who is asked. */
  readonly target: AskTarget;
  /** What is asked. */
  readonly mail: Mail;
  /** Who waits. */
  readonly replyTo: ReplyTo;
  /** Reads the reply. */
  readonly codec: NamedCodec;
  /** How long the peer takes at most, in milliseconds. */
  readonly timeout: number;
}

/** Settles who waits for the reply; told by it when nobody does any more. */
export class GoaktAsk extends SentRequest implements Carrier {
  readonly #endpoint: Endpoint;
  readonly #parts: GoaktAskParts;
  readonly #since: number;

  /** `now` is on the clock of the node. The connection is given up somewhat later than the peer ought to answer. */
  constructor(
    endpoint: Endpoint,
    frame: Uint8Array,
    now: number,
    parts: GoaktAskParts,
  ) {
    const patience = parts.timeout + endpoint.answerTimeout;
    super(endpoint.target, NAMES, frame, now, patience);
    this.#endpoint = endpoint;
    this.#parts = parts;
    this.#since = now;
  }

  abandon(_ask: ReplyTo, reason: unknown): void {
    this.#endpoint.meter?.failed(reason);
    this.giveUp();
  }

  protected get action(): string {
    const { mail, target } = this.#parts;
    return `complete the ask of "${messageOf(mail).type}" to "${target.pid}"`;
  }

  /** The bytes of the reply, or the error that there is in their place. */
  protected read(body: Uint8Array): Uint8Array | CodecError {
    const { codec } = this.#parts;
    const bytes = answerBytes(body, codec.typeName);
    if (bytes !== undefined) return bytes;
    const { messages } = decodeMessage(RemoteAskResponseSchema, body);
    const payload = fromAny(messages[0]);
    if (payload.typeName === codec.typeName && messages.length === 1) {
      return payload.bytes;
    }
    const found = messages.length === 1
      ? `a "${payload.typeName}"`
      : `${messages.length} replies`;
    const wanted = `a "${codec.typeName}" was expected`;
    const outcome = "done";
    return new CodecError("decode", codec.format, "$", found, wanted, {
      outcome,
    });
  }

  protected succeed(answer: unknown): void {
    const { mail, replyTo, codec } = this.#parts;
    const { meter } = this.#endpoint;
    meter?.answered(messageOf(mail).protocol.name, this.#since);
    if (answer instanceof CodecError) return replyTo.fail(answer);
    let reply: unknown;
    try {
      reply = codec.decode(answer as Uint8Array); // what `read` has returned
    } catch (error) {
      return replyTo.fail(error);
    }
    replyTo.succeed(reply);
  }

  protected failed(error: unknown): void {
    const { target, mail, replyTo, timeout } = this.#parts;
    if (!(error instanceof RemoteError)) {
      return target.lost(mail, error, this.#endpoint);
    }
    const isLate = error.remoteCode === "ask_timeout_error";
    const { type } = messageOf(mail);
    const failure = isLate
      ? new AskTimeoutError(target.pid, type, Math.round(timeout))
      : error;
    this.#endpoint.meter?.failed(failure);
    replyTo.fail(failure);
  }
}
