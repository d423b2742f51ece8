/**
 * Protobuf messages in frames.
 * @module
 */

import {
  type DescMessage,
  fromBinary,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { describe } from "../../actor/errors.ts";
import { FrameError } from "../errors.ts";
import { encodePlain, encodeWithMetadata, MAX_FRAME_BYTES } from "../frame.ts";
import { encodeMetadata, type Metadata } from "../metadata.ts";

/** What a frame is made with. */
export interface FrameOptions {
  /**
   * Headers and a deadline.
   * @default none: the plain layout
   */
  metadata?: Metadata | undefined;
  /**
   * Bytes of the largest frame.
   * @default {MAX_FRAME_BYTES}
   */
  limit?: number;
}

/**
 * Returns the frame of a message.
 *
 * @throws {FrameError} When it would be larger than the limit.
 */
export function encodeMessage<Schema extends DescMessage>(
  schema: Schema,
  message: MessageShape<Schema>,
  options: FrameOptions = {},
): Uint8Array<ArrayBuffer> {
  return encodeBody(schema.typeName, toBinary(schema, message), options);
}

/**
 * Returns the frame of a message that is bytes already.
 *
 * @throws {FrameError} When it would be larger than the limit.
 */
export function encodeBody(
  name: string,
  body: Uint8Array,
  { metadata, limit = MAX_FRAME_BYTES }: FrameOptions = {},
): Uint8Array<ArrayBuffer> {
  return metadata === undefined
    ? encodePlain(name, body, limit)
    : encodeWithMetadata(name, encodeMetadata(metadata), body, limit);
}

/**
 * Reads the body of a frame.
 *
 * @throws {FrameError} When it is not protobuf.
 */
export function decodeMessage<Schema extends DescMessage>(
  schema: Schema,
  body: Uint8Array,
): MessageShape<Schema> {
  try {
    return fromBinary(schema, body);
  } catch (cause) {
    throw new FrameError(
      `read a "${schema.typeName}"`,
      `its body is not protobuf (${describe(cause)})`,
      "the fields of its definition were expected",
      { cause },
    );
  }
}
