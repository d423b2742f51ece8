/**
 * Requests of a lane that wait for their answers.
 * @module
 */

import { type Carrier, PendingAsk } from "../../actor/asks/asks.ts";
import type { Addressee } from "../../actor/events/dead_letters.ts";
import type { ReplyTo } from "../../actor/protocol/message.ts";
import { MOST_ASKS } from "./caps.ts";
import { FrameError } from "../errors.ts";
import { errorOf, rejectOf } from "../failure.ts";
import { decodeReply, type MessageCodecs } from "../codec/message_codecs.ts";
import type { LinkMeter } from "../metrics/meter.ts";
import type { DecodedFrame, Failure } from "../wire/fields.ts";
import { FrameKind } from "../wire/kinds.ts";
import type { DirectCodec } from "../wire/payload.ts";

const HIGHEST = 0xffff_ffff;

/** A request that waits for its answer. */
export class Request implements Carrier {
  readonly #requests: Requests;
  /** Pairs the request and its answer. */
  readonly correlation: number;
  readonly replyTo: ReplyTo;
  /** How an answer is decoded; none when it is the address in the frame. */
  readonly codecs: MessageCodecs | undefined;
  /** The kind of frame that answers it, besides a failure. */
  readonly answerKind: number;
  /** The protocol of who is asked, and when; kept in a node with metrics only. */
  protocol = "";
  since = 0;
  /** How many messages of the lane there were with it; 0 while it waits, and for what is no message. */
  position = 0;
  readonly #what: string;
  readonly #target: Addressee | undefined;

  constructor(
    requests: Requests,
    correlation: number,
    replyTo: ReplyTo,
    codecs: MessageCodecs | undefined,
    answerKind: number,
    what: string,
    target: Addressee | undefined,
  ) {
    this.#requests = requests;
    this.correlation = correlation;
    this.replyTo = replyTo;
    this.codecs = codecs;
    this.answerKind = answerKind;
    this.#what = what;
    this.#target = target;
  }

  /** The type of the message, of a request for the reply of an actor. */
  get type(): string {
    return this.#what;
  }

  /** What is done, for errors. */
  get action(): string {
    return this.#target === undefined
      ? this.#what
      : `complete the ask of "${this.#what}" to "${this.#target.pid}"`;
  }

  /** Nobody waits any more, because of `reason`. */
  abandon(_ask: ReplyTo, reason: unknown): void {
    this.#requests.abandon(this.correlation, reason);
  }

  /** Whether it is a message for an actor. */
  get isAsk(): boolean {
    return this.codecs !== undefined;
  }

  /** Takes it back: it was not sent. */
  discard(): void {
    this.#requests.forget(this.correlation);
  }
}

/** The open requests of one lane by correlation. One goes with its answer, or when nobody waits for it. */
export class Requests {
  readonly #node: string;
  readonly #cancel: (correlation: number) => void;
  readonly #meter: LinkMeter | undefined;
  readonly #open: Map<number, Request> = new Map();
  #last = 0;
  #onEmpty: (() => void)[] = [];

  /**
   * Takes the peer as `host:port`, for errors, what tells it that nobody waits for an answer, and what counts
   * in a node with metrics.
   */
  constructor(
    node: string,
    cancel: (correlation: number) => void,
    meter?: LinkMeter,
  ) {
    this.#node = node;
    this.#cancel = cancel;
    this.#meter = meter;
  }

  /** Whether there is no room for another one. */
  get isFull(): boolean {
    return this.#open.size >= MOST_ASKS;
  }

  /** How many wait. */
  get size(): number {
    return this.#open.size;
  }

  /** Another number after each request. */
  get newest(): number {
    return this.#last;
  }

  /**
   * Opens a request for the reply of an actor.
   *
   * @param replyTo Takes the answer.
   * @param codecs How the answer is decoded.
   * @param type The type of the message.
   * @param target Who is asked.
   */
  open(
    replyTo: ReplyTo,
    codecs: MessageCodecs,
    type: string,
    target: Addressee,
  ): Request {
    return this.#add(replyTo, codecs, FrameKind.REPLY, type, target);
  }

  /**
   * Opens a request that the peer itself answers, with an address.
   *
   * @param replyTo Takes the answer.
   * @param answerKind The kind of frame that answers it.
   * @param action What is done, for errors.
   */
  openControl(replyTo: ReplyTo, answerKind: number, action: string): Request {
    return this.#add(replyTo, undefined, answerKind, action, undefined);
  }

