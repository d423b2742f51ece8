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
import type { MessageHeaders } from "../../../actor/propagation/propagation.ts";
import type { Clock } from "../../../internal/clock.ts";
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
  /** Its fields, unless it has a body. */
  fields?: MessageInitShape<Req>;
  /** Its bytes. */
  body?: Uint8Array;
  /** The answer. */
  response: Res;
  /** What is done, for errors. */
  action: string;
  /** Texts that travel with it. */
  headers?: MessageHeaders | undefined;
  /** How long the answer may take, in milliseconds, the wait for a connection included. */
  timeout: number;
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
 * Sends a request; one of the methods of `outcome` is called once.
 *
 * @param when Calls back when the request may go; at once unless told otherwise.
 * @returns Gives the request up: nothing is sent when it waits for a connection, and the answer is ignored.
 * @throws {FrameError} When it would be larger than the limit.
 */
export function sendRequest<Req extends DescMessage, Res extends DescMessage>(
  target: RequestTarget,
  options: RequestOptions<Req, Res>,
  outcome: RequestOutcome<Res>,
  when: (start: () => void) => void = (start) => start(),
): () => void {
  const { request, fields, headers } = options;
  const { body = toBinary(request, create(request, fields)) } = options;
  const { limit } = target;
  const frame = encodeBody(request.typeName, body, {
    limit,
    metadata: headers && { headers, deadline: 0n },
  });
  const sent = new SentRequest(target, options, outcome, frame);
  when(() => {
    if (!sent.isGone) target.pool.acquire(sent);
  });
  return () => sent.giveUp();
}

class SentRequest<Req extends DescMessage, Res extends DescMessage>
  implements Pending, Waiter {
  readonly name: string;
  /** What is left of the time once there is a connection. */
  timeout: number;
  readonly #target: RequestTarget;
  readonly #options: RequestOptions<Req, Res>;
  readonly #outcome: RequestOutcome<Res>;
  readonly #frame: Uint8Array;
  readonly #due: number;
  #exchange: Exchange | undefined = undefined;
  #state: "wanted" | "given_up" = "wanted";

  constructor(
    target: RequestTarget,
    options: RequestOptions<Req, Res>,
    outcome: RequestOutcome<Res>,
    frame: Uint8Array,
  ) {
    this.name = options.request.typeName;
    this.#target = target;
    this.#options = options;
    this.#outcome = outcome;
    this.#frame = frame;
    this.timeout = options.timeout;
    this.#due = target.clock.now() + options.timeout;
  }

  get isGone(): boolean {
    return this.#state === "given_up";
  }

  giveUp(): void {
    this.#state = "given_up";
  }

  take(exchange: Exchange): void {
    this.#exchange = exchange;
    this.timeout = Math.max(1, this.#due - this.#target.clock.now());
    exchange.send(this.#frame, this);
  }

  fail(error: unknown): void {
    if (!this.isGone) this.#outcome.fail(error);
  }

  answered({ name, body }: ParsedFrame): void {
    const exchange = this.#exchange;
    const { response, action } = this.#options;
    const { node, pool } = this.#target;
    let settle: () => void;
    if (name === ErrorSchema.typeName) {
      const answer = decodeMessage(ErrorSchema, body);
      settle = () => this.fail(reportedError(node, action, answer));
    } else if (name === response.typeName) {
      const message = decodeMessage(response, body);
      settle = () => {
        if (!this.isGone) this.#outcome.succeed(message);
      };
    } else throw wrongAnswer(this.name, name, response.typeName);
    if (exchange !== undefined) pool.release(exchange);
    settle();
  }

  lost(error: unknown, sent: boolean): void {
    this.fail(sent ? error : new NotSentError(this.name, error));
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
