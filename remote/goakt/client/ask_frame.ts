/**
 * The frames of asks.
 * @module
 */

import type { MessageHeaders } from "../../../actor/propagation/propagation.ts";
import type { Slab } from "../../../internal/slab.ts";
import { beginPlain } from "../../frame.ts";
import { RemoteAskRequestSchema } from "../gen/internalpb/remoting_pb.ts";
import { encodeBody } from "../messages.ts";
import type { Payload } from "../payload.ts";
import { durationParts } from "../time.ts";
import {
  fieldSize,
  sizesOf,
  varintSize,
  writeHead,
  writeMessage,
} from "./message_bytes.ts";

const TIMEOUT = 0x12; // field 2, with a length
const SECONDS = 0x08; // field 1, a number
const NANOS = 0x10;
/** Frames up to this many bytes are kept as the beginning of the next. */
const KEPT_BYTES = 1_024;

/** What the frame of an ask is made with. */
export interface AskFrameOptions {
  /** Bytes of the largest frame. */
  readonly limit: number;
  /** Where its bytes are taken from. */
  readonly slab: Slab;
  /** Texts that travel with it. */
  readonly headers: MessageHeaders | undefined;
}

/** A frame without headers. */
interface Kept {
  readonly sender: string;
  readonly typeName: string;
  readonly timeout: number;
  readonly size: number;
  readonly payloadAt: number;
  /** Not there before a second frame is like this. */
  frame: Uint8Array | undefined;
}

/** Makes the frames of the asks of one receiver, each of which is most often like the last. */
export class AskFrames {
  readonly #receiver: string;
  #last: Kept | undefined = undefined;

  /** Takes the address of the receiver. */
  constructor(receiver: string) {
    this.#receiver = receiver;
  }

  /**
   * The frame of a `RemoteAskRequest` with one message, in one piece.
   *
   * @param timeout More than 0, in milliseconds.
   * @throws {FrameError} When it would be larger than the limit.
   */
  make(
    sender: string,
    payload: Payload,
    timeout: number,
    options: AskFrameOptions,
  ): Uint8Array<ArrayBuffer> {
    const { typeName, bytes } = payload;
    const last = this.#last;
    const isLikeLast = options.headers === undefined &&
      last !== undefined && last.size === bytes.length &&
      last.timeout === timeout && last.sender === sender &&
      last.typeName === typeName;
    if (isLikeLast && last.frame !== undefined) {
      const copy = options.slab.take(last.frame.length);
      copy.set(last.frame);
      copy.set(bytes, last.payloadAt);
      return copy;
    }
    const receiver = this.#receiver;
    const frame = askFrame(sender, receiver, payload, timeout, options);
    if (isLikeLast) last.frame = frame.slice();
    else if (options.headers === undefined && frame.length <= KEPT_BYTES) {
      const size = bytes.length;
      const payloadAt = frame.length - fieldSize(durationSize(timeout)) - size;
      const kept = { sender, typeName, timeout, size, payloadAt };
      this.#last = { ...kept, frame: undefined };
    }
    return frame;
  }
}

function askFrame(
  sender: string,
  receiver: string,
  payload: Payload,
  timeout: number,
  { limit, slab, headers }: AskFrameOptions,
): Uint8Array<ArrayBuffer> {
  const sizes = sizesOf(sender, receiver, payload);
  const duration = durationSize(timeout);
  const length = fieldSize(sizes.message) + fieldSize(duration);
  const name = RemoteAskRequestSchema.typeName;
  const frame = headers === undefined
    ? beginPlain(name, length, limit, slab)
    : new Uint8Array(length);
  let at = frame.length - length;
  at = writeMessage(frame, at, sizes, sender, receiver, payload);
  at = writeHead(frame, at, TIMEOUT, duration);
  const [seconds, nanos] = durationParts(timeout);
  if (seconds > 0) at = writeHead(frame, at, SECONDS, seconds);
  if (nanos > 0) writeHead(frame, at, NANOS, nanos);
  if (headers === undefined) return frame;
  const metadata = { headers, deadline: 0n };
  return encodeBody(name, frame, { limit, metadata });
}

function durationSize(timeout: number): number {
  const [seconds, nanos] = durationParts(timeout);
  return (seconds === 0 ? 0 : 1 + varintSize(seconds)) +
    (nanos === 0 ? 0 : 1 + varintSize(nanos));
}
