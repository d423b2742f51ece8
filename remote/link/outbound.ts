/**
 * The sending half of a lane: frames, tables, budget, acknowledgements, writes.
 * @module
 */

import type { Addressee } from "../../actor/events/dead_letters.ts";
import {
  type Envelope,
  type Mail,
  type Message,
  replyToOf,
} from "../../actor/protocol/message.ts";
import type { BaseRef } from "../../actor/reference/ref.ts";
import type { Algorithm } from "../codec/compression.ts";
import { FrameError } from "../errors.ts";
import { type LargeMessage, largeReply } from "./large_messages.ts";
import { writeHeaders } from "../headers.ts";
import { LargeSender, type LargeSenderHost } from "./large_sender.ts";
import type { MessageCodecs } from "../codec/message_codecs.ts";
import { Outstanding } from "./outstanding.ts";
import { Payloads } from "./payloads.ts";
import { Numbers } from "./numbers.ts";
import type { OutboundOptions } from "./outbound_options.ts";
import { Room, type RoomHost } from "./room.ts";
import { Request } from "./requests.ts";
import type { Route } from "./route.ts";
import type { Connection } from "../transport/transport.ts";
import { FULL_WRITE, WriteLoop, type WriteLoopHost } from "./write_loop.ts";
import { FrameWriter } from "../wire/encoder.ts";
import type { FrameFields } from "../wire/fields.ts";
import { FrameKind } from "../wire/kinds.ts";
import type { DirectCodec } from "../wire/payload.ts";

/** Whoever waits for room waits until no more than this is unwritten, so that writing goes on meanwhile. */
const READY_BYTES = 4 * FULL_WRITE;

/**
 * Makes the frames of one lane, and keeps account of them. Frames are encoded at once and written by a
 * {@linkcode WriteLoop}. Before a connection is attached they wait.
 */
export class Outbound implements LargeSenderHost, RoomHost, WriteLoopHost {
  readonly #options: OutboundOptions;
  readonly #writer: FrameWriter = new FrameWriter();
  readonly #numbers: Numbers = new Numbers();
  readonly #outstanding: Outstanding = new Outstanding();
  readonly #large: LargeSender;
  readonly #payloads: Payloads;
  readonly #loop: WriteLoop;
  readonly #room: Room;
  /** Bytes of all finished frames. */
  #finished = 0;

