/**
 * Tells and asks as the bytes that protobuf makes of them, without the objects in between: they are most of
 * what is sent.
 * @module
 */

import { concatBytes } from "../../../internal/bytes.ts";
import { utf8Size, writeUtf8 } from "../../wire/text.ts";
import type { Payload } from "../payload.ts";
import { durationParts } from "../time.ts";

/** What `Any` has in front of the name of a type. */
const PREFIX = "type.googleapis.com/";
const FIRST = 0x0a; // field 1, with a length
const SECOND = 0x12;
const THIRD = 0x1a;
const SECONDS = 0x08; // field 1, a number
const NANOS = 0x10;

/** A `RemoteMessage` as field 1 of a request; no address is empty. */
export function messageBytes(
  sender: string,
  receiver: string,
  { typeName, bytes }: Payload,
): Uint8Array<ArrayBuffer> {
  const from = utf8Size(sender);
  const to = utf8Size(receiver);
  const url = PREFIX.length + utf8Size(typeName);
  const value = bytes.length;
  const any = fieldSize(url) + (value === 0 ? 0 : fieldSize(value));
  const message = fieldSize(from) + fieldSize(to) + fieldSize(any);
  const out = new Uint8Array(fieldSize(message));
  let at = writeHead(out, 0, FIRST, message);
  at = writeUtf8(out, writeHead(out, at, FIRST, from), sender);
  at = writeUtf8(out, writeHead(out, at, SECOND, to), receiver);
  at = writeHead(out, at, THIRD, any);
  at = writeUtf8(out, writeHead(out, at, FIRST, url), PREFIX);
  at = writeUtf8(out, at, typeName);
  if (value > 0) out.set(bytes, writeHead(out, at, SECOND, value));
  return out;
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

/** The body of a `RemoteAskRequest` with one message; `timeout` is more than 0, in milliseconds. */
export function askBody(
  message: Uint8Array,
  timeout: number,
): Uint8Array<ArrayBuffer> {
  const [seconds, nanos] = durationParts(timeout);
  const size = (seconds === 0 ? 0 : 1 + varintSize(seconds)) +
    (nanos === 0 ? 0 : 1 + varintSize(nanos));
  const out = new Uint8Array(message.length + fieldSize(size));
  out.set(message);
  let at = writeHead(out, message.length, SECOND, size);
  if (seconds > 0) at = writeHead(out, at, SECONDS, seconds);
  if (nanos > 0) writeHead(out, at, NANOS, nanos);
  return out;
}

/** Bytes of a field of that many bytes, its tag and length included. */
function fieldSize(length: number): number {
  return 1 + varintSize(length) + length;
}

/** For numbers below 2 ** 35. */
function varintSize(value: number): number {
  let size = 1;
  for (let left = value; left >= 0x80; left /= 0x80) size++;
  return size;
}

/** Writes a tag and a number; the offset after them. */
function writeHead(
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
