/**
 * Sizes and bytes of the messages inside a frame. The writers need room for what the size functions say.
 * @module
 */

import { varint32Size, writeVarint32 } from "../../internal/varint.ts";
import type {
  Chunk,
  Compressed,
  Definition,
  Failure,
  Header,
  Spawn,
} from "./fields.ts";
import { utf8Size, writeUtf8 } from "./text.ts";

/** Bytes of a field with a one-byte tag and `length` bytes of content; an empty one is left out. */
export function fieldSize(length: number): number {
  return length === 0 ? 0 : 1 + varint32Size(length) + length;
}

function numberSize(value: number): number {
  return value === 0 ? 0 : 1 + varint32Size(value);
}

function textSize(text: string): number {
  return fieldSize(utf8Size(text));
}

/** Writes a number field, unless it is 0; returns the offset after it. */
function writeNumber(
  bytes: Uint8Array,
  at: number,
  tag: number,
  value: number,
): number {
  if (value === 0) return at;
  bytes[at] = tag;
  return writeVarint32(bytes, at + 1, value);
}

/** Writes a text field, unless it is empty; returns the offset after it. */
export function writeText(
  bytes: Uint8Array,
  at: number,
  tag: number,
  text: string,
): number {
  if (text === "") return at;
  bytes[at] = tag;
  return writeUtf8(bytes, writeVarint32(bytes, at + 1, utf8Size(text)), text);
}

/** Writes a bytes field, unless it is empty; returns the offset after it. */
export function writeBytes(
  bytes: Uint8Array,
  at: number,
  tag: number,
  value: Uint8Array,
): number {
  if (value.length === 0) return at;
  bytes[at] = tag;
  const start = writeVarint32(bytes, at + 1, value.length);
  bytes.set(value, start);
  return start + value.length;
}

/** Bytes of a definition without its own tag and length. */
export function definitionSize(it: Definition): number {
  return numberSize(it.number) + numberSize(it.table) + textSize(it.value);
}

/** Writes a definition; returns the offset after it. */
export function writeDefinition(
  bytes: Uint8Array,
  at: number,
  it: Definition,
): number {
  at = writeNumber(bytes, at, 0x08, it.number);
  at = writeNumber(bytes, at, 0x10, it.table);
  return writeText(bytes, at, 0x1a, it.value);
}

/** Bytes of a header without its own tag and length. */
export function headerSize(it: Header): number {
  return textSize(it.key) + textSize(it.value);
}

/** Writes a header; returns the offset after it. */
export function writeHeader(bytes: Uint8Array, at: number, it: Header): number {
  return writeText(bytes, writeText(bytes, at, 0x0a, it.key), 0x12, it.value);
}

/** Bytes of a chunk without its own tag and length. */
export function chunkSize(it: Chunk): number {
  return numberSize(it.id) + (it.last ? 2 : 0) + numberSize(it.totalBytes);
}

/** Writes a chunk; returns the offset after it. */
export function writeChunk(bytes: Uint8Array, at: number, it: Chunk): number {
  at = writeNumber(bytes, at, 0x08, it.id);
  at = writeNumber(bytes, at, 0x10, it.last ? 1 : 0);
  return writeNumber(bytes, at, 0x18, it.totalBytes);
}

/** Bytes of a failure without its own tag and length. */
export function failureSize(it: Failure): number {
  return textSize(it.code) + textSize(it.text) + numberSize(it.outcome) +
    (it.retryable ? 2 : 0) +
    fieldSize(it.data.length);
}

/** Writes a failure; returns the offset after it. */
export function writeFailure(
  bytes: Uint8Array,
  at: number,
  it: Failure,
): number {
  at = writeText(bytes, at, 0x0a, it.code);
  at = writeText(bytes, at, 0x12, it.text);
  at = writeNumber(bytes, at, 0x18, it.outcome);
  at = writeNumber(bytes, at, 0x20, it.retryable ? 1 : 0);
  return writeBytes(bytes, at, 0x2a, it.data);
}

/** Bytes of a spawn request without its own tag and length. */
export function spawnSize(it: Spawn): number {
  return textSize(it.kind) + textSize(it.name) + fieldSize(it.input.length) +
    textSize(it.inputType);
}

/** Writes a spawn request; returns the offset after it. */
export function writeSpawn(bytes: Uint8Array, at: number, it: Spawn): number {
  at = writeText(bytes, at, 0x0a, it.kind);
  at = writeText(bytes, at, 0x12, it.name);
  at = writeBytes(bytes, at, 0x1a, it.input);
  return writeText(bytes, at, 0x22, it.inputType);
}

/** Bytes of what is said of a compressed payload, without its own tag and length. */
export function compressedSize(it: Compressed): number {
  return numberSize(it.algorithm) + numberSize(it.totalBytes);
}

/** Writes what is said of a compressed payload; returns the offset after it. */
export function writeCompressed(
  bytes: Uint8Array,
  at: number,
  it: Compressed,
): number {
  at = writeNumber(bytes, at, 0x08, it.algorithm);
  return writeNumber(bytes, at, 0x10, it.totalBytes);
}
