/**
 * Messages as GoAkt peers send them to the node "shop".
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { assertEquals } from "@std/assert";
import { NO_SENDER } from "../../../remote/goakt/address.ts";
import {
  RemoteAskResponseSchema,
  type RemoteMessageSchema,
} from "../../../remote/goakt/gen/internalpb/remoting_pb.ts";
import { fromAny, toAny } from "../../../remote/goakt/payload.ts";
import { messageIn, stringPayload } from "./fixtures.ts";

/** Who sends them. */
export const PEER = "goakt://go@10.0.0.8:9001/caller";

/** The address of an actor of the node. */
export function at(path: string): string {
  return `goakt://shop@10.0.0.7:9000/${path}`;
}

/** A text for an actor. */
export function message(
  receiver: string,
  text: string,
  sender: string = NO_SENDER,
): MessageInitShape<typeof RemoteMessageSchema> {
  return { sender, receiver, message: toAny(stringPayload(text)) };
}

/** The texts in an answer. */
export function textsOf(frame: Uint8Array): string[] {
  return messageIn(RemoteAskResponseSchema, frame).messages.map((any) => {
    const { typeName, bytes } = fromAny(any);
    assertEquals(typeName, "google.protobuf.StringValue");
    return new TextDecoder().decode(bytes.subarray(2));
  });
}
