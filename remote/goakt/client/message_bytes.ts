/**
 * Tells and asks as the bytes that protobuf makes of them, without the objects in between: they are most of
 * what is sent.
 * @module
 */

import { concatBytes } from "../../../internal/bytes.ts";
import { utf8Size, writeUtf8 } from "../../wire/text.ts";
import type { Payload } from "../payload.ts";

/** What `Any` has in front of the name of a type. */
const PREFIX = "type.googleapis.com/";
const FIRST = 0x0a; // field 1, with a length
const SECOND = 0x12;
const THIRD = 0x1a;

/** A `RemoteMessage` as field 1 of a request; no address is empty. */
export function messageBytes(
  sender: string,
  receiver: string,
  payload: Payload,
): Uint8Array<ArrayBuffer> {
  const sizes = sizesOf(sender, receiver, payload);
  const out = new Uint8Array(fieldSize(sizes.message));
  writeMessage(out, 0, sizes, sender, receiver, payload);
  return out;
}

/** The lengths in bytes of the parts of a `RemoteMessage`. */
export interface MessageSizes {
  readonly sender: number;
  readonly receiver: number;
  readonly url: number;
  readonly any: number;
  readonly message: number;
}

/** How many bytes each part takes. */
export function sizesOf(
  sender: string,
  receiver: string,
  { typeName, bytes: { length } }: Payload,
): MessageSizes {
  const from = utf8Size(sender);
  const to = utf8Size(receiver);
  const url = PREFIX.length + utf8Size(typeName);
  const any = fieldSize(url) + (length === 0 ? 0 : fieldSize(length));
  const message = fieldSize(from) + fieldSize(to) + fieldSize(any);
  return { sender: from, receiver: to, url, any, message };
}

/** Writes a `RemoteMessage` as field 1 of a request; the payload comes last. Returns the offset after it. */
export function writeMessage(
  out: Uint8Array,
  offset: number,
  sizes: MessageSizes,
  sender: string,
  receiver: string,
  { typeName, bytes }: Payload,
): number {
  let at = writeHead(out, offset, FIRST, sizes.message);
  at = writeUtf8(out, writeHead(out, at, FIRST, sizes.sender), sender);
  at = writeUtf8(out, writeHead(out, at, SECOND, sizes.receiver), receiver);
  at = writeHead(out, at, THIRD, sizes.any);
  at = writeUtf8(out, writeHead(out, at, FIRST, sizes.url), PREFIX);
  at = writeUtf8(out, at, typeName);
  const { length } = bytes;
  if (length === 0) return at;
  at = writeHead(out, at, SECOND, length);
  out.set(bytes, at);
  return at + length;
}

/** The body of a `RemoteTellRequest`. */
export function tellBody(
  messages: readonly Uint8Array<ArrayBuffer>[],
): Uint8Array<ArrayBuffer> {
  const [first, ...more] = messages;
  return first !== undefined && more.length === 0
    ? first
    : concatBytes(messages);
}

/**
 * The bytes of the only message in the body of a `RemoteAskResponse`, as a view, when that message is of the type
 * named and the body is written as GoAkt nodes write it; `undefined` says that the body has to be decoded.
 */
export function answerBytes(
  body: Uint8Array,
  typeName: string,
): Uint8Array | undefined {
  const url = PREFIX.length + typeName.length;
  // An answer of less than 128 bytes, whose lengths are one byte each.
  const start = 4 + url;
  if (body.length >= 0x82 || body.length < start) return undefined;
  if (
    body[0] !== FIRST || body[1] !== body.length - 2 || body[2] !== FIRST ||
    body[3] !== url || !isText(body, 4, PREFIX) ||
    !isText(body, 4 + PREFIX.length, typeName)
  ) return undefined;
  if (body.length === start) return body.subarray(start);
  const isWhole = body[start] === SECOND &&
    body[start + 1] === body.length - start - 2;
  return isWhole ? body.subarray(start + 2) : undefined;
}

/** Whether the bytes from `start` on are `text`; never true of one that is not ASCII. */
function isText(bytes: Uint8Array, start: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80 || bytes[start + index] !== unit) return false;
  }
  return true;
}

/** Bytes of a field of that many bytes, its tag and length included. */
export function fieldSize(length: number): number {
  return 1 + varintSize(length) + length;
}

/** Bytes of a number below 2 ** 35. */
export function varintSize(value: number): number {
  let size = 1;
  for (let left = value; left >= 0x80; left /= 0x80) size++;
  return size;
}

/** Writes a tag and a number; returns the offset after them. */
export function writeHead(
  out: Uint8Array,
  offset: number,
  tag: number,
  value: number,
): number {
  let at = offset;
  out[at++] = tag;
  let left = value;
  while (left >= 0x80) {
    out[at++] = (left % 0x80) | 0x80;
    left = Math.trunc(left / 0x80);
  }
  out[at++] = left;
  return at;
}
