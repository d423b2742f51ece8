/**
 * The sending half of a lane: frames, tables, budget, acknowledgements, writes.
 * @module
 */

import type { Addressee } from "../actor/dead_letters.ts";
import type { Mail, Message } from "../actor/message.ts";
import type { BaseRef } from "../actor/ref.ts";
import type { Clock } from "../internal/clock.ts";
import { CHUNK_BYTES } from "./chunks.ts";
import { FrameError } from "./errors.ts";
import { LargeMessages, type Progress } from "./large_messages.ts";
import type { MessageCodecs } from "./message_codecs.ts";
import { Outstanding } from "./outstanding.ts";
import type { Route } from "./route.ts";
import type { Connection } from "./transport.ts";
import { FrameWriter } from "./wire/encoder.ts";
import type { FrameFields } from "./wire/fields.ts";
import { DefinitionKind, FrameKind } from "./wire/kinds.ts";
import type { DirectCodec } from "./wire/payload.ts";
import { type NumberEntry, NumberTable, TABLE_SIZE } from "./wire/tables.ts";

/** Bytes of messages that wait or are not acknowledged, at most, unless told otherwise: 4 MiB. */
export const OUTBOUND_BUDGET: number = 4 * 1024 * 1024;

/** Settings of an {@linkcode Outbound}. */
export interface OutboundOptions {
  /** Bytes of messages that wait or are not acknowledged, at most. */
  budget: number;
  /** Bytes of the largest payload. */
  maxMessageBytes: number;
  /** The source of time. */
  clock: Clock;
  /** Called when a write failed; the lane is of no more use. */
  onFailure: (error: unknown) => void;
}

/** Frames are gathered up to this many bytes; then they are written without waiting any longer. */
const FULL_WRITE = 65_536;
/** Whoever waits for room waits until no more than this is unwritten, so that writing goes on meanwhile. */
const READY_BYTES = 4 * FULL_WRITE;

/**
 * Writes frames of one lane. Frames are encoded at once and written at the end of the macrotask, or
 * as soon as the write before is through. Before a connection is attached they wait.
 */
export class Outbound {
  readonly #options: OutboundOptions;
  readonly #writer: FrameWriter = new FrameWriter();
  readonly #addresses: NumberTable = new NumberTable();
  readonly #types: NumberTable = new NumberTable();
  /** The numbers of senders, so that their addresses are not put together for each message. */
  readonly #senders: Map<BaseRef, NumberEntry> = new Map();
  readonly #outstanding: Outstanding = new Outstanding();
  readonly #large: LargeMessages = new LargeMessages();
  #largeId = 0;
  #connection: Connection | undefined = undefined;
  #state: "waiting" | "idle" | "scheduled" | "writing" | "closed" = "waiting";
  /** Bytes of all finished frames, and of those that were given to the connection. */
  #finished = 0;
  #taken = 0;
  #onRoom: (() => void)[] = [];
  #onWritten: (() => void)[] = [];
  #onEmpty: (() => void)[] = [];
  /** New numbers in the frame that is being written. */
  #fresh: { table: NumberTable; entry: NumberEntry }[] = [];

  constructor(options: OutboundOptions) {
    this.#options = options;
  }

  /** Bytes of messages that wait or are not acknowledged. */
  get inFlight(): number {
    return this.#outstanding.bytes + this.#large.bytes;
  }

  /** Bytes of finished frames, answers among them, that the connection has not taken. */
  get unwritten(): number {
    return this.#writer.pending + this.#large.bytes;
  }

