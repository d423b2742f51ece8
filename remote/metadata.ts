/**
 * The metadata block of a GoAkt frame: headers and a deadline.
 *
 * ```text
 * u16 count | count times: u16 keyLength, key, u16 valueLength, value | i64 deadline
 * ```
 * @module
 */

import {
  readInt64,
  readUint16,
  writeInt64,
  writeUint16,
} from "../internal/bytes.ts";
import { FrameError } from "./errors.ts";

const MAX_UINT16 = 0xffff;
const DEADLINE_BYTES = 8;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What a metadata block says. */
export interface Metadata {
  /** One value per key; keys and values up to 65,535 bytes of UTF-8. */
  readonly headers: ReadonlyMap<string, string>;
  /** Unix time in nanoseconds; 0 for none. GoAkt 4.2.13 and later send the nanoseconds that remain. */
  readonly deadline: bigint;
}

/**
 * Returns the block for `metadata`, with the headers in the order of the map.
 *
 * @throws {FrameError} When there are more than 65,535 headers, or a key or value is longer than 65,535 bytes.
 */
export function encodeMetadata(metadata: Metadata): Uint8Array<ArrayBuffer> {
  const { headers, deadline } = metadata;
  checkUint16("the number of headers", headers.size);
  let length = 2 + DEADLINE_BYTES;
  const texts: Uint8Array[] = [];
  for (const [key, value] of headers) {
    for (const text of [key, value]) {
      const bytes = encoder.encode(text);
      checkUint16(`a text of header "${key.slice(0, 64)}"`, bytes.length);
      texts.push(bytes);
      length += 2 + bytes.length;
    }
  }
  const block = new Uint8Array(length);
  writeUint16(block, 0, headers.size);
  let offset = 2;
  for (const text of texts) {
    writeUint16(block, offset, text.length);
    block.set(text, offset + 2);
    offset += 2 + text.length;
  }
  writeInt64(block, offset, deadline);
  return block;
}

/**
 * Reads a block. An empty one says nothing; bytes after the deadline are ignored, as GoAkt does; of a key
 * that comes twice the last value counts.
 *
 * @throws {FrameError} When the block ends too early or a text is not UTF-8.
 */
export function decodeMetadata(block: Uint8Array): Metadata {
  const headers = new Map<string, string>();
  if (block.length === 0) return { headers, deadline: 0n };
  const state = { block, offset: 0 };
  const count = takeUint16(state);
  for (let index = 0; index < count; index++) {
    const key = takeText(state);
    headers.set(key, takeText(state));
  }
  need(state, DEADLINE_BYTES);
  return { headers, deadline: readInt64(block, state.offset) };
}

interface BlockState {
  readonly block: Uint8Array;
  offset: number;
}

function takeUint16(state: BlockState): number {
  need(state, 2);
  const value = readUint16(state.block, state.offset);
  state.offset += 2;
  return value;
}

function takeText(state: BlockState): string {
  const length = takeUint16(state);
  need(state, length);
  const text = state.block.subarray(state.offset, state.offset + length);
  state.offset += length;
  try {
    return decoder.decode(text);
  } catch (cause) {
    throw new FrameError(
      "read metadata",
      "a header is not UTF-8",
      "UTF-8 was expected",
      { cause },
    );
  }
}

function need(state: BlockState, length: number): void {
  const left = state.block.length - state.offset;
  if (left < length) {
    throw new FrameError(
      "read metadata",
      `${left} bytes are left at offset ${state.offset}`,
      `at least ${length} were expected`,
    );
  }
}

function checkUint16(what: string, value: number): void {
  if (value > MAX_UINT16) {
    throw new FrameError(
      "write metadata",
      `${what} is ${value}`,
      `at most ${MAX_UINT16} was expected`,
    );
  }
}
