/**
 * One request to a GoAkt peer, over a connection of its own.
 * @module
 */

import {
  create,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { Clock } from "../../../internal/clock.ts";
import type { Slab } from "../../../internal/slab.ts";
import { FrameError } from "../../errors.ts";
import type { ParsedFrame } from "../../frame.ts";
import type { LinkMeter } from "../../metrics/meter.ts";
import { ErrorSchema } from "../gen/internalpb/error_pb.ts";
import { decodeMessage, encodeBody } from "../messages.ts";
import type { Exchange, Pending } from "./exchange.ts";
import { NotSentError, reportedError } from "./failures.ts";
import type { Pool, Waiter } from "./pool.ts";

/** A request with the message that answers it. */
export interface RequestOptions<
  Req extends DescMessage,
  Res extends DescMessage,
> {
  /** The request. */
  request: Req;
  /** Its fields. */
  fields: MessageInitShape<Req>;
  /** The answer. */
  response: Res;
  /** What is done, for errors. */
  action: string;
  /** How long the answer may take, in milliseconds, the wait for a connection included. */
  timeout: number;
  /** Whether it is to find out what the peer is. */
  isProbe: boolean;
}

/** Where a request goes. */
export interface RequestTarget {
  /** Its connections. */
  readonly pool: Pool;
  /** The peer as `host:port`. */
  readonly node: string;
  /** The source of time. */
  readonly clock: Clock;
  /** Bytes of the largest frame. */
  readonly limit: number;
  /** Where the bytes of small requests are taken from. */
  readonly slab: Slab;
  /** Counts, in a node with metrics. */
  readonly meter?: LinkMeter | undefined;
}

/** Takes the outcome of a request. */
export interface RequestOutcome<Res extends DescMessage> {
  /** The answer. */
  succeed(message: MessageShape<Res>): void;
  /** Why there is none. */
  fail(error: unknown): void;
}

/**
 * A request that is made once its answer is wanted: {@linkcode SentRequest.start} sends it, and one of
 * {@linkcode SentRequest.succeed} and {@linkcode SentRequest.fail} is called once.
 */
export abstract class SentRequest implements Pending, Waiter {
  readonly name: string;
  /** What is left of the time once there is a connection. */
  timeout: number;
  due: number;
  readonly #target: RequestTarget;
  readonly #response: string;
  readonly #frame: Uint8Array;
  readonly #begun: number;
  #exchange: Exchange | undefined = undefined;
  #state: "starting" | "wanted" | "given_up" = "wanted";

  /**
   * @param names Of the request and its answer.
   * @param now On the clock of the target.
   * @param timeout How long the answer may take, in milliseconds, the wait for a connection included.
   */
  constructor(
    target: RequestTarget,
    names: { readonly request: string; readonly response: string },
    frame: Uint8Array,
    now: number,
    timeout: number,
  ) {
    this.name = names.request;
    this.#response = names.response;
    this.#target = target;
    this.#frame = frame;
    this.#begun = now;
    this.timeout = timeout;
    this.due = now + timeout;
  }

  /** Reads the body of the answer, which is then what `succeed` is called with. */
  protected abstract read(body: Uint8Array): unknown;
  /** Takes the answer. */
  protected abstract succeed(answer: unknown): void;
  /** Takes the reason why there is none. */
  protected abstract failed(error: unknown): void;
  /** What is done, for errors. */
  protected abstract get action(): string;

  get isGone(): boolean {
    return this.#state === "given_up";
  }

  /** Sends it, in the same moment in which it was made. */
  start(): void {
    this.#state = "starting";
    this.#target.pool.acquire(this);
    if (this.#state === "starting") this.#state = "wanted";
  }

  /** Sends it later, unless it was given up. */
  startLater(): void {
    if (!this.isGone) this.#target.pool.acquire(this);
  }

  /** Nothing is sent when it waits for a connection, and the answer is ignored. */
  giveUp(): void {
    this.#state = "given_up";
  }

  take(exchange: Exchange): void {
    this.#exchange = exchange;
    let now = this.#begun;
    if (this.#state !== "starting") {
      now = this.#target.clock.now();
      this.timeout = Math.max(1, this.due - now);
      this.due = now + this.timeout;
    }
    exchange.send(this.#frame, this, "alone");
  }

  fail(error: unknown): void {
    if (!this.isGone) this.failed(error);
  }

  answered({ name, body }: ParsedFrame): void {
    const exchange = this.#exchange;
    if (name === this.#response) {
      const answer = this.read(body);
      if (exchange !== undefined) this.#target.pool.release(exchange);
      if (!this.isGone) this.succeed(answer);
    } else if (name === ErrorSchema.typeName) {
      const answer = decodeMessage(ErrorSchema, body);
      if (exchange !== undefined) this.#target.pool.release(exchange);
      this.fail(reportedError(this.#target.node, this.action, answer));
    } else throw wrongAnswer(this.name, name, this.#response);
  }

  lost(error: unknown, sent: boolean): void {
    this.fail(sent ? error : new NotSentError(this.name, error));
  }
}

/**
 * Sends a request; one of the methods of `outcome` is called once.
 *
 * @returns The request, which can be given up.
 * @throws {FrameError} When it would be larger than the limit.
 */
export function sendRequest<Req extends DescMessage, Res extends DescMessage>(
  target: RequestTarget,
  options: RequestOptions<Req, Res>,
  outcome: RequestOutcome<Res>,
): SentRequest {
  const { request, fields } = options;
  const body = toBinary(request, create(request, fields));
  const frame = encodeBody(request.typeName, body, { limit: target.limit });
  const sent = new Call(target, options, outcome, frame);
  sent.start();
  return sent;
}

class Call<Req extends DescMessage, Res extends DescMessage>
  extends SentRequest {
  readonly action: string;
  readonly isProbe: boolean;
  readonly #response: Res;
  readonly #outcome: RequestOutcome<Res>;

  constructor(
    target: RequestTarget,
    { request, response, action, timeout, isProbe }: RequestOptions<Req, Res>,
    outcome: RequestOutcome<Res>,
    frame: Uint8Array,
  ) {
    const names = { request: request.typeName, response: response.typeName };
    super(target, names, frame, target.clock.now(), timeout);
    this.action = action;
    this.isProbe = isProbe;
    this.#response = response;
    this.#outcome = outcome;
  }

  protected read(body: Uint8Array): MessageShape<Res> {
    return decodeMessage(this.#response, body);
  }

  protected succeed(answer: unknown): void {
    this.#outcome.succeed(answer as MessageShape<Res>); // what `read` has returned
  }

  protected failed(error: unknown): void {
    this.#outcome.fail(error);
  }
}

function wrongAnswer(
  request: string,
  found: string,
  wanted: string,
): FrameError {
  return new FrameError(
    `read the answer to "${request}"`,
    `it is a "${found.slice(0, 100)}"`,
    `a "${wanted}" was expected`,
  );
}
