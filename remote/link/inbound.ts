/**
 * The receiving half of a lane: frames, tables, parts of large messages.
 * @module
 */

import { Assembler } from "./chunks.ts";
import { expand, readable } from "../codec/compression.ts";
import { FrameError } from "../errors.ts";
import type { UnfinishedRoom } from "./unfinished_room.ts";
import { IncomingMessage, type IncomingReply } from "./incoming.ts";
import { FrameDecoder } from "../wire/decoder.ts";
import type { Compressed, DecodedFrame, Failure } from "../wire/fields.ts";
import { DefinitionKind, FrameKind } from "../wire/kinds.ts";
import { FrameReader } from "../wire/reader.ts";
import type { Signals } from "./signals.ts";
import { DefinitionTable } from "../wire/tables.ts";

/** Takes what a lane receives. What is passed is valid until the method returns. */
export interface InboundHandler {
  /** A message of the peer. */
  message(message: IncomingMessage): void;
  /**
   * Whether a message that is still compressed goes no further, which its sender has been told. One that does is
   * given to {@linkcode InboundHandler.message}, its body as it was before.
   */
  refuses(message: IncomingMessage): boolean;
  /** The answer to a request. */
  answer(frame: DecodedFrame): void;
  /** A watched actor has ended. */
  terminated(frame: DecodedFrame): void;
  /** A reply that came in parts. */
  wholeReply(correlation: number, payload: Uint8Array): void;
  /** How many counted frames the peer has processed. */
  acknowledged(count: number): void;
  /** The peer wishes to part, or ends the lane for the reason given. */
  goodbye(failure: Failure | undefined): void;
  /** The peer wants a sign of life. */
  ping(correlation: number): void;
  /** A request of the peer that is not a message, or a frame of a kind that is not known. */
  command(frame: DecodedFrame): void;
}

/** What the peer may send besides the parts of large payloads and the end. */
export type Direction = "requests" | "answers";

/** Room in a frame for what is not the payload: numbers, definitions, headers. */
export const HEAD_BYTES: number = 64 * 1024;

/** Reads the stream of one lane, frame by frame. */
export class Inbound {
  /** Counts frames of a peer that may not send as many as it likes; not set for nodes. */
  signals: Signals | undefined = undefined;
  readonly #handler: InboundHandler;
  readonly #takes: Direction;
  readonly #addresses: DefinitionTable = new DefinitionTable("address");
  readonly #types: DefinitionTable = new DefinitionTable("type name");
  readonly #reader: FrameReader;
  readonly #decoder: FrameDecoder = new FrameDecoder();
  readonly #incoming: IncomingMessage = new IncomingMessage();
  readonly #assembler: Assembler<IncomingMessage | IncomingReply>;
  readonly #maxBytes: number;
  /** The compressions that the peer was told of. */
  readonly #reads: readonly number[];
  #state: "open" | "closed" = "open";
  #counted = 0;
  #now = 0;

