/**
 * Telling apart the ways in which the format of data can be given.
 * @module
 */

import type { Codec } from "../protocol/codec.ts";
import type { DataSpec, Format } from "../protocol/specs.ts";

/** Whether `format` is a codec and not a schema. */
export function isCodec<T>(format: Format<T> | undefined): format is Codec<T> {
  return format !== undefined && !("~standard" in format);
}

/** Whether `value` is a schema or a codec. */
export function isFormat<T>(value: Format<T> | object): value is Format<T> {
  return "~standard" in value || "encode" in value;
}

/** The format of data that may be declared by its type alone. */
export function formatOf<T>(
  declared: Format<T> | DataSpec<T> | undefined,
): Format<T> | undefined {
  if (declared === undefined || isFormat<T>(declared)) return declared;
  return declared.format;
}
