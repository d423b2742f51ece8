/**
 * Writes the frames of large messages, a part at a time.
 * @module
 */

import type { Addressee } from "../../actor/events/dead_letters.ts";
import { Envelope, type Mail } from "../../actor/protocol/message.ts";
import type { Clock } from "../../internal/clock.ts";
import { CHUNK_BYTES } from "./chunks.ts";
import { FrameError } from "../errors.ts";
import { writeHeaders } from "../headers.ts";
import {
  type LargeMessage,
  LargeMessages,
  type Progress,
} from "./large_messages.ts";
import type { Numbers } from "./numbers.ts";
import { remainingUntil } from "./remaining.ts";
import type { FrameWriter } from "../wire/encoder.ts";
import { FrameKind } from "../wire/kinds.ts";

/** What a {@linkcode LargeSender} tells its lane. */
export interface LargeSenderHost {
  /** A frame was written and must be ended; the mail is that of a message which it completes. */
  endFrame(mail: Mail | undefined, target: Addressee | undefined): void;
  /** An ask was written for whose answer nobody waits. */
  cancelled(correlation: number): void;
  /** A frame was begun and must be dropped: the message cannot be sent after all. */
  dropFrame(message: LargeMessage, error: unknown): void;
}

/** Large messages of one lane, and those that wait behind them. */
export class LargeSender {
  readonly #host: LargeSenderHost;
  readonly #writer: FrameWriter;
  readonly #numbers: Numbers;
  readonly #clock: Clock;
  readonly #messages: LargeMessages;
  #lastId = 0;

  /** Writes with the writer and the numbers of the lane. Takes the largest payload, in bytes. */
  constructor(
    host: LargeSenderHost,
    writer: FrameWriter,
    numbers: Numbers,
    clock: Clock,
    maxBytes: number,
  ) {
    this.#host = host;
    this.#writer = writer;
    this.#numbers = numbers;
    this.#clock = clock;
    this.#messages = new LargeMessages(maxBytes);
  }

  /** What waits. */
  get messages(): LargeMessages {
    return this.#messages;
  }

  /** Bytes of the largest payload that the peer takes. */
  get maxBytes(): number {
    return this.#messages.maxBytes;
  }

  set maxBytes(value: number) {
    this.#messages.maxBytes = value;
  }

  /**
   * Checks the size of a payload.
   *
   * @throws {FrameError} When it is larger than the peer takes.
   */
  check(length: number, type: string): void {
    if (length <= this.maxBytes) return;
    throw new FrameError(
      `send "${type === "" ? "reply" : type}"`,
      `it has ${length} bytes`,
      `at most ${this.maxBytes} bytes were expected`,
    );
  }

  /** Writes the next frame; false when nothing waits. */
  write(): boolean {
    return this.#messages.turn(this.#part);
  }

  #part = (progress: Progress): boolean => {
    const { message, offset } = progress;
    const { payload, mail, target } = message;
    const writer = this.#writer;
    const end = Math.min(offset + CHUNK_BYTES, payload.length);
    const last = end === payload.length;
    if (offset > 0) writer.begin(FrameKind.CHUNK, 0, 0, 0, 0, 0);
    else {
      try {
        this.#begin(message);
      } catch (error) {
        this.#messages.takeCancelled(message);
        this.#host.dropFrame(message, error);
        return true;
      }
    }
    if (offset > 0 || !last) {
      if (offset === 0) progress.id = this.#lastId = (this.#lastId + 1) >>> 0;
      writer.chunk({
        id: progress.id,
        last,
        totalBytes: offset === 0 ? payload.length : 0,
      });
    }
    const { compression } = message;
    if (offset === 0 && compression !== undefined) {
      writer.compression(compression);
    }
    writer.part(payload.subarray(offset, end));
    progress.offset = end;
    if (!last) {
      this.#host.endFrame(undefined, undefined);
      return false;
    }
    this.#host.endFrame(mail, target);
    if (this.#messages.takeCancelled(message)) {
      this.#host.cancelled(message.correlation);
    }
    return true;
  };

  /** Begins the first frame of a message. */
  #begin(message: LargeMessage): void {
    const { kind, receiver, sender, type, correlation } = message;
    const { deadline, mail } = message;
    // The limit of the peer may have become known after the message was taken.
    const { payload, compression } = message;
    this.check(compression?.totalBytes ?? payload.length, type);
    const numbers = this.#numbers;
    let to = receiver === "" ? undefined : numbers.address(receiver);
    const from = sender === "" ? undefined : numbers.address(sender);
    if (to?.live === false) to = numbers.address(receiver);
    this.#writer.begin(
      kind,
      to?.number ?? 0,
      from?.number ?? 0,
      type === "" ? 0 : numbers.typeName(type).number,
      correlation,
      remainingUntil(deadline, this.#clock),
    );
    numbers.define(this.#writer);
    if (mail instanceof Envelope) writeHeaders(this.#writer, mail);
  }
}
