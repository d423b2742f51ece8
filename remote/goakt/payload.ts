/**
 * Payloads: the type name and the bytes in a `google.protobuf.Any`.
 * @module
 */

import { create } from "@bufbuild/protobuf";
import { type Any, AnySchema } from "@bufbuild/protobuf/wkt";

const PREFIX = "type.googleapis.com/";
const NO_BYTES = new Uint8Array();

/** A message without its schema. */
export interface Payload {
  /** The full name of the protobuf message. */
  readonly typeName: string;
  /** The protobuf bytes. */
  readonly bytes: Uint8Array;
}

/** Returns the `Any` that GoAkt makes of a message. */
export function toAny({ typeName, bytes }: Payload): Any {
  return create(AnySchema, { typeUrl: PREFIX + typeName, value: bytes });
}

/** Reads an `Any`: the name is what follows the last slash, whatever is in front of it. */
export function fromAny(any: Any | undefined): Payload {
  if (any === undefined) return { typeName: "", bytes: NO_BYTES };
  const { typeUrl, value } = any;
  return {
    typeName: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
    bytes: value,
  };
}
