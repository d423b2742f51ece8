/**
 * One connection between two nodes, from the first message for it to its end.
 * @module
 */

import { PendingAsk } from "../actor/asks.ts";
import { describe } from "../actor/errors.ts";
import { Envelope, type Mail, type ReplyTo } from "../actor/message.ts";
import type { BaseRef } from "../actor/ref.ts";
import type { Runtime } from "../actor/runtime.ts";
import { Assembler } from "./chunks.ts";
import { DisconnectedError, FrameError, OverloadedError } from "./errors.ts";
import type { Session } from "./handshake.ts";
import { IncomingMessage } from "./incoming.ts";
import type { MessageCodecs } from "./message_codecs.ts";
import { Outbound } from "./outbound.ts";
import { type Request, Requests } from "./requests.ts";
import type { Route } from "./route.ts";
import type { Connection } from "./transport.ts";
import { FrameDecoder } from "./wire/decoder.ts";
import type { DecodedFrame, Spawn } from "./wire/fields.ts";
import { DefinitionKind, FrameKind } from "./wire/kinds.ts";
import { FrameReader } from "./wire/reader.ts";
import { DefinitionTable } from "./wire/tables.ts";

/** What a link tells whoever made it. */
export interface LinkOwner {
  /** A message of the peer, valid until this returns. */
  message(link: Link, message: IncomingMessage): void;
  /** A request of the peer that is not a message, valid until this returns. */
  request(link: Link, frame: DecodedFrame): void;
  /** The peer wishes to part: nothing new is sent to it over this link. */
  parting(link: Link): void;
  /** The link is of no more use; the reason is `undefined` when it ended in peace. */
  closed(link: Link, reason: unknown): void;
}

/** Settings of a {@linkcode Link}. */
export interface LinkOptions {
  /** What the actors of the node share. */
  runtime: Runtime;
  /** Who made it. */
  owner: LinkOwner;
  /** The peer as `host:port`, for errors. */
  node: string;
  /** Bytes of messages that wait or are not acknowledged, at most. */
  budget: number;
  /** Bytes of the largest payload, in either direction. */
  maxMessageBytes: number;
}

/** A request that is not a message. */
export interface ControlRequest {
  /** One of `FrameKind`. */
  kind: number;
  /** What is done, for errors. */
  action: string;
  /** What it is about. */
  address?: string;
  /** What to create. */
  spawn?: Spawn;
}

/** Where a link is in its life; while `"parting"` both sides finish what they owe. */
export type LinkState = "connecting" | "open" | "parting" | "closed";

/** Room in a frame for what is not the payload: numbers, definitions, headers. */
const HEAD_BYTES = 64 * 1024;

/** One connection: messages out, messages in, requests and answers. Of no use again after its end. */
export class Link {
  readonly outbound: Outbound;
  readonly requests: Requests;
  readonly #options: LinkOptions;
  readonly #addresses: DefinitionTable = new DefinitionTable("address");
  readonly #types: DefinitionTable = new DefinitionTable("type name");
  readonly #reader: FrameReader;
  readonly #decoder: FrameDecoder = new FrameDecoder();
  readonly #incoming: IncomingMessage = new IncomingMessage();
  readonly #assembler: Assembler<IncomingMessage | number>;
  #connection: Connection | undefined = undefined;
  #session: Session | undefined = undefined;
  #state: LinkState = "connecting";
  #reason: unknown = undefined;
  /** Counted frames of the peer, and how many of them it was told of. */
  #counted = 0;
  #acknowledged = 0;
  #now = 0;
  #stalledSince: number | undefined = undefined;
  /** Asks of the peer that are not answered. */
  #owed = 0;
  #onSettled: (() => void)[] = [];

