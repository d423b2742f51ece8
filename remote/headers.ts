/**
 * Headers of messages on their way between nodes.
 * @module
 */

import type { Envelope } from "../actor/protocol/message.ts";
import type { MessageHeaders } from "../actor/propagation/propagation.ts";
import type { Runtime } from "../actor/system/runtime.ts";
import { FrameError } from "./errors.ts";
import type { FrameWriter } from "./wire/encoder.ts";
import { type Header, MAX_REPEATED } from "./wire/fields.ts";
import { utf8Size } from "./wire/text.ts";

/** Bytes of all names and values of one message, at most: with the rest they fit into the head of a frame. */
const MAX_HEADER_BYTES: number = 16_384;

/**
 * Writes the headers of a message into the frame that was begun.
 *
 * @throws {FrameError} When there are too many, or they are too long.
 */
export function writeHeaders(
  writer: FrameWriter,
  { headers, message: { type } }: Envelope,
): void {
  if (headers === undefined) return;
  let bytes = 0;
  for (const [key, value] of headers) bytes += utf8Size(key) + utf8Size(value);
  if (headers.size > MAX_REPEATED || bytes > MAX_HEADER_BYTES) {
    throw new FrameError(
      `send "${type}"`,
      `it has ${headers.size} headers of ${bytes} bytes`,
      `at most ${MAX_REPEATED} of ${MAX_HEADER_BYTES} bytes were expected`,
    );
  }
  for (const [key, value] of headers) writer.header({ key, value });
}

/** What a handler gets to see of the headers that came with a message. */
export function extractHeaders(
  { propagator, events }: Runtime,
  headers: readonly Header[],
): MessageHeaders | undefined {
  if (propagator === undefined) return undefined;
  try {
    return propagator.extract(
      new Map(headers.map(({ key, value }) => [key.toLowerCase(), value])),
    );
  } catch (cause) {
    // It is the system's own, and must not cost the message or the link.
    const text = "the headers of a message could not be extracted";
    events.publish({ type: "warning", text, cause });
    return undefined;
  }
}
