/**
 * Requests of a lane that wait for their answers.
 * @module
 */

import type { Carrier } from "../actor/asks.ts";
import type { Addressee } from "../actor/dead_letters.ts";
import type { ReplyTo } from "../actor/message.ts";
import { errorOf } from "./failure.ts";
import type { DecodedFrame } from "./wire/fields.ts";
import { FrameKind } from "./wire/kinds.ts";
import type { DirectCodec } from "./wire/payload.ts";

const HIGHEST = 0xffff_ffff;

/** A request that waits for its answer. */
export class Request implements Carrier {
  readonly #requests: Requests;
  /** Pairs the request and its answer. */
  readonly correlation: number;
  readonly replyTo: ReplyTo;
  /** How a reply is decoded; none when the answer is the address in the frame. */
  readonly codec: DirectCodec<unknown> | undefined;
  readonly #what: string;
  readonly #target: Addressee | undefined;

  constructor(
    requests: Requests,
    correlation: number,
    replyTo: ReplyTo,
    codec: DirectCodec<unknown> | undefined,
    what: string,
    target: Addressee | undefined,
  ) {
    this.#requests = requests;
    this.correlation = correlation;
    this.replyTo = replyTo;
    this.codec = codec;
    this.#what = what;
    this.#target = target;
  }

  /** What is done, for errors. */
  get action(): string {
    return this.#target === undefined
      ? this.#what
      : `complete the ask of "${this.#what}" to "${this.#target.pid}"`;
  }

  abandon(): void {
    this.#requests.forget(this.correlation);
  }
}

/** The open requests of one lane by correlation. One goes with its answer, or when nobody waits for it. */
export class Requests {
  readonly #node: string;
  readonly #open: Map<number, Request> = new Map();
  #last = 0;
  #onEmpty: (() => void)[] = [];

  /** Takes the peer as `host:port`, for errors. */
  constructor(node: string) {
    this.#node = node;
  }

  /** How many wait. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Opens a request.
   *
   * @param replyTo Takes the answer.
   * @param codec How a reply is decoded; none when the answer is the address in the frame.
   * @param what The type of the message that is asked, or with no `target` what is done.
   * @param target Who is asked.
   */
  open(
    replyTo: ReplyTo,
    codec: DirectCodec<unknown> | undefined,
    what: string,
    target?: Addressee,
  ): Request {
    do this.#last = this.#last === HIGHEST ? 1 : this.#last + 1; while (
      this.#open.has(this.#last)
    );
    const request = new Request(this, this.#last, replyTo, codec, what, target);
    this.#open.set(this.#last, request);
    return request;
  }

  /** Forgets a request: nobody waits for it, or it was not sent. */
  forget(correlation: number): void {
    if (this.#open.delete(correlation)) this.#settle();
  }

  /** Gives an answer to whom it is for; one that nobody waits for any more is ignored. */
  answer(frame: DecodedFrame): void {
    const request = this.#open.get(frame.correlation);
    if (request === undefined) return;
    this.forget(frame.correlation);
    const { replyTo, codec } = request;
    if (frame.kind === FrameKind.FAILURE) {
      replyTo.fail(errorOf(this.#node, request.action, frame.failure));
    } else if (codec === undefined) replyTo.succeed(frame.address);
    else {deliver(
        replyTo,
        codec,
        frame.buffer,
        frame.payloadStart,
        frame.payloadEnd,
      );}
  }

  /** Gives a reply that came in parts to whom it is for. */
  answerWhole(correlation: number, payload: Uint8Array): void {
    const request = this.#open.get(correlation);
    if (request?.codec === undefined) return;
    this.forget(correlation);
    deliver(request.replyTo, request.codec, payload, 0, payload.length);
  }

  /** Fails all that wait. */
  close(error: (request: Request) => unknown): void {
    for (const request of [...this.#open.values()]) {
      request.replyTo.fail(error(request));
    }
    this.#open.clear();
    this.#settle();
  }

  /** Resolves when nothing waits. */
  drained(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  #settle(): void {
    if (this.#open.size > 0 || this.#onEmpty.length === 0) return;
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  }
}

function deliver(
  replyTo: ReplyTo,
  codec: DirectCodec<unknown>,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  let reply: unknown;
  try {
    reply = codec.read(bytes, start, end);
  } catch (error) {
    return replyTo.fail(error);
  }
  replyTo.succeed(reply);
}
