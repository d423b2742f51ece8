/**
 * A message from a peer on its way to its actor.
 * @module
 */

import type { Compressed, DecodedFrame, Header } from "../wire/fields.ts";
import type { DefinitionSlot } from "../wire/tables.ts";

/**
 * A message with what the numbers of its frame mean. A link reuses one of these; what it holds is valid
 * until the next frame is read. The bytes are never overwritten.
 */
export class IncomingMessage {
  /** Whom it is for. */
  receiver: DefinitionSlot | undefined = undefined;
  /** Who sent it, when that was said. */
  sender: DefinitionSlot | undefined = undefined;
  /** The name of its type. */
  type: DefinitionSlot | undefined = undefined;
  /** Pairs an ask and its answer; 0 for a tell. */
  correlation = 0;
  /** When the asker gives up, on the system's clock; `Infinity` for never. */
  deadline: number = Infinity;
  /** Trace context and the like. */
  headers: readonly Header[] = [];
  /** What was done to the body, until it is undone. */
  compression: Compressed | undefined = undefined;
  /** Bytes of the frames that it came in. */
  size = 0;
  /** The bytes that the body lies in. */
  bytes: Uint8Array = NO_BYTES;
  /** Where the body begins. */
  start = 0;
  /** Where the body ends. */
  end = 0;

  /** Takes what is not in a table from `frame`, which arrived at `now`. */
  take(frame: DecodedFrame, now: number): void {
    this.correlation = frame.correlation;
    this.deadline = frame.remaining === 0 ? Infinity : now + frame.remaining;
    this.headers = frame.headers;
    this.compression = frame.compression;
    this.size = frame.size;
    this.bytes = frame.buffer;
    this.start = frame.payloadStart;
    this.end = frame.payloadEnd;
  }
}

/** An answer that comes in parts. */
export interface IncomingReply {
  /** Pairs it with its ask. */
  readonly correlation: number;
  /** What was done to it. */
  readonly compression: Compressed | undefined;
}

const NO_BYTES: Uint8Array = new Uint8Array();
