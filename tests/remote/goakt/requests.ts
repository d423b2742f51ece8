/**
 * Requests of a GoAkt peer, carried out by a node of the tests.
 * @module
 */

import {
  create,
  type DescMessage,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { carryOut } from "../../../remote/goakt/server/services.ts";
import { answerOf, type GoaktNode, STRANGER } from "./fixtures.ts";

/** Where the node is. */
export const HERE: { host: string; port: number } = {
  host: "10.0.0.7",
  port: 9000,
};

/** Carries a request out; `deadline` is nanoseconds as in the metadata. */
export async function request<Schema extends DescMessage>(
  { host }: GoaktNode,
  schema: Schema,
  init: MessageInitShape<Schema>,
  deadline = 0n,
  headers: ReadonlyMap<string, string> = new Map(),
): Promise<Uint8Array> {
  return await carryOut(host, {
    name: schema.typeName,
    metadata: { headers, deadline },
    body: toBinary(schema, create(schema, init)),
  }, STRANGER);
}

/** The code and the text of an error, or the name of the answer. */
export function outcomeOf(frame: Uint8Array): [number | string, string?] {
  const { name, code, text } = answerOf(frame);
  return code === undefined ? [name] : [code, text ?? ""];
}
