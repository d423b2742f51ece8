/**
 * Bytes of flat protobuf-es messages, for which `toBinary()` of the library begins with a new buffer and goes by many
 * small functions. What it would refuse or convert is left to it.
 * @module
 */

import {
  type DescField,
  type DescMessage,
  ScalarType,
} from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { ProtobufOutput } from "./protobuf_output.ts";

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

/** Writes a field that is set. False when its value is not one that is written as it is. */
type FieldWriter = (out: ProtobufOutput, message: Fields) => boolean;

/** Writes messages of one type whose fields are single scalars and enums. */
export class FlatWriter {
  readonly #fields: readonly FieldWriter[];
  #idle: ProtobufOutput | undefined = undefined;

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

  /** Bytes that are kept for the next message. */
  get kept(): number {
    return this.#idle?.capacity ?? 0;
  }

  /**
   * The bytes of a message, the same as those of `toBinary()`, in an array that is never written again and may share
   * its buffer with others. `undefined` when a value is not of the type of its field: the library converts or
   * refuses it.
   */
  write(message: object): Uint8Array | undefined {
    // Taken out while it is in use: a getter may write another message.
    const out = this.#idle ?? new ProtobufOutput();
    this.#idle = undefined;
    const bytes = this.#fill(out, message as Fields); // of the schema, as the caller has checked
    out.clear(); // also of what the library is to write
    this.#idle = out;
    return bytes;
  }

  #fill(out: ProtobufOutput, message: Fields): Uint8Array | undefined {
    for (const write of this.#fields) {
      if (!write(out, message)) return undefined;
    }
    const unknown = message.$unknown;
    if (unknown !== undefined) {
      for (const { no, wireType, data } of unknown) {
        out.tagged(tagOf(no, wireType), data);
      }
    }
    return out.finish();
  }
}

function tagOf(number: number, wireType: WireType): number {
  return ((number << 3) | wireType) >>> 0;
}

function fieldWriter(field: DescField): FieldWriter | undefined {
  if (field.fieldKind !== "scalar" && field.fieldKind !== "enum") return;
  if (field.oneof !== undefined || field.presence === LEGACY_REQUIRED) return;
  const { localName, number } = field;
  const isEnum = field.fieldKind === "enum";
  const type = isEnum ? ScalarType.INT32 : field.scalar;
  const tag = tagOf(number, wireTypeOf(type));
  const write = SCALAR_WRITERS[type];
  if (field.presence !== IMPLICIT) {
    return (out, message) => {
      const value = message[localName];
      // Defaults are on the prototype: a field that is set is the message's own.
      return value === undefined || !Object.hasOwn(message, localName) ||
        write(out, tag, value);
    };
  }
  const zero = isEnum ? field.enum.values[0]?.number : undefined;
  const isZero = isEnum ? (value: unknown) => value === zero : zeroTest(type);
  return (out, message) => {
    const value = message[localName];
    return isZero(value) || write(out, tag, value);
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

/** Writes a value. False when it is not of the type. */
type ScalarWriter = (
  out: ProtobufOutput,
  tag: number,
  value: unknown,
) => boolean;

const SCALAR_WRITERS: Readonly<Record<ScalarType, ScalarWriter>> = {
  [ScalarType.BOOL]: (out, tag, value) => {
    if (typeof value !== "boolean") return false;
    out.varint(tag, value ? 1 : 0);
    return true;
  },
  [ScalarType.BYTES]: (out, tag, value) => {
    if (!(value instanceof Uint8Array)) return false;
    out.bytes(tag, value);
    return true;
  },
  [ScalarType.DOUBLE]: (out, tag, value) => {
    if (typeof value !== "number") return false;
    out.double(tag, value);
    return true;
  },
  [ScalarType.FIXED32]: (out, tag, value) => {
    if (!isUint32(value)) return false;
    out.fixed32(tag, value);
    return true;
  },
  [ScalarType.FIXED64]: (out, tag, value) => {
    if (!isUint64(value)) return false;
    out.fixed64(tag, value);
    return true;
  },
  [ScalarType.FLOAT]: (out, tag, value) => {
    if (typeof value !== "number") return false;
    // One that is too large for 32 bits would become infinite.
    if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) {
      return false;
    }
    out.float(tag, value);
    return true;
  },
  [ScalarType.INT32]: (out, tag, value) => {
    if (!isInt32(value)) return false;
    if (value >= 0) out.varint(tag, value);
    else out.varint64(tag, value >>> 0, 0xffffffff);
    return true;
  },
  [ScalarType.INT64]: (out, tag, value) => {
    if (!isInt64(value)) return false;
    writeBigint(out, tag, value);
    return true;
  },
  [ScalarType.SFIXED32]: (out, tag, value) => {
    if (!isInt32(value)) return false;
    out.fixed32(tag, value);
    return true;
  },
  [ScalarType.SFIXED64]: (out, tag, value) => {
    if (!isInt64(value)) return false;
    out.fixed64(tag, value);
    return true;
  },
  [ScalarType.SINT32]: (out, tag, value) => {
    if (!isInt32(value)) return false;
    out.varint(tag, ((value << 1) ^ (value >> 31)) >>> 0);
    return true;
  },
  [ScalarType.SINT64]: (out, tag, value) => {
    if (!isInt64(value)) return false;
    writeBigint(out, tag, (value << 1n) ^ (value >> 63n));
    return true;
  },
  [ScalarType.STRING]: (out, tag, value) => {
    if (typeof value !== "string" || !value.isWellFormed()) return false;
    out.string(tag, value);
    return true;
  },
  [ScalarType.UINT32]: (out, tag, value) => {
    if (!isUint32(value)) return false;
    out.varint(tag, value);
    return true;
  },
  [ScalarType.UINT64]: (out, tag, value) => {
    if (!isUint64(value)) return false;
    writeBigint(out, tag, value);
    return true;
  },
};

function isInt32(value: unknown): value is number {
  return typeof value === "number" && (value | 0) === value;
}

function isUint32(value: unknown): value is number {
  return typeof value === "number" && (value >>> 0) === value;
}

function isInt64(value: unknown): value is bigint {
  return typeof value === "bigint" && BigInt.asIntN(64, value) === value;
}

function isUint64(value: unknown): value is bigint {
  return typeof value === "bigint" && BigInt.asUintN(64, value) === value;
}

/** The lowest 64 bits of it. */
function writeBigint(out: ProtobufOutput, tag: number, value: bigint): void {
  const number = Number(value);
  if (number >= 0 && number <= Number.MAX_SAFE_INTEGER) {
    return out.varint(tag, number); // bigints cost several times as much
  }
  const bits = BigInt.asUintN(64, value);
  out.varint64(tag, Number(bits & 0xffffffffn), Number(bits >> 32n));
}
