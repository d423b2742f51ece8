/**
 * UTF-8 in the middle of byte arrays, fast for the short ASCII texts that messages are made of.
 * @module
 */

import { Buffer } from "node:buffer";

/** Above this many characters the platform's encoder is faster than a loop. */
const LOOP_LIMIT = 48;
const REPLACEMENT = "\ufffd";

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", {
  fatal: true,
  ignoreBOM: true,
});

/** Returns how many bytes `text` takes in UTF-8; a lone surrogate counts as U+FFFD. */
export function utf8Size(text: string): number {
  let size = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    if (unit < 0x800) size++;
    else if (
      unit >= 0xd800 && unit < 0xdc00 &&
      isLowSurrogate(text.charCodeAt(index + 1))
    ) {
      size += 2;
      index++;
    } else size += 2;
  }
  return size;
}

/**
 * Writes `text` at `offset`; a lone surrogate becomes U+FFFD.
 *
 * @returns The offset after it. There must be room.
 */
export function writeUtf8(
  bytes: Uint8Array,
  offset: number,
  text: string,
): number {
  const { length } = text;
  if (length <= LOOP_LIMIT) {
    let at = offset;
    let index = 0;
    for (; index < length; index++) {
      const unit = text.charCodeAt(index);
      if (unit >= 0x80) break;
      bytes[at++] = unit;
    }
    if (index === length) return at;
  }
  return offset + encoder.encodeInto(text, bytes.subarray(offset)).written;
}

/**
 * Returns the text of the bytes from `start` to `end`, or `undefined` when they are not UTF-8. A byte order
 * mark is kept.
 */
export function readUtf8(
  bytes: Uint8Array,
  start: number,
  end: number,
): string | undefined {
  if (start === end) return "";
  // Decoding by range saves the view, which costs as much as a short text.
  const text: string = Buffer.prototype.utf8Slice.call(bytes, start, end);
  // A wrong byte becomes U+FFFD, but so does a U+FFFD that was sent: look again, strictly.
  if (text.includes(REPLACEMENT)) {
    return readStrictly(bytes.subarray(start, end));
  }
  return text;
}

function readStrictly(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return undefined;
  }
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
