/**
 * The tells to one GoAkt peer: one connection, requests that do not wait for each other's answers.
 * @module
 */

import type { MessageHeaders } from "../../../actor/propagation/propagation.ts";
import { Deque } from "../../../internal/deque.ts";
import type { ParsedFrame } from "../../frame.ts";
import { ErrorSchema } from "../gen/internalpb/error_pb.ts";
import {
  RemoteTellRequestSchema,
  RemoteTellResponseSchema,
} from "../gen/internalpb/remoting_pb.ts";
import { decodeMessage, encodeBody } from "../messages.ts";
import { tellBody } from "./message_bytes.ts";
import { FrameError } from "../../errors.ts";
import type { Exchange, Pending } from "./exchange.ts";
import { NotSentError, reportedError } from "./failures.ts";
import type { RequestTarget } from "./request.ts";

/** A message on its way. */
export interface Tell {
  /** The address of the actor. */
  readonly receiver: string;
  /** The message as it travels; see {@linkcode messageBytes}. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Texts that travel with it. */
  readonly headers?: MessageHeaders | undefined;
  /** Its size, about, in bytes. */
  readonly size: number;
  /** It was not delivered, or nobody knows, which the error says. */
  lost(error: unknown): void;
}

/** A tell, numbered in the order of sending. */
interface Taken {
  readonly tell: Tell;
  readonly number: number;
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
  readonly #queue: Deque<Taken> = new Deque();
  #state: "closed" | "opening" | "open" = "closed";
  #exchange: Exchange | undefined = undefined;
  #bytes = 0;
  #waiting: (() => void)[] = [];
  /** Bytes of the largest message that was refused since there was room the last time. */
  #refused = 0;
  /** How many tells were taken. */
  #taken = 0;
  /** By receiver, the number of the last tell to it; an entry goes when that has been settled. */
  readonly #last: Map<string, number> = new Map();
  /** What begins when the tell of that number has been settled. */
  readonly #behind: Map<number, (() => void)[]> = new Map();

  /** Opens nothing yet. */
  constructor(target: RequestTarget, options: TellLaneOptions) {
    this.#target = target;
    this.#options = options;
  }

  /** How many bytes wait or are not answered. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes a message; false when there is no room for a new one. One that is larger than the room is taken when
   * nothing waits.
   */
  send(tell: Tell, state: "new" | "accepted" = "new"): boolean {
    const isOver = this.#bytes + tell.size > this.#options.budget;
    if (state === "new" && this.#bytes > 0 && isOver) {
      this.#refused = Math.max(this.#refused, tell.size);
      return false;
    }
    this.#bytes += tell.size;
    this.#target.meter?.waiting(this.#bytes);
    const number = ++this.#taken;
    this.#last.set(tell.receiver, number);
    this.#queue.push({ tell, number });
    this.#pump();
    return true;
  }

  /**
   * Resolves when less than half of the room is in use, and what was refused before has room; `undefined` when
   * that is so now.
   */
  ready(): Promise<void> | undefined {
    if (this.#hasRoom) {
      this.#refused = 0;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The tell to `receiver` that is not settled, if there is one: the last. */
  unsettled(receiver: string): number | undefined {
    return this.#last.get(receiver);
  }

  /** Calls `run` once that tell, and all before it, have arrived or are known to be lost. */
  behind(tell: number, run: () => void): void {
    const waiting = this.#behind.get(tell);
    if (waiting === undefined) this.#behind.set(tell, [run]);
    else waiting.push(run);
  }

  get #hasRoom(): boolean {
    const { budget } = this.#options;
    return this.#bytes === 0 ||
      (this.#bytes * 2 < budget && this.#bytes + this.#refused <= budget);
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
          let taken = this.#queue.shift();
          taken !== undefined;
          taken = this.#queue.shift()
        ) this.#lose(taken, error);
        this.#settle();
      },
    });
  }

  #batch(most: number): Taken[] {
    const mostBytes = Math.min(BATCH_BYTES, this.#target.limit / 2);
    const batch: Taken[] = [];
    let bytes = 0;
    for (
      let taken = this.#queue.peek();
      taken !== undefined && batch.length < most;
      taken = this.#queue.peek()
    ) {
      const { tell } = taken;
      bytes += tell.size;
      const [first] = batch;
      if (
        first !== undefined && (bytes > mostBytes ||
          tell.headers !== first.tell.headers ||
          tell.receiver !== first.tell.receiver)
      ) break;
      this.#queue.shift();
      batch.push(taken);
    }
    return batch;
  }

  #send(exchange: Exchange, batch: Taken[]): void {
    const { limit } = this.#target;
    let frame: Uint8Array;
    try {
      const body = tellBody(batch.map(({ tell }) => tell.bytes));
      const headers = batch[0]?.tell.headers;
      frame = encodeBody(RemoteTellRequestSchema.typeName, body, {
        limit,
        metadata: headers && { headers, deadline: 0n },
      });
    } catch (error) {
      for (const taken of batch) this.#lose(taken, error);
      return this.#settle();
    }
    exchange.send(
      frame,
      new Batch(batch.length, this.#limits(), (lost) => {
        if (lost !== undefined) {
          for (const taken of batch) this.#lose(taken, lost);
        } else for (const taken of batch) this.#leave(taken);
        this.#settle();
      }, this.#target.node),
    );
  }

  #limits(): { timeout: number; due: number } {
    const { answerTimeout: timeout } = this.#options;
    return { timeout, due: this.#target.clock.now() + timeout };
  }

  #lose(taken: Taken, error: unknown): void {
    taken.tell.lost(error);
    this.#leave(taken);
  }

  #leave({ tell, number }: Taken): void {
    this.#bytes -= tell.size;
    this.#target.meter?.waiting(this.#bytes);
    const { receiver } = tell;
    if (this.#last.get(receiver) === number) this.#last.delete(receiver);
    const behind = this.#behind.get(number);
    if (behind === undefined) return;
    this.#behind.delete(number);
    for (const run of behind) run();
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
    if (this.#waiting.length === 0 || !this.#hasRoom) return;
    this.#refused = 0;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

class Batch implements Pending {
  readonly name: string = RemoteTellRequestSchema.typeName;
  readonly timeout: number;
  readonly due: number;
  readonly #count: number;
  readonly #done: (lost: unknown) => void;
  readonly #node: string;

  constructor(
    count: number,
    { timeout, due }: { timeout: number; due: number },
    done: (lost: unknown) => void,
    node: string,
  ) {
    this.#count = count;
    this.timeout = timeout;
    this.due = due;
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
    const count = this.#count;
    const action = count === 1
      ? "deliver a message"
      : `deliver ${count} messages together`;
    this.#done(reportedError(this.#node, action, answer, count));
  }

  lost(error: unknown, sent: boolean): void {
    this.#done(sent ? error : new NotSentError(this.name, error));
  }
}