  /** Forgets a request: nobody waits for it, or it was not sent. */
  forget(correlation: number): void {
    if (this.#open.delete(correlation)) this.#settle();
  }

  /** Forgets a request that was sent, and lets the peer know that nobody waits, because of `reason`. */
  abandon(correlation: number, reason: unknown): void {
    if (!this.#open.has(correlation)) return;
    this.#meter?.failed(reason);
    this.forget(correlation);
    this.#cancel(correlation);
  }

  /**
   * Gives an answer to whom it is for; one that nobody waits for any more is ignored.
   *
   * @throws {FrameError} When it answers something else.
   */
  answer(frame: DecodedFrame): void {
    const { kind, correlation } = frame;
    const request = this.#open.get(correlation);
    if (request === undefined) return this.#meter?.late();
    const { replyTo, codecs } = request;
    if (kind === FrameKind.FAILURE) {
      this.forget(correlation);
      return this.#fail(request, this.#errorOf(request, frame.failure));
    }
    if (kind !== request.answerKind) throw wrongAnswer(request, kind);
    this.forget(correlation);
    if (codecs === undefined) return replyTo.succeed(answerOf(frame));
    const { buffer, payloadStart, payloadEnd } = frame;
    this.#deliver(request, codecs.output, buffer, payloadStart, payloadEnd);
  }

  /** Gives a reply that came in parts to whom it is for. */
  answerWhole(correlation: number, payload: Uint8Array): void {
    const request = this.#open.get(correlation);
    if (request === undefined) return this.#meter?.late();
    const { codecs } = request;
    if (codecs === undefined) throw wrongAnswer(request, FrameKind.REPLY);
    this.forget(correlation);
    this.#deliver(request, codecs.output, payload, 0, payload.length);
  }

  /** Forgets the requests for replies of actors: their messages are sent another way. */
  leaveAsks(): void {
    for (const [correlation, { codecs }] of [...this.#open]) {
      if (codecs !== undefined) this.forget(correlation);
    }
  }

  /** Fails all that wait. */
  close(error: (request: Request) => unknown): void {
    for (const request of [...this.#open.values()]) {
      const { replyTo } = request;
      // Messages that were lost have failed their asks already.
      if (replyTo instanceof PendingAsk && !replyTo.isOpen) continue;
      this.#fail(request, error(request));
    }
    this.#open.clear();
    this.#settle();
  }

  /** Resolves when nothing waits. */
  drained(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  #errorOf(
    { action, type, codecs }: Request,
    failure: Failure | undefined,
  ): unknown {
    try {
      const reject = codecs && rejectOf(failure, type, codecs);
      if (reject !== undefined) return reject;
    } catch (error) {
      return error; // the data of the declared error cannot be decoded
    }
    return errorOf(this.#node, action, failure);
  }

  #add(
    replyTo: ReplyTo,
    codecs: MessageCodecs | undefined,
    answerKind: number,
    what: string,
    target: Addressee | undefined,
  ): Request {
    do {
      this.#last = this.#last === HIGHEST ? 1 : this.#last + 1;
    } while (this.#open.has(this.#last));
    const request = new Request(
      this,
      this.#last,
      replyTo,
      codecs,
      answerKind,
      what,
      target,
    );
    this.#open.set(this.#last, request);
    return request;
  }

  #deliver(
    request: Request,
    codec: DirectCodec<unknown>,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    let reply: unknown;
    try {
      reply = decodeReply(codec, bytes, start, end);
    } catch (error) {
      return this.#fail(request, error);
    }
    this.#meter?.answered(request.protocol, request.since);
    request.replyTo.succeed(reply);
  }

  #fail({ replyTo }: Request, error: unknown): void {
    this.#meter?.failed(error);
    replyTo.fail(error);
  }

  #settle(): void {
    if (this.#open.size > 0 || this.#onEmpty.length === 0) return;
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  }
}

const decoder = new TextDecoder();

/** What answers a request that is not a message: the state of an actor, or its address. */
function answerOf(frame: DecodedFrame): string {
  if (frame.kind !== FrameKind.STATE_REPLY) return frame.address;
  return decoder.decode(frame.payload().subarray(0, 64));
}

function wrongAnswer(
  { action, answerKind }: Request,
  kind: number,
): FrameError {
  return new FrameError(
    action,
    `the answer is of kind ${kind}`,
    `kind ${answerKind} was expected`,
  );
}
