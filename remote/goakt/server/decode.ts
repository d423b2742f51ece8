/**
 * From payloads of GoAkt peers to messages of actors, and back.
 * @module
 */

import type { Cell } from "../../../actor/cell/cell.ts";
import { describe } from "../../../actor/errors.ts";
import type { Caller } from "../../../actor/protocol/caller.ts";
import {
  broughtBy,
  type Message,
  ReceivedMessage,
} from "../../../actor/protocol/message.ts";
import type { MessageType } from "../../../actor/protocol/protocol.ts";
import { foreignMail, PoisonPill } from "../../../actor/cell/signals.ts";
import { Code } from "../gen/internalpb/error_pb.ts";
import { NoMessageSchema, PoisonPillSchema } from "../gen/goaktpb/goakt_pb.ts";
import { formatName, namedCodec } from "../named_codec.ts";
import type { Payload } from "../payload.ts";
import { CONTROL, MAX_VALUE_BYTES } from "../../wire/tables.ts";
import { Refusal, sendFailed, TEXT } from "../refusal.ts";

/** A message, and how its reply becomes a payload. */
export interface Decoded {
  /** The message for the actor. */
  readonly message: Message;
  /**
   * The payload that carries `reply`.
   *
   * @throws {Refusal} When it cannot be sent to a Go peer.
   */
  encodeReply(reply: unknown): Payload;
}

/** What a handler that has nothing to say is taken to have said: GoAkt has no empty answer. */
const NOTHING: Payload = {
  typeName: NoMessageSchema.typeName,
  bytes: new Uint8Array(),
};

/**
 * Makes a message for an actor. One whose type its protocol does not have, or has without protobuf, becomes
 * what its `receive` method is given: the name and the bytes.
 *
 * @throws {Refusal} When the bytes are not what the name says.
 */
export function decodePayload(
  cell: Cell,
  payload: Payload,
  caller: Caller,
): Decoded {
  const { typeName, bytes } = payload;
  if (typeName === PoisonPillSchema.typeName) {
    return { message: PoisonPill, encodeReply: encodeForeign };
  }
  const { protocol } = cell;
  const type = protocol.byType.get(typeName);
  const codec = namedCodec(type?.input);
  if (type === undefined || codec === undefined) {
    checkTypeName(typeName);
    const message = broughtBy(foreignMail(payload), caller);
    return { message, encodeReply: encodeForeign };
  }
  let body: unknown;
  try {
    body = codec.decode(bytes);
  } catch (error) {
    throw new Refusal(
      Code.INTERNAL_ERROR,
      TEXT.invalidMessage,
      describe(error),
    );
  }
  return {
    message: new ReceivedMessage(protocol, type.index, typeName, body, caller),
    encodeReply: (reply) => encodeTyped(type, reply),
  };
}

/** A name that is not known gets into logs, if nobody makes anything of the message. */
function checkTypeName(name: string): void {
  const flaw = name.length > MAX_VALUE_BYTES
    ? `its type name has ${name.length} characters`
    : CONTROL.test(name)
    ? "its type name has a control character"
    : undefined;
  if (flaw === undefined) return;
  throw new Refusal(Code.INVALID_ARGUMENT, TEXT.invalidMessage, flaw);
}

function encodeTyped({ type, output }: MessageType, reply: unknown): Payload {
  const codec = namedCodec(output);
  if (codec !== undefined) {
    return { typeName: codec.typeName, bytes: codec.encode(reply) };
  }
  if (reply === undefined) return NOTHING;
  throw sendFailed(
    `Cannot send the reply to "${type}": its format is ${
      formatName(output)
    }, protobuf was expected`,
  );
}

/** The reply to a message without a codec: nothing, or again a name and bytes. */
function encodeForeign(reply: unknown): Payload {
  if (reply === undefined) return NOTHING;
  if (isPayload(reply)) return reply;
  throw sendFailed(
    "Cannot send the reply: it is neither empty nor { typeName, bytes }, one of these was expected",
  );
}

function isPayload(value: unknown): value is Payload {
  if (typeof value !== "object" || value === null) return false;
  const { typeName, bytes } = value as Partial<Payload>; // looked at next
  return typeof typeName === "string" && bytes instanceof Uint8Array;
}