  /** Begins to write to `connection`, which stays the caller's to close. */
  attach(connection: Connection): void {
    this.#connection = connection;
    this.#state = "idle";
    this.#schedule();
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
    const used = this.#outstanding.bytes + this.#large.bytes;
    if (used >= budget) return false;
    const kind = correlation === 0 ? FrameKind.TELL : FrameKind.ASK;
    const codec = (route.codecs[message.index] as MessageCodecs).input; // one for each message
    if (
      !this.#large.isEmpty &&
      this.#large.has(route.address, sender?.pid.toJSON() ?? "")
    ) {
      const payload = codec.encode(message.body);
      return this.#enqueue(
        route,
        mail,
        message,
        target,
        sender,
        correlation,
        remaining,
        payload,
      );
    }
    const writer = this.#writer;
    try {
      const receiver = route.receiver?.live
        ? this.#use(route.receiver)
        : this.#receiver(route);
      const known = route.types[message.index];
      const type = known?.live ? this.#use(known) : this.#type(route, message);
      const from = sender === undefined ? 0 : this.#sender(sender).number;
      writer.begin(
        kind,
        receiver.number,
        from,
        type.number,
        correlation,
        remaining,
      );
      if (this.#fresh.length > 0) this.#define();
      codec.write(message.body, writer);
    } catch (error) {
      this.#abort();
      throw error;
    }
    const { overflow } = writer;
    if (overflow !== undefined) {
      this.#abort();
      return this.#enqueue(
        route,
        mail,
        message,
        target,
        sender,
        correlation,
        remaining,
        overflow,
      );
    }
    if (used > 0 && used + writer.size > budget) {
      this.#abort();
      return false;
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
    const writer = this.#writer;
    writer.begin(FrameKind.REPLY, 0, 0, 0, correlation, 0);
    try {
      codec.write(value, writer);
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
    this.#checkSize(payload, "reply");
    const none = {
      receiver: "",
      sender: "",
      type: "",
      deadline: Infinity,
      mail: undefined,
      target: undefined,
    };
    this.#large.add({ ...none, kind: FrameKind.REPLY, correlation, payload });
    this.#schedule();
  }

  /** Sends a frame that is not counted and has no numbers. */
  frame(fields: FrameFields): void {
    if (this.#state === "closed") return;
    this.#finished += this.#writer.frame(fields);
    this.#schedule();
  }

  /** Tells the peer how many of its counted frames were processed. */
  acknowledge(count: number): void {
    if (this.#state === "closed") return;
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
    if (!this.#outstanding.acknowledge(count)) {
      throw new FrameError(
        "take an acknowledgement",
        `it is for ${count} frames, ${this.#outstanding.size} are not acknowledged`,
        "a count that grows and does not pass what was sent was expected",
      );
    }
    this.#settle();
  }

  /** Resolves when less than half of the budget is in use and the connection keeps up. */
  ready(): Promise<void> | undefined {
    if (this.#hasRoom) return undefined;
    return new Promise((resolve) => this.#onRoom.push(resolve));
  }

  /** Resolves when the next write is through, or the lane is closed. */
  written(): Promise<void> {
    if (this.#state === "closed") return Promise.resolve();
    return new Promise((resolve) => this.#onWritten.push(resolve));
  }

  /** Resolves when everything was written and acknowledged, or the lane is closed. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#onEmpty.push(resolve);
      this.#settle();
    });
  }

  /** Ends the writing; `lost` is told of each message that was not acknowledged. */
  close(lost: (mail: Mail, target: Addressee, begun: boolean) => void): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#outstanding.lose(this.#taken, lost);
    this.#large.lose(({ mail, target }, begun) => {
      if (mail !== undefined && target !== undefined) lost(mail, target, begun);
    });
    this.#addresses.clear();
    this.#types.clear();
    this.#senders.clear();
    this.#settle();
  }

  #use(entry: NumberEntry): NumberEntry {
    entry.used = true;
    return entry;
  }

  #receiver(route: Route): NumberEntry {
    return route.receiver = this.#number(this.#addresses, route.address);
  }

  #type(route: Route, { index, type }: Message): NumberEntry {
    return route.types[index] = this.#number(this.#types, type);
  }

  #sender(ref: BaseRef): NumberEntry {
    const known = this.#senders.get(ref);
    if (known?.live) return this.#use(known);
    // Entries die in the table without a word; begin anew before the dead are many.
    if (this.#senders.size >= 2 * TABLE_SIZE) this.#senders.clear();
    const entry = this.#number(this.#addresses, ref.pid.toJSON());
    this.#senders.set(ref, entry);
    return entry;
  }

  #number(table: NumberTable, key: string): NumberEntry {
    const found = table.find(key);
    if (found !== undefined) return found;
    const entry = table.define(key);
    this.#fresh.push({ table, entry });
    return entry;
  }

