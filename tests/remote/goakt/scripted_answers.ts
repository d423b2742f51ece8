/**
 * What a scripted GoAkt peer is asked, and answers.
 * @module
 */

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type StringValue, StringValueSchema } from "@bufbuild/protobuf/wkt";
import type { PeerPlace } from "../../../remote/goakt/client/goakt_client.ts";
import { ErrorSchema } from "../../../remote/goakt/gen/internalpb/error_pb.ts";
import {
  type RemoteAskRequest,
  RemoteAskRequestSchema,
  RemoteAskResponseSchema,
  RemoteTellRequestSchema,
  RemoteTellResponseSchema,
} from "../../../remote/goakt/gen/internalpb/remoting_pb.ts";
import {
  decodeMessage,
  encodeMessage,
} from "../../../remote/goakt/messages.ts";
import { fromAny, toAny } from "../../../remote/goakt/payload.ts";
import type { Asked } from "./client_world.ts";
import { stringPayload } from "./fixtures.ts";

/** Where it is. */
export const PLACE: PeerPlace = { host: "there", port: 9000 };
/** The answer to a tell. */
export const TOLD: Uint8Array<ArrayBuffer> = encodeMessage(
  RemoteTellResponseSchema,
  create(RemoteTellResponseSchema),
);

/** A text as a message. */
export function said(value: string): StringValue {
  return create(StringValueSchema, { value });
}

/** The texts that a request carries. */
export function textsOf({ name, body }: Asked): string[] {
  const request: { remoteMessages: RemoteAskRequest["remoteMessages"] } =
    name === RemoteAskRequestSchema.typeName
      ? decodeMessage(RemoteAskRequestSchema, body)
      : decodeMessage(RemoteTellRequestSchema, body);
  return request.remoteMessages.map(({ message }) =>
    new TextDecoder().decode(fromAny(message).bytes.subarray(2))
  );
}

/** An error as the answer. */
export function failed(init: MessageInitShape<typeof ErrorSchema>): Uint8Array {
  return encodeMessage(ErrorSchema, create(ErrorSchema, init));
}

/** Texts as the answer to an ask. */
export function replied(...texts: string[]): Uint8Array {
  return encodeMessage(
    RemoteAskResponseSchema,
    create(RemoteAskResponseSchema, {
      messages: texts.map((text) => toAny(stringPayload(text))),
    }),
  );
}

/** Answers tells with success, and asks with what they carry. */
export function echo(asked: Asked): void {
  const isAsk = asked.name === RemoteAskRequestSchema.typeName;
  void asked.answer(isAsk ? replied(...textsOf(asked)) : TOLD);
}
