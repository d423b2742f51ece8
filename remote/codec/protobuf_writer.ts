/**
 * Bytes of protobuf-es messages, written into a buffer that is kept from one message to the next.
 *
 * `toBinary()` of the library begins with a new buffer for each message, which costs more than all fields of a small
 * one. Its writer is public and can be used again, the functions that walk a message are not: those for flat messages
 * are here, for all others the library's are used.
 * @module
 */

import {
  type DescField,
  type DescMessage,
  ScalarType,
} from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Messages up to this many bytes leave their buffer for the next. */
const KEPT_BYTES = 65_536;
/** Of `google.protobuf.FeatureSet.FieldPresence`. */
const LEGACY_REQUIRED = 3;
const IMPLICIT = 2;

/** A message as this file sees it. */
type Fields = Readonly<Record<string, unknown>> & {
  readonly $unknown?: readonly UnknownField[];
};

interface UnknownField {
  readonly no: number;
  readonly wireType: WireType;
  readonly data: Uint8Array;
}

type FieldWriter = (writer: BinaryWriter, message: Fields) => void;

/** Writes messages of one type whose fields are single scalars and enums. */
export class FlatWriter {
  readonly #fields: readonly FieldWriter[];
  #idle: BinaryWriter | undefined = undefined;

  private constructor(fields: readonly FieldWriter[]) {
    this.#fields = fields;
  }

  /** The writer for a type, or nothing when it has lists, maps, messages, `oneof`s or required fields. */
  static of(schema: DescMessage): FlatWriter | undefined {
    const fields: FieldWriter[] = [];
    for (const field of schema.fields.toSorted((a, b) => a.number - b.number)) {
      const writer = fieldWriter(field);
      if (writer === undefined) return undefined;
      fields.push(writer);
    }
    return new FlatWriter(fields);
  }

  /**
   * The bytes of a message, the same as those of `toBinary()`, in an array of their own.
   *
   * @throws {Error} When a field has a value that its type does not take.
   */
  write(message: object): Uint8Array {
    // Taken out while it is in use: what a failure leaves in it must not get into the next message.
    const writer = this.#idle ?? new BinaryWriter();
    this.#idle = undefined;
    const fields = message as Fields; // of the schema, as the caller has checked
    for (const write of this.#fields) write(writer, fields);
    for (const { no, wireType, data } of fields.$unknown ?? []) {
      writer.tag(no, wireType).raw(data);
    }
    const bytes = writer.finish();
    if (bytes.length <= KEPT_BYTES) this.#idle = writer;
    return bytes;
  }
}

function fieldWriter(field: DescField): FieldWriter | undefined {
  if (field.fieldKind !== "scalar" && field.fieldKind !== "enum") return;
  if (field.oneof !== undefined || field.presence === LEGACY_REQUIRED) return;
  const { localName, number } = field;
  const isEnum = field.fieldKind === "enum";
  const type = isEnum ? ScalarType.INT32 : field.scalar;
  const wireType = wireTypeOf(type);
  const write = scalarWriter(type);
  if (field.presence !== IMPLICIT) {
    return (writer, message) => {
      // Defaults are on the prototype: a field that is set is the message's own.
      if (
        message[localName] === undefined || !Object.hasOwn(message, localName)
      ) return;
      write(writer.tag(number, wireType), message[localName]);
    };
  }
  const zero = isEnum ? field.enum.values[0]?.number : undefined;
  const isZero = isEnum ? (value: unknown) => value === zero : zeroTest(type);
  return (writer, message) => {
    const value = message[localName];
    if (!isZero(value)) write(writer.tag(number, wireType), value);
  };
}

/** What a field without presence does not write. */
function zeroTest(type: ScalarType): (value: unknown) => boolean {
  switch (type) {
    case ScalarType.BOOL:
      return (value) => value === false;
    case ScalarType.STRING:
      return (value) => value === "";
    case ScalarType.BYTES:
      return (value) => value instanceof Uint8Array && value.byteLength === 0;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return (value) => Object.is(value, 0); // -0 is written
    default:
      // 64 bits may come as a bigint or as text.
      return (value) =>
        value === 0 || value === 0n ||
        (typeof value === "string" && Number(value) === 0);
  }
}

function wireTypeOf(type: ScalarType): WireType {
  switch (type) {
    case ScalarType.BYTES:
    case ScalarType.STRING:
      return WireType.LengthDelimited;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.Bit64;
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
    case ScalarType.FLOAT:
      return WireType.Bit32;
    default:
      return WireType.Varint;
  }
}

type ScalarWriter = (writer: BinaryWriter, value: unknown) => void;

/** Values go to the library as they are: it refuses those of another type. */
function scalarWriter(type: ScalarType): ScalarWriter {
  const writers: Record<ScalarType, ScalarWriter> = {
    [ScalarType.BOOL]: (to, it) => to.bool(it as boolean),
    [ScalarType.BYTES]: (to, it) => to.bytes(it as Uint8Array),
    [ScalarType.DOUBLE]: (to, it) => to.double(it as number),
    [ScalarType.FIXED32]: (to, it) => to.fixed32(it as number),
    [ScalarType.FIXED64]: (to, it) => to.fixed64(it as bigint),
    [ScalarType.FLOAT]: (to, it) => to.float(it as number),
    [ScalarType.INT32]: (to, it) => to.int32(it as number),
    [ScalarType.INT64]: (to, it) => to.int64(it as bigint),
    [ScalarType.SFIXED32]: (to, it) => to.sfixed32(it as number),
    [ScalarType.SFIXED64]: (to, it) => to.sfixed64(it as bigint),
    [ScalarType.SINT32]: (to, it) => to.sint32(it as number),
    [ScalarType.SINT64]: (to, it) => to.sint64(it as bigint),
    [ScalarType.STRING]: (to, it) => to.string(it as string),
    [ScalarType.UINT32]: (to, it) => to.uint32(it as number),
    [ScalarType.UINT64]: (to, it) => to.uint64(it as bigint),
  };
  return writers[type];
}
