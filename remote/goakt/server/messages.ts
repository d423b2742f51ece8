/**
 * Tell and ask.
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Cell } from "../../../actor/cell/cell.ts";
import {
  AskTimeoutError,
  describe,
  StoppedError,
  UnhandledError,
} from "../../../actor/errors.ts";
import { addHeaders, Envelope } from "../../../actor/protocol/message.ts";
import { Pid } from "../../../actor/reference/pid.ts";
import type { BaseRef } from "../../../actor/reference/ref.ts";
import {
  formatGoaktAddress,
  type GoaktAddress,
  NO_SENDER,
  parseGoaktAddress,
} from "../address.ts";
import { Code } from "../gen/internalpb/error_pb.ts";
import type {
  RemoteAskRequest,
  RemoteAskResponseSchema,
  RemoteMessage,
  RemoteTellRequest,
  RemoteTellResponseSchema,
} from "../gen/internalpb/remoting_pb.ts";
import { fromAny, toAny } from "../payload.ts";
import {
  addressNotFound,
  invalidHost,
  Refusal,
  sendFailed,
  TEXT,
} from "../refusal.ts";
import { fromDuration } from "../time.ts";
import { CONTROL, MAX_VALUE_BYTES } from "../../wire/tables.ts";
import { asyncRequest, isAsyncRequest } from "./async_request.ts";
import { decodePayload } from "./decode.ts";
import {
  findAddressable,
  type GoaktHost,
  type RequestContext,
} from "./host.ts";

type TellResponse = MessageInitShape<typeof RemoteTellResponseSchema>;
type AskResponse = MessageInitShape<typeof RemoteAskResponseSchema>;

/** Gives messages to their actors in order; what comes before one that is refused stays delivered. */
export function tell(
  host: GoaktHost,
  { remoteMessages }: RemoteTellRequest,
  { headers, caller }: RequestContext,
): TellResponse {
  for (const message of remoteMessages) {
    const cell = aliveAt(host, receiverOf(message));
    const payload = fromAny(message.message);
    if (isAsyncRequest(payload)) {
      const { request, decoded } = asyncRequest(host, cell, payload, caller);
      const sender = senderOf(host, message);
      const envelope = new Envelope(decoded.message, sender, request);
      cell.deliver(addHeaders(envelope, headers));
      continue;
    }
    const { message: body } = decodePayload(cell, payload, caller);
    const sender = senderOf(host, message);
    const isPlain = sender === undefined && headers === undefined;
    cell.deliver(
      isPlain
        ? body
        : addHeaders(new Envelope(body, sender, undefined), headers),
    );
  }
  return {};
}

/** Asks one actor after the other; all replies, or what was wrong with the first that failed. */
export async function ask(
  host: GoaktHost,
  { remoteMessages, timeout }: RemoteAskRequest,
  { remaining, headers, caller }: RequestContext,
): Promise<AskResponse> {
  const { clock, asks } = host.runtime;
  const each = timeout === undefined
    ? asks.defaultTimeout
    : fromDuration(timeout);
  const end = clock.now() + remaining;
  const messages = [];
  for (const message of remoteMessages) {
    const address = receiverOf(message);
    if (!host.answersTo(address.host, address.port)) throw invalidHost();
    const cell = aliveAt(host, address);
    const decoded = decodePayload(cell, fromAny(message.message), caller);
    const sender = senderOf(host, message);
    const left = end - clock.now();
    const envelope = addHeaders(
      new Envelope(decoded.message, sender, undefined),
      headers,
    );
    const reply = await askOne(host, cell, envelope, each, left);
    messages.push(toAny(decoded.encodeReply(reply)));
  }
  return { messages };
}

/** Asks one actor, for `each` milliseconds, and no longer than the `left` of the whole request. */
async function askOne(
  { runtime: { asks } }: GoaktHost,
  cell: Cell,
  { message, sender, headers }: Envelope,
  each: number,
  left: number,
): Promise<unknown> {
  const isDeadline = left < each;
  const timeout = Math.min(each, left);
  if (!(timeout > 0)) throw timedOut(isDeadline);
  try {
    return await asks.ask(
      cell.ref,
      message,
      sender,
      { timeout },
      undefined,
      undefined,
      headers,
    );
  } catch (error) {
    if (error instanceof AskTimeoutError && isOf(error, cell)) {
      throw timedOut(isDeadline);
    }
    if (error instanceof StoppedError && isOf(error, cell)) {
      throw sendFailed(TEXT.notAlive);
    }
    if (error instanceof UnhandledError && isOf(error, cell)) {
      throw sendFailed(TEXT.unhandled);
    }
    throw sendFailed(describe(error));
  }
}

/** Whether an error concerns the actor itself, and not one that its handler has asked. */
function isOf({ target }: { readonly target: Pid }, cell: Cell): boolean {
  return target.equals(cell.pid);
}

function timedOut(isDeadline: boolean): Refusal {
  const lines = isDeadline
    ? [TEXT.sendFailed, TEXT.deadlineExceeded, TEXT.timedOut]
    : [TEXT.sendFailed, TEXT.timedOut];
  return new Refusal(Code.DEADLINE_EXCEEDED, ...lines);
}

function receiverOf({ receiver }: RemoteMessage): GoaktAddress {
  const { address, flaw } = parseGoaktAddress(receiver);
  if (flaw !== undefined) throw new Refusal(Code.INVALID_ARGUMENT, flaw);
  return address;
}

function aliveAt(host: GoaktHost, address: GoaktAddress): Cell {
  const isHere = address.system === host.runtime.name &&
    host.answersTo(address.host, address.port);
  const cell = isHere ? findAddressable(host, address.path) : undefined;
  if (cell === undefined) throw addressNotFound(formatGoaktAddress(address));
  switch (cell.state) {
    case "suspended":
    case "draining":
    case "stopping":
    case "stopped":
      throw sendFailed(TEXT.notAlive);
    default:
      return cell;
  }
}

/** Who sent a message, when somebody can be answered. */
function senderOf(
  host: GoaktHost,
  { sender }: RemoteMessage,
): BaseRef | undefined {
  if (sender === NO_SENDER) return undefined;
  const { address, flaw } = parseGoaktAddress(sender);
  if (flaw !== undefined) {
    throw new Refusal(Code.INTERNAL_ERROR, TEXT.invalidMessage, flaw);
  }
  const { system, path } = address;
  if (system === "" || path === "" || address.port > 65_535) return undefined;
  // One that cannot be written down, as a name of an actor can, is as good as none.
  if (sender.length > MAX_VALUE_BYTES || CONTROL.test(sender)) return undefined;
  return host.sender(new Pid(address));
}