  #define(): void {
    for (const { table, entry } of this.#fresh) {
      this.#writer.definition({
        number: entry.number,
        table: table === this.#addresses
          ? DefinitionKind.ADDRESS
          : DefinitionKind.TYPE_NAME,
        value: entry.key,
      });
    }
  }

  #abort(): void {
    this.#writer.abort();
    for (const { table, entry } of this.#fresh) table.forget(entry);
    this.#fresh.length = 0;
  }

  #count(mail: Mail, target: Addressee): void {
    const size = this.#finish();
    this.#outstanding.add(mail, target, size, this.#finished);
  }

  #finish(): number {
    const size = this.#writer.end();
    if (this.#fresh.length > 0) this.#fresh.length = 0;
    this.#finished += size;
    if (this.#state === "idle") this.#schedule();
    else if (
      this.#state === "scheduled" && this.#writer.pending >= FULL_WRITE
    ) this.#flush();
    return size;
  }

  #enqueue(
    route: Route,
    mail: Mail,
    message: Message,
    target: Addressee,
    sender: BaseRef | undefined,
    correlation: number,
    remaining: number,
    payload: Uint8Array,
  ): boolean {
    this.#checkSize(payload, message.type);
    const used = this.inFlight;
    if (used > 0 && used + payload.length > this.#options.budget) return false;
    this.#large.add({
      kind: correlation === 0 ? FrameKind.TELL : FrameKind.ASK,
      receiver: route.address,
      sender: sender?.pid.toJSON() ?? "",
      type: message.type,
      correlation,
      deadline: remaining === 0
        ? Infinity
        : this.#options.clock.now() + remaining,
      payload,
      mail,
      target,
    });
    this.#schedule();
    return true;
  }

  #checkSize({ length }: Uint8Array, what: string): void {
    const { maxMessageBytes } = this.#options;
    if (length <= maxMessageBytes) return;
    throw new FrameError(
      `send "${what}"`,
      `it has ${length} bytes`,
      `at most ${maxMessageBytes} bytes were expected`,
    );
  }

  /** Writes the next frame of a large message, or of one that waited behind it. */
  #part = (progress: Progress): boolean => {
    const { message, offset } = progress;
    const { kind, correlation, payload, mail, target } = message;
    const writer = this.#writer;
    const end = Math.min(offset + CHUNK_BYTES, payload.length);
    const last = end === payload.length;
    if (offset === 0) {
      const receiver = message.receiver === ""
        ? 0
        : this.#number(this.#addresses, message.receiver).number;
      const sender = message.sender === ""
        ? 0
        : this.#number(this.#addresses, message.sender).number;
      const type = message.type === ""
        ? 0
        : this.#number(this.#types, message.type).number;
      writer.begin(
        kind,
        receiver,
        sender,
        type,
        correlation,
        this.#remaining(message.deadline),
      );
      this.#define();
    } else {
      writer.begin(FrameKind.CHUNK, 0, 0, 0, 0, 0);
    }
    if (offset > 0 || !last) {
      if (offset === 0) progress.id = this.#largeId = (this.#largeId + 1) >>> 0;
      writer.chunk({
        id: progress.id,
        last,
        totalBytes: offset === 0 ? payload.length : 0,
      });
    }
    writer.part(payload.subarray(offset, end));
    progress.offset = end;
    if (last && mail !== undefined && target !== undefined) {
      this.#count(mail, target);
    } else this.#finish();
    return last;
  };

  #remaining(deadline: number): number {
    if (deadline === Infinity) return 0;
    return Math.max(1, Math.ceil(deadline - this.#options.clock.now()));
  }

  #schedule(): void {
    if (this.#state !== "idle") return;
    this.#state = "scheduled";
    setImmediate(this.#flush);
  }

  #flush = (): void => {
    if (this.#state !== "scheduled") return;
    this.#state = "writing";
    this.#write().catch(this.#options.onFailure);
  };

  async #write(): Promise<void> {
    const connection = this.#connection as Connection; // attached before the first flush
    while (this.#state === "writing") {
      // One part at least in each write, so that small messages cannot hold up a large one for ever.
      while (this.#large.turn(this.#part) && this.#writer.pending < FULL_WRITE);
      const bytes = this.#writer.take();
      if (bytes === undefined) break;
      this.#taken += bytes.length;
      await connection.write(bytes);
      if (this.#onWritten.length > 0) release(this.#onWritten);
      if (this.#onRoom.length > 0) this.#settle();
    }
    if (this.#state === "writing") this.#state = "idle";
    this.#settle();
  }

  get #hasRoom(): boolean {
    return this.#writer.pending < READY_BYTES &&
      this.inFlight * 2 < this.#options.budget;
  }

  #settle(): void {
    const closed = this.#state === "closed";
    if (
      this.#onRoom.length > 0 &&
      (closed || this.inFlight * 2 < this.#options.budget)
    ) {
      release(this.#onRoom);
    }
    if (closed) release(this.#onWritten);
    if (this.#onEmpty.length === 0) return;
    const empty = this.inFlight === 0 && this.unwritten === 0 &&
      this.#state === "idle";
    if (closed || empty) release(this.#onEmpty);
  }
}

function release(waiting: (() => void)[]): void {
  for (const resolve of waiting.splice(0)) resolve();
}