  constructor(options: OutboundOptions) {
    this.#options = options;
    this.#large = new LargeSender(
      this,
      this.#writer,
      this.#numbers,
      options.clock,
      options.maxMessageBytes,
    );
    this.#payloads = new Payloads(this.#writer, this.#large);
    this.#loop = new WriteLoop(this, options.clock, options.onFailure);
    this.#room = new Room(this, options.budget, READY_BYTES);
  }

  /** Bytes of messages that wait or are not acknowledged. */
  get inFlight(): number {
    return this.#outstanding.bytes + this.#large.messages.bytes;
  }

  /** How many messages were framed so far. */
  get messages(): number {
    return this.#outstanding.total;
  }

  /** Whether the peer has processed an ask, which was the message of that position. */
  hasTaken(correlation: number, position: number): boolean {
    return !this.#large.messages.hasAsk(correlation) &&
      position <= this.#outstanding.acknowledged;
  }

  /** Bytes of finished frames, answers among them, that the connection has not taken. */
  get unwritten(): number {
    return this.#writer.pending + this.#large.messages.bytes;
  }

  /** Bytes of finished frames that the connection has not been given. */
  get pending(): number {
    return this.#writer.pending;
  }

  /** Whether everything was written and acknowledged. */
  get isEmpty(): boolean {
    return this.inFlight === 0 && this.unwritten === 0 &&
      this.#loop.isIdle;
  }

  /** Since when the connection has taken nothing of what it was given, on the clock; `undefined` when it has. */
  get writingSince(): number | undefined {
    return this.#loop.writingSince;
  }

  /** Settles with the write that is under way, if there is one. */
  get writing(): Promise<void> {
    return this.#loop.written;
  }

  /**
   * Begins to write to `connection`, which stays the caller's to close, to a peer with this limit that reads what
   * the algorithm makes.
   */
  attach(
    connection: Connection,
    maxMessageBytes: number,
    algorithm?: Algorithm | undefined,
  ): void {
    this.#payloads.compressWith(algorithm);
    this.#large.maxBytes = Math.min(maxMessageBytes, this.#large.maxBytes);
    this.#loop.attach(connection);
  }

  /**
   * Sends a message.
   *
   * @returns False when there is no room for it. Nothing was sent then, nor when this throws.
   * @throws {CodecError} When the body cannot be encoded.
   * @throws {FrameError} When the message is larger than the peer takes.
   */
  message(
    route: Route,
    mail: Mail,
    message: Message,
    target: Addressee,
    sender: BaseRef | undefined,
    correlation: number,
    remaining: number,
  ): boolean {
    const { budget } = this.#options;
    const used = this.#outstanding.bytes + this.#large.messages.bytes;
    if (used >= budget) return false;
    const kind = correlation === 0 ? FrameKind.TELL : FrameKind.ASK;
    const codec = (route.codecs[message.index] as MessageCodecs).input; // one for each message
    const writer = this.#writer;
    let payload: Uint8Array | undefined;
    if (
      !this.#large.messages.isEmpty &&
      this.#large.messages.has(route.address, sender?.pid.toJSON() ?? "")
    ) payload = this.#payloads.encode(codec, message.body, message.type);
    else {
      const numbers = this.#numbers;
      try {
        let receiver = numbers.receiver(route);
        const type = numbers.type(route, message).number;
        let from = 0;
        if (sender !== undefined) {
          from = numbers.sender(sender).number;
          if (!receiver.live) receiver = numbers.receiver(route);
        }
        const { number } = receiver;
        writer.begin(kind, number, from, type, correlation, remaining);
        numbers.define(writer);
        if (mail !== message) writeHeaders(writer, mail as Envelope); // one of both
        this.#payloads.write(codec, message.body, message.type);
      } catch (error) {
        this.#abort();
        throw error;
      }
      payload = writer.overflow;
      if (payload !== undefined) this.#abort();
    }
    if (payload !== undefined) {
      const { compression } = this.#payloads;
      if (used > 0 && used + payload.length > budget) {
        return this.#room.refuse(payload.length);
      }
      this.#large.messages.add({
        kind,
        receiver: route.address,
        sender: sender?.pid.toJSON() ?? "",
        type: message.type,
        correlation,
        deadline: remaining === 0
          ? Infinity
          : this.#options.clock.now() + remaining,
        payload,
        compression,
        mail,
        target,
      });
      this.#loop.wake();
      return true;
    }
    if (used > 0 && used + writer.size > budget) {
      const { size } = writer;
      this.#abort();
      return this.#room.refuse(size);
    }
    this.#count(mail, target);
    return true;
  }

  /** Sends the answer to a request; the same errors as for a message. */
  reply(
    correlation: number,
    codec: DirectCodec<unknown>,
    value: unknown,
  ): void {
    if (this.#loop.isClosed) return;
    const writer = this.#writer;
    writer.begin(FrameKind.REPLY, 0, 0, 0, correlation, 0);
    try {
      this.#payloads.write(codec, value, "reply");
    } catch (error) {
      writer.abort();
      throw error;
    }
    const payload = writer.overflow;
    if (payload === undefined) {
      this.#finish();
      return;
    }
    writer.abort();
    const { compression } = this.#payloads;
    this.#large.messages.add(largeReply(correlation, payload, compression));
    this.#loop.wake();
  }

  /** Throws a {@linkcode FrameError} when `length` is more than the peer takes, as far as that is known. */
  check(length: number, what: string): void {
    this.#large.check(length, what);
  }

  /** Sends a frame that is not counted and has no numbers. */
  frame(fields: FrameFields): void {
    if (this.#loop.isClosed) return;
    this.#finished += this.#writer.frame(fields);
    this.#loop.wake();
  }

  /** Tells the peer that nobody waits for the answer to an ask, once it has all of the ask. */
  cancel(correlation: number): void {
    if (!this.#large.messages.cancel(correlation)) this.cancelled(correlation);
  }

  cancelled(correlation: number): void {
    this.frame({ kind: FrameKind.CANCEL, correlation });
  }

  /** Tells the peer how many of its counted frames were processed. */
  acknowledge(count: number): void {
    if (this.#loop.isClosed) return;
    this.#writer.begin(FrameKind.ACK, 0, 0, 0, 0, 0);
    this.#writer.ack(count);
    this.#finish();
  }

  /**
   * Takes the peer's word of how many counted frames it has processed.
   *
   * @throws {FrameError} When that cannot be.
   */
  acknowledged(count: number): void {
    if (!this.#outstanding.acknowledge(count, this.#loop.taken)) {
      throw new FrameError(
        "take an acknowledgement",
        `it is for ${count} messages in all`,
        "a number that does not fall and does not pass what was sent was expected",
      );
    }
    this.#room.acknowledged();
  }

  /** Resolves when there is room again; see {@linkcode Room.ready}. */
  ready(): Promise<void> | undefined {
    return this.#room.ready();
  }

  /** Resolves when the next write is through, or the lane is closed. */
  written(): Promise<void> {
    return this.#room.written();
  }

  /**
   * Resolves when the peer has processed all messages that were taken before now, or the lane is closed;
   * `undefined` when it has already.
   */
  settled(): Promise<void> | undefined {
    if (this.inFlight === 0 || this.#loop.isClosed) return undefined;
    return this.#settled();
  }

  async #settled(): Promise<void> {
    const { messages } = this.#large;
    const { added } = messages;
    while (messages.oldest <= added) await this.#room.written();
    const { total } = this.#outstanding;
    while (
      this.#outstanding.acknowledged < total && !this.#loop.isClosed
    ) await this.#room.acknowledgement();
  }

  /** Resolves when everything was written and acknowledged, or the lane is closed. */
  drained(): Promise<void> {
    return this.#room.drained();
  }

  /** Ends the writing; `lost` is told of each message that was not acknowledged. */
  close(lost: (mail: Mail, target: Addressee, begun: boolean) => void): void {
    if (this.#loop.isClosed) return;
    this.#loop.close();
    this.#outstanding.lose(this.#loop.taken, lost);
    // Without its last part a message cannot have been delivered.
    this.#large.messages.lose(({ mail, target }) => {
      if (mail !== undefined && target !== undefined) lost(mail, target, false);
    });
    this.#numbers.clear();
    this.#room.close();
  }

  endFrame(mail: Mail | undefined, target: Addressee | undefined): void {
    if (mail === undefined || target === undefined) {
      this.#finish();
      return;
    }
    this.#count(mail, target);
    const carrier = replyToOf(mail)?.carrier;
    if (carrier instanceof Request) carrier.position = this.messages;
  }

  dropFrame(message: LargeMessage, error: unknown): void {
    this.#abort();
    this.#options.onUnsendable(message, error);
  }

  takeWrite(): Uint8Array | undefined {
    // One part at least in each write, so that small messages cannot hold up a large one for ever.
    while (this.#large.write() && this.#writer.pending < FULL_WRITE);
    const bytes = this.#writer.take();
    if (bytes !== undefined) {
      this.#options.meter?.wrote(this.#outstanding.total, bytes.length);
    }
    return bytes;
  }

  wrote(): void {
    this.#room.wrote();
  }

  rested(): void {
    this.#options.meter?.waiting(this.inFlight);
    this.#room.settle();
  }

  #abort(): void {
    this.#writer.abort();
    this.#numbers.drop();
  }

  #count(mail: Mail, target: Addressee): void {
    const size = this.#end();
    this.#outstanding.add(mail, target, size, this.#finished);
    this.#loop.framed(this.#writer.pending);
  }

  #finish(): void {
    this.#end();
    this.#loop.framed(this.#writer.pending);
  }

  /** Ends a frame. The loop is told when all is accounted for: it may write at once, large messages as well. */
  #end(): number {
    const size = this.#writer.end();
    this.#numbers.keep();
    this.#finished += size;
    return size;
  }
}
