/**
 * Codecs whose messages GoAkt peers can read.
 * @module
 */

import type { Codec } from "../../actor/protocol/codec.ts";
import { isCodec } from "../../actor/logging/format.ts";
import type { Format } from "../../actor/protocol/specs.ts";

/** A codec of a message with a full name, as protobuf has them. */
export interface NamedCodec extends Codec<unknown> {
  /** The full name. */
  readonly typeName: string;
}

/** The codec that a format stands for, when its messages have a full name: JSON and raw bytes have none. */
export function namedCodec(
  format: Format<unknown> | undefined,
): NamedCodec | undefined {
  return isCodec(format) && isNamed(format) ? format : undefined;
}

function isNamed(codec: Codec<unknown>): codec is NamedCodec {
  return codec.typeName !== undefined;
}

/** What a format is called in errors. */
export function formatName(format: Format<unknown> | undefined): string {
  return isCodec(format) ? format.format : "json";
}