  /** Takes the largest payload, in bytes; `room` is for large messages of this and other lanes. */
  constructor(
    handler: InboundHandler,
    maxMessageBytes: number,
    takes: Direction,
    room?: UnfinishedRoom,
    reads: readonly number[] = readable("auto"),
  ) {
    this.#reads = reads;
    this.#handler = handler;
    this.#takes = takes;
    this.#maxBytes = maxMessageBytes;
    this.#reader = new FrameReader({
      maxFrameBytes: maxMessageBytes + HEAD_BYTES,
    });
    this.#assembler = new Assembler(maxMessageBytes, room);
  }

  /** How many counted frames have been processed. */
  get counted(): number {
    return this.#counted;
  }

  /** How many bytes have come of a frame that waits for its rest; 0 between frames. */
  get unfinished(): number {
    return this.#reader.buffered;
  }

  /** Whether a large message waits for its rest. */
  get isInMessage(): boolean {
    return this.#assembler.bytes > 0;
  }

  /** How many parts of large messages have come. */
  get parts(): number {
    return this.#assembler.parts;
  }

  /** Whether nothing waits for its rest: no frame, no large message. */
  get isWhole(): boolean {
    return this.#reader.buffered === 0 && this.#assembler.bytes === 0;
  }

  /** Looks at nothing more. */
  close(): void {
    this.#state = "closed";
    this.#assembler.close();
  }

  /**
   * Takes the next bytes of the stream, which arrived at `now`.
   *
   * @throws {FrameError} When they break a rule of the wire.
   * @throws {RateError} When there are too many of what is no message.
   */
  push(chunk: Uint8Array, now: number): void {
    const reader = this.#reader;
    const decoder = this.#decoder;
    this.#now = now;
    reader.push(chunk);
    while (this.#state === "open" && reader.next()) {
      decoder.decode(reader.bytes, reader.start, reader.end);
      this.signals?.take(decoder.frame, now);
      this.#take(decoder.frame);
    }
  }

  #take(frame: DecodedFrame): void {
    if (frame.definitions.length > 0) this.#define(frame);
    switch (frame.kind) {
      case FrameKind.TELL:
      case FrameKind.ASK:
        return this.#takeMessage(frame);
      case FrameKind.REPLY:
        this.#expect("answers", frame.kind);
        if (frame.chunk !== undefined) {
          const { correlation, compression } = frame;
          return this.#assembler.begin(
            frame.chunk,
            { correlation, compression },
            frame.payload(),
          );
        }
        if (frame.compression !== undefined) this.#expandReply(frame);
        return this.#handler.answer(frame);
      case FrameKind.FAILURE:
      case FrameKind.LOOKUP_REPLY:
      case FrameKind.SPAWNED:
      case FrameKind.STOPPED:
      case FrameKind.WATCHED:
      case FrameKind.LINKED:
      case FrameKind.UNLINKED:
      case FrameKind.RESPAWNED:
      case FrameKind.REINSTATED:
      case FrameKind.STATE_REPLY:
        this.#expect("answers", frame.kind);
        return this.#handler.answer(frame);
      case FrameKind.TERMINATED:
        this.#expect("answers", frame.kind);
        return this.#handler.terminated(frame);
      case FrameKind.ACK:
        return this.#handler.acknowledged(frame.ack);
      case FrameKind.CHUNK:
        return this.#takeChunk(frame);
      case FrameKind.GOODBYE:
        return this.#handler.goodbye(frame.failure);
      case FrameKind.PING:
        return this.#handler.ping(frame.correlation);
      case FrameKind.PONG:
        return; // it was heard, and says no more
      default:
        this.#expect("requests", frame.kind);
        return this.#handler.command(frame);
    }
  }

  /** Before anything of it is kept, and whatever it is. */
  #expect(direction: Direction, kind: number): void {
    if (this.#takes === direction) return;
    throw new FrameError(
      "read a frame",
      this.#takes === "answers"
        ? `one of kind ${kind} came over a link that this node has dialled`
        : `one of kind ${kind} came over a link that the peer has dialled`,
      `${this.#takes} were expected`,
    );
  }

  #takeMessage(frame: DecodedFrame): void {
    const { kind, receiver, sender, type, chunk } = frame;
    this.#expect("requests", kind);
    if ((kind === FrameKind.ASK) !== (frame.correlation !== 0)) {
      throw new FrameError(
        "read a message",
        kind === FrameKind.ASK
          ? "it is an ask without a number"
          : `it is a tell with the number ${frame.correlation}`,
        "a number for an ask, and none for a tell, was expected",
      );
    }
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
    this.#handOn(incoming);
  }

  #handOn(incoming: IncomingMessage): void {
    if (incoming.compression !== undefined) {
      // Whoever may not send it does not have it expanded either, which can take long.
      if (this.#handler.refuses(incoming)) {
        this.#counted++;
        return;
      }
      this.#expandBody(incoming);
    }
    this.#counted++;
    this.#handler.message(incoming);
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
    if (!(head instanceof IncomingMessage)) {
      const { correlation, compression } = head;
      const reply = compression === undefined
        ? payload
        : this.#expand(compression, payload);
      return this.#handler.wholeReply(correlation, reply);
    }
    // Besides those that the first frame had already.
    head.size += payload.length - (head.end - head.start);
    head.bytes = payload;
    head.start = 0;
    head.end = payload.length;
    this.#handOn(head);
  }

  #expand(compression: Compressed, bytes: Uint8Array): Uint8Array {
    return expand(compression, bytes, this.#maxBytes, this.#reads);
  }

  #expandBody(incoming: IncomingMessage): void {
    const { compression, bytes, start, end } = incoming;
    const body = bytes.subarray(start, end);
    incoming.bytes = this.#expand(compression as Compressed, body); // looked at before
    incoming.start = 0;
    incoming.end = incoming.bytes.length;
  }

  #expandReply(frame: DecodedFrame): void {
    const compression = frame.compression as Compressed; // as above
    frame.buffer = this.#expand(compression, frame.payload());
    frame.payloadStart = 0;
    frame.payloadEnd = frame.buffer.length;
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
