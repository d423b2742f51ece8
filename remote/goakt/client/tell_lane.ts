/**
 * The tells to one GoAkt peer: one connection, requests that do not wait for each other's answers.
 * @module
 */

import { create } from "@bufbuild/protobuf";
import { Deque } from "../../../internal/deque.ts";
import type { ParsedFrame } from "../../frame.ts";
import { ErrorSchema } from "../gen/internalpb/error_pb.ts";
import {
  type RemoteMessage,
  RemoteTellRequestSchema,
  RemoteTellResponseSchema,
} from "../gen/internalpb/remoting_pb.ts";
import { decodeMessage, encodeMessage } from "../messages.ts";
import { FrameError } from "../../errors.ts";
import type { Exchange, Pending } from "./exchange.ts";
import { NotSentError, reportedError } from "./failures.ts";
import type { RequestTarget } from "./request.ts";

/** A message on its way. */
export interface Tell {
  /** The message as it travels. */
  readonly message: RemoteMessage;
  /** Its size, about, in bytes. */
  readonly size: number;
  /** It was not delivered, or nobody knows, which the error says. */
  lost(error: unknown): void;
}

/** How the lane is bounded. */
export interface TellLaneOptions {
  /** How long the answer to a request may take, in milliseconds. */
  answerTimeout: number;
  /** Bytes that wait or are not answered, at most. */
  budget: number;
  /** How long the connection is kept while nothing uses it, in milliseconds. */
  idleTimeout: number;
}

/** Requests that are not answered, at most. While there are so many, messages are gathered into batches. */
const WINDOW = 16;
/** Messages in one request, at most. */
const BATCH = 256;
/** Bytes of the messages in one request, unless one alone has more. */
const BATCH_BYTES = 64 * 1024;

/**
 * Sends tells in order. Under load messages to one receiver share a request; when that is refused, some of
 * them may have been delivered.
 */
export class TellLane {
  readonly #target: RequestTarget;
  readonly #options: TellLaneOptions;
  readonly #queue: Deque<Tell> = new Deque();
  #state: "closed" | "opening" | "open" = "closed";
  #exchange: Exchange | undefined = undefined;
  #bytes = 0;
  #waiting: (() => void)[] = [];

  /** Opens nothing yet. */
  constructor(target: RequestTarget, options: TellLaneOptions) {
    this.#target = target;
    this.#options = options;
  }

  /** How many bytes wait or are not answered. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a message; false when there is no room for it. One that is larger than the room is taken when nothing waits. */
  send(tell: Tell): boolean {
    if (this.#bytes > 0 && this.#bytes + tell.size > this.#options.budget) {
      return false;
    }
    this.#bytes += tell.size;
    this.#queue.push(tell);
    this.#pump();
    return true;
  }

  /** Resolves when there is room; `undefined` when there is some now. */
  ready(): Promise<void> | undefined {
    if (this.#bytes < this.#options.budget) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #pump(): void {
    if (this.#queue.size === 0) return;
    const exchange = this.#exchange;
    if (exchange === undefined || !exchange.isOpen) return this.#open();
    while (this.#queue.size > 0 && exchange.waiting < WINDOW) {
      // Messages share a request, and its fate, only when there are too many for requests of their own.
      const isBusy = this.#queue.size > WINDOW - exchange.waiting;
      this.#send(exchange, this.#batch(isBusy ? BATCH : 1));
    }
  }

  #open(): void {
    if (this.#state === "opening") return;
    this.#state = "opening";
    this.#target.pool.acquire({
      isGone: false,
      take: (exchange) => {
        this.#state = "open";
        this.#exchange = exchange;
        this.#pump();
      },
      fail: (error) => {
        this.#state = "closed";
        this.#exchange = undefined;
        for (
          let tell = this.#queue.shift();
          tell !== undefined;
          tell = this.#queue.shift()
        ) this.#lose(tell, error);
        this.#settle();
      },
    });
  }

  #batch(most: number): Tell[] {
    const mostBytes = Math.min(BATCH_BYTES, this.#target.limit / 2);
    const batch: Tell[] = [];
    let bytes = 0;
    for (
      let tell = this.#queue.peek();
      tell !== undefined && batch.length < most;
      tell = this.#queue.peek()
    ) {
      bytes += tell.size;
      const [first] = batch;
      if (
        first !== undefined && (bytes > mostBytes ||
          tell.message.receiver !== first.message.receiver)
      ) break;
      this.#queue.shift();
      batch.push(tell);
    }
    return batch;
  }

  #send(exchange: Exchange, batch: Tell[]): void {
    const { limit } = this.#target;
    let frame: Uint8Array;
    try {
      const remoteMessages = batch.map(({ message }) => message);
      const request = create(RemoteTellRequestSchema, { remoteMessages });
      frame = encodeMessage(RemoteTellRequestSchema, request, { limit });
    } catch (error) {
      for (const tell of batch) this.#lose(tell, error);
      return this.#settle();
    }
    exchange.send(
      frame,
      new Batch(batch, this.#options.answerTimeout, (lost) => {
        if (lost !== undefined) {
          for (const tell of batch) this.#lose(tell, lost);
        } else for (const { size } of batch) this.#bytes -= size;
        this.#settle();
      }, this.#target.node),
    );
  }

  #lose(tell: Tell, error: unknown): void {
    this.#bytes -= tell.size;
    tell.lost(error);
  }

  /** Goes on after an answer or a loss. */
  #settle(): void {
    this.#pump();
    const exchange = this.#exchange;
    if (
      exchange !== undefined && this.#queue.size === 0 && exchange.waiting === 0
    ) {
      // The pool keeps it for a while, and the next tell takes it back.
      this.#exchange = undefined;
      this.#state = "closed";
      this.#target.pool.release(exchange);
    }
    if (this.#bytes >= this.#options.budget) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

class Batch implements Pending {
  readonly name: string = RemoteTellRequestSchema.typeName;
  readonly timeout: number;
  readonly #tells: readonly Tell[];
  readonly #done: (lost: unknown) => void;
  readonly #node: string;

  constructor(
    tells: readonly Tell[],
    timeout: number,
    done: (lost: unknown) => void,
    node: string,
  ) {
    this.#tells = tells;
    this.timeout = timeout;
    this.#done = done;
    this.#node = node;
  }

  answered({ name, body }: ParsedFrame): void {
    if (name === RemoteTellResponseSchema.typeName) {
      return this.#done(undefined);
    }
    if (name !== ErrorSchema.typeName) {
      throw new FrameError(
        `read the answer to "${this.name}"`,
        `it is a "${name.slice(0, 100)}"`,
        `a "${RemoteTellResponseSchema.typeName}" was expected`,
      );
    }
    const answer = decodeMessage(ErrorSchema, body);
    const count = this.#tells.length;
    const action = count === 1
      ? "deliver a message"
      : `deliver ${count} messages together`;
    this.#done(reportedError(this.#node, action, answer, count));
  }

  lost(error: unknown, sent: boolean): void {
    this.#done(sent ? error : new NotSentError(this.name, error));
  }
}