  constructor(options: LinkOptions) {
    this.#options = options;
    const { budget, maxMessageBytes, runtime, node } = options;
    this.#reader = new FrameReader({
      maxFrameBytes: maxMessageBytes + HEAD_BYTES,
    });
    this.#assembler = new Assembler(maxMessageBytes);
    this.requests = new Requests(node);
    this.outbound = new Outbound({
      budget,
      maxMessageBytes,
      clock: runtime.clock,
      onFailure: (error) => this.close(error),
    });
  }

  /** Where the link is in its life. */
  get state(): LinkState {
    return this.#state;
  }

  /** Whether new messages may be sent over it. */
  get isUsable(): boolean {
    return this.#state === "open" || this.#state === "connecting";
  }

  /** The peer as `host:port`. */
  get node(): string {
    return this.#options.node;
  }

  /** What was agreed on; known once the link is open. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** Since when a part of a frame waits for the rest, on the system's clock; `undefined` when none does. */
  get stalledSince(): number | undefined {
    return this.#stalledSince;
  }

  /** Begins to read and write. The connection belongs to the link from now on. */
  open(connection: Connection, session: Session): void {
    if (this.#state !== "connecting") return connection.close();
    this.#connection = connection;
    this.#session = session;
    this.#state = "open";
    this.outbound.attach(connection);
    this.#read(connection, session.rest).then(
      () => this.close(undefined),
      (error) => this.close(error),
    );
  }

  /** Sends a message, or makes a dead letter of it and returns false. */
  send(route: Route, mail: Mail, target: BaseRef): boolean {
    let message;
    let sender: BaseRef | undefined;
    let request: Request | undefined;
    let remaining = 0;
    if (mail instanceof Envelope) {
      message = mail.message;
      sender = mail.sender;
      const { replyTo } = mail;
      if (replyTo !== undefined) {
        const { output } = route.codecs[message.index] as MessageCodecs; // one for each message
        request = this.requests.open(replyTo, output, message.type, target);
        if (replyTo instanceof PendingAsk) replyTo.carrier = request;
        remaining = this.#remaining(replyTo);
      }
    } else {
      message = mail;
    }
    const correlation = request === undefined ? 0 : request.correlation;
    const { deadLetters } = this.#options.runtime;
    try {
      if (
        this.outbound.message(
          route,
          mail,
          message,
          target,
          sender,
          correlation,
          remaining,
        )
      ) return true;
    } catch (error) {
      request?.abandon();
      deadLetters.take(mail, target, "not_encodable", error);
      return false;
    }
    request?.abandon();
    deadLetters.take(
      mail,
      target,
      "overloaded",
      request && new OverloadedError(this.node, request.action),
    );
    return false;
  }

  /**
   * Sends a request that is not a message.
   *
   * @returns The address in the answer.
   * @throws {RemoteError} When the peer reported a failure.
   * @throws {DisconnectedError} When the link ended before the answer.
   */
  async request(
    { kind, action, address, spawn }: ControlRequest,
  ): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const replyTo: ReplyTo = {
      succeed: resolve,
      fail: reject,
      deadline: Infinity,
    };
    const { correlation } = this.requests.open(replyTo, undefined, action);
    this.outbound.frame({
      kind,
      correlation,
      ...(address === undefined ? {} : { address }),
      ...(spawn === undefined ? {} : { spawn }),
    });
    return String(await promise);
  }

  /** Notes that the peer awaits an answer. */
  owe(): void {
    this.#owed++;
  }

  /** Notes that an answer was given. */
  settle(): void {
    if (--this.#owed > 0) return;
    for (const resolve of this.#onSettled.splice(0)) resolve();
  }

  /** Ends the link. What was not acknowledged goes to the dead letters, whoever waits is told. */
  close(reason: unknown): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#reason = reason;
    this.#stalledSince = undefined;
    this.#connection?.close();
    const { runtime, owner } = this.#options;
    this.outbound.close((mail, target, begun) => {
      const error = this.#lost(`deliver a message to "${target.pid}"`, begun);
      runtime.deadLetters.take(
        mail,
        target,
        begun ? "unknown" : "disconnected",
        error,
      );
    });
    this.requests.close(({ action }) => this.#lost(action, true));
    for (const resolve of this.#onSettled.splice(0)) resolve();
    owner.closed(this, reason);
  }

  /** Sends what waits, lets both sides finish what they owe, then ends. Nothing new is sent meanwhile. */
  async drain(): Promise<void> {
    if (this.#state === "open") this.#state = "parting";
    if (this.#owed > 0) {
      await new Promise<void>((resolve) => this.#onSettled.push(resolve));
    }
    await this.outbound.drained();
    await this.requests.drained();
    this.close(undefined);
  }

  get #isAlive(): boolean {
    return this.#state === "open" || this.#state === "parting";
  }

  #remaining(replyTo: ReplyTo): number {
    if (replyTo instanceof PendingAsk) {
      return Math.max(1, Math.ceil(replyTo.timeout));
    }
    if (replyTo.deadline === Infinity) return 0;
    return Math.max(
      1,
      Math.ceil(replyTo.deadline - this.#options.runtime.clock.now()),
    );
  }

  #lost(action: string, begun: boolean): unknown {
    const reason = this.#reason;
    // Without a connection its error says it all, and that nothing was delivered.
    if (this.#session === undefined && reason !== undefined) return reason;
    const found = reason === undefined
      ? "the connection ended"
      : describe(reason);
    const outcome = begun && this.#session !== undefined
      ? "unknown"
      : "not_delivered";
    return new DisconnectedError(this.node, `${action} on`, found, {
      outcome,
      cause: reason,
    });
  }

  async #read(connection: Connection, rest: Uint8Array): Promise<void> {
    if (rest.length > 0) this.#push(rest);
    while (this.#isAlive) {
      const chunk = await connection.read();
      if (chunk === undefined) return;
      this.#push(chunk);
      // A peer that does not read its answers gets no more of them: its requests wait.
      while (this.outbound.unwritten > this.#options.budget) {
        await this.outbound.written();
      }
    }
  }

  #push(chunk: Uint8Array): void {
    const reader = this.#reader;
    const decoder = this.#decoder;
    this.#now = this.#options.runtime.clock.now();
    reader.push(chunk);
    while (this.#isAlive && reader.next()) {
      decoder.decode(reader.bytes, reader.start, reader.end);
      this.#take(decoder.frame);
    }
    if (!this.#isAlive) return;
    this.#stalledSince = reader.buffered > 0 ? this.#now : undefined;
    if (this.#counted === this.#acknowledged) return;
    this.#acknowledged = this.#counted;
    this.outbound.acknowledge(this.#counted);
  }

  #take(frame: DecodedFrame): void {
    if (frame.definitions.length > 0) this.#define(frame);
    switch (frame.kind) {
      case FrameKind.TELL:
      case FrameKind.ASK:
        return this.#takeMessage(frame);
      case FrameKind.REPLY:
        if (frame.chunk !== undefined) {
          return this.#assembler.begin(
            frame.chunk,
            frame.correlation,
            frame.payload(),
          );
        }
        return this.requests.answer(frame);
      case FrameKind.FAILURE:
      case FrameKind.LOOKUP_REPLY:
      case FrameKind.SPAWNED:
      case FrameKind.STOPPED:
        return this.requests.answer(frame);
      case FrameKind.ACK:
        return this.outbound.acknowledged(frame.ack);
      case FrameKind.CHUNK:
        return this.#takeChunk(frame);
      case FrameKind.GOODBYE:
        return this.#options.owner.parting(this);
      default:
        return this.#options.owner.request(this, frame);
    }
  }

  #takeMessage(frame: DecodedFrame): void {
    const { receiver, sender, type, chunk } = frame;
    const incoming = chunk === undefined
      ? this.#incoming
      : new IncomingMessage();
    // A number may get another meaning before the last part is here, so it is looked up now.
    incoming.receiver = this.#addresses.get(receiver);
    incoming.sender = sender === 0 ? undefined : this.#addresses.get(sender);
    incoming.type = this.#types.get(type);
    incoming.take(frame, this.#now);
    if (chunk !== undefined) {
      return this.#assembler.begin(chunk, incoming, frame.payload());
    }
    this.#counted++;
    this.#options.owner.message(this, incoming);
  }

  #takeChunk(frame: DecodedFrame): void {
    const { chunk } = frame;
    if (chunk === undefined) {
      throw new FrameError(
        "read a chunk",
        "it has no number",
        "a number was expected",
      );
    }
    const whole = this.#assembler.next(chunk, frame.payload());
    if (whole === undefined) return;
    const { head, payload } = whole;
    if (typeof head === "number") {
      return this.requests.answerWhole(head, payload);
    }
    head.bytes = payload;
    head.start = 0;
    head.end = payload.length;
    this.#counted++;
    this.#options.owner.message(this, head);
  }

  #define({ definitions }: DecodedFrame): void {
    for (const { number, table, value } of definitions) {
      if (table === DefinitionKind.ADDRESS) {
        this.#addresses.define(number, value);
      } else if (table === DefinitionKind.TYPE_NAME) {
        this.#types.define(number, value);
      } else {
        throw new FrameError(
          "read a definition",
          `it is for table ${table}`,
          "table 1 or 2 was expected",
        );
      }
    }
  }
}
