/**
 * An ask over tells: GoAkt's `AsyncRequest`, answered by a tell of an `AsyncResponse` to the asker.
 * @module
 */

import { create, toBinary } from "@bufbuild/protobuf";
import type { Cell } from "../../../actor/cell/cell.ts";
import { AskTimeoutError, describe } from "../../../actor/errors.ts";
import type { Caller } from "../../../actor/protocol/caller.ts";
import type { ReplyTo } from "../../../actor/protocol/message.ts";
import { Code } from "../gen/internalpb/error_pb.ts";
import {
  type AsyncRequest,
  AsyncRequestSchema,
  type AsyncResponse,
  AsyncResponseSchema,
} from "../gen/internalpb/remoting_pb.ts";
import { decodeMessage } from "../messages.ts";
import { fromAny, type Payload, toAny } from "../payload.ts";
import { Refusal, TEXT } from "../refusal.ts";
import { type Decoded, decodePayload } from "./decode.ts";
import type { GoaktHost } from "./host.ts";

/** Whether a payload is an ask over a tell. */
export function isAsyncRequest({ typeName }: Payload): boolean {
  return typeName === AsyncRequestSchema.typeName;
}

/**
 * Unwraps an ask over a tell.
 *
 * @returns The message for the actor, and who takes the reply.
 * @throws {Refusal} When it cannot be answered, or is not readable.
 */
export function asyncRequest(
  host: GoaktHost,
  cell: Cell,
  payload: Payload,
  caller: Caller,
): { request: ReplyTo; decoded: Decoded } {
  const request = read(payload);
  const { correlationId, replyTo, message } = request;
  if (correlationId === "" || replyTo === "" || message === undefined) {
    throw new Refusal(
      Code.INTERNAL_ERROR,
      TEXT.invalidMessage,
      "an AsyncRequest needs a correlation id, a reply address and a message",
    );
  }
  const decoded = decodePayload(cell, fromAny(message), caller);
  return { request: new AsyncReply(host, request, decoded), decoded };
}

function read({ bytes }: Payload): AsyncRequest {
  try {
    return decodeMessage(AsyncRequestSchema, bytes);
  } catch (error) {
    throw new Refusal(
      Code.INTERNAL_ERROR,
      TEXT.invalidMessage,
      describe(error),
    );
  }
}

class AsyncReply implements ReplyTo {
  /** The asker has a limit of its own, which it does not tell. */
  readonly deadline: number = Infinity;
  readonly #host: GoaktHost;
  readonly #request: AsyncRequest;
  readonly #decoded: Decoded;
  #state: "open" | "answered" = "open";

  constructor(host: GoaktHost, request: AsyncRequest, decoded: Decoded) {
    this.#host = host;
    this.#request = request;
    this.#decoded = decoded;
  }

  succeed(reply: unknown): void {
    try {
      const message = toAny(this.#decoded.encodeReply(reply));
      this.#answer({ message });
    } catch (error) {
      this.fail(error);
    }
  }

  fail(error: unknown): void {
    const text = error instanceof AskTimeoutError
      ? TEXT.timedOut
      : describe(error);
    this.#answer({ error: text });
  }

  #answer(parts: Partial<Pick<AsyncResponse, "message" | "error">>): void {
    if (this.#state === "answered") return;
    this.#state = "answered";
    const { correlationId, replyTo } = this.#request;
    const response = create(AsyncResponseSchema, { correlationId, ...parts });
    this.#host.reply(replyTo, {
      typeName: AsyncResponseSchema.typeName,
      bytes: toBinary(AsyncResponseSchema, response),
    });
  }
}
