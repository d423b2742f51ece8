/**
 * The codec for messages of protobuf-es.
 * @module
 */

import {
  type DescMessage,
  fromBinary,
  isMessage,
  type Message,
  toBinary,
} from "@bufbuild/protobuf";
import type { Codec } from "../../actor/protocol/codec.ts";
import { CodecError } from "../errors.ts";
import { FlatWriter } from "./protobuf_writer.ts";

const FORMAT = "protobuf";

/**
 * A message schema as `protoc-gen-es` 2.13 or later generates it, for messages of type `T`. Described by its
 * shape, so that a protocol's types do not depend on the library.
 */
export interface ProtobufSchema<T> {
  /** The full name of the message, for example `google.protobuf.Duration`. */
  readonly typeName: string;
  /** Carries the type only; there is no such property at run time. */
  readonly $codegenv2: { readonly a: T };
}

/**
 * A codec for one message type of protobuf-es. Its `typeName`, the message's full name, becomes the wire name.
 *
 * A value that is no message of that type, or that has a field out of range, and bytes that are no valid message
 * are refused with a `CodecError`. Unknown fields are kept and sent on. Bytes fields of a received message may be
 * views of a buffer that is never written again.
 *
 * @example
 * ```ts
 * import { create } from "@bufbuild/protobuf";
 * import { DurationSchema } from "npm:@bufbuild/protobuf@^2.17.0/wkt";
 * import { protobuf } from "@troupe/troupe/remote";
 *
 * const codec = protobuf(DurationSchema);
 * const bytes = codec.encode(create(DurationSchema, { seconds: 3n }));
 * console.log(codec.decode(bytes).seconds); // 3n
 * ```
 *
 * @param schema The generated schema.
 * @returns The codec; it may keep a buffer from one small message to the next, and holds nothing else.
 * @throws {TypeError} When `schema` is not a message schema.
 */
export function protobuf<T>(schema: ProtobufSchema<T>): Codec<T> {
  return new ProtobufCodec<T>(messageSchema(schema));
}

class ProtobufCodec<T> implements Codec<T> {
  readonly format = FORMAT;
  readonly typeName: string;
  readonly #schema: DescMessage;
  readonly #flat: FlatWriter | undefined;

  constructor(schema: DescMessage) {
    this.typeName = schema.typeName;
    this.#schema = schema;
    this.#flat = FlatWriter.of(schema);
  }

  encode(value: T): Uint8Array {
    if (!isMessage(value, this.#schema)) {
      throw new CodecError(
        "encode",
        FORMAT,
        "$",
        describe(value),
        this.#wanted(),
      );
    }
    try {
      return this.#bytesOf(value);
    } catch (cause) {
      const found = cause instanceof Error ? cause.message : String(cause);
      throw new CodecError("encode", FORMAT, "$", found, this.#wanted(), {
        cause,
      });
    }
  }

  decode(bytes: Uint8Array): T {
    try {
      // The schema's type parameter says what the library builds from it.
      return fromBinary(this.#schema, bytes) as T;
    } catch (cause) {
      const found = cause instanceof Error ? cause.message : String(cause);
      throw new CodecError("decode", FORMAT, "$", found, this.#wanted(), {
        cause,
      });
    }
  }

  #bytesOf(value: T & Message): Uint8Array {
    return this.#flat?.write(value) ?? toBinary(this.#schema, value);
  }

  #wanted(): string {
    return `a message "${this.typeName}" was expected`;
  }
}

/** Looks behind the structural type: only a real schema of the library has a kind. */
function messageSchema(schema: { readonly typeName: string }): DescMessage {
  if ((schema as Partial<DescMessage>).kind === "message") {
    return schema as DescMessage;
  }
  throw new TypeError(
    `Cannot make a protobuf codec: found ${
      describe(schema)
    }, a message schema of protobuf-es was expected`,
  );
}

function describe(value: unknown): string {
  if (typeof value !== "object" || value === null) {
    return `a value of type ${typeof value}`;
  }
  const name = (value as { $typeName?: unknown }).$typeName;
  return typeof name === "string"
    ? `a message "${name}"`
    : "an object that is no message";
}
