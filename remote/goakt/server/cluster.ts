/**
 * What a node says of itself, and a request that members of a Go cluster make of each other. GoAkt nodes say
 * nothing outside of a cluster; a node of ours always does, so that GoAkt's own `client` package can use it.
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  GetKindsRequest,
  GetKindsResponseSchema,
  GetNodeMetricRequest,
  GetNodeMetricResponseSchema,
} from "../gen/internalpb/cluster_pb.ts";
import { Code } from "../gen/internalpb/error_pb.ts";
import { invalidHost, Refusal, TEXT } from "../refusal.ts";
import type { GoaktHost } from "./host.ts";

/** How many actors and grains live here: what GoAkt calls the load of a node. */
export function nodeMetric(
  host: GoaktHost,
  { nodeAddress }: GetNodeMetricRequest,
): MessageInitShape<typeof GetNodeMetricResponseSchema> {
  checkAddress(host, nodeAddress);
  const load = host.load() + (host.grains?.count() ?? 0);
  return { nodeAddress, load: BigInt(load) };
}

/** The names that actors can be created by, aliases included, in lower case and sorted. */
export function kinds(
  host: GoaktHost,
  { nodeAddress }: GetKindsRequest,
): MessageInitShape<typeof GetKindsResponseSchema> {
  checkAddress(host, nodeAddress);
  return { kinds: host.kinds.names };
}

/** Refused: a node of ours is not a member of a Go cluster, whose members keep each other's state. */
export function persistPeerState(): never {
  throw new Refusal(Code.FAILED_PRECONDITION, TEXT.clusterDisabled);
}

/** Refuses what is meant for another node. */
function checkAddress(host: GoaktHost, nodeAddress: string): void {
  const colon = nodeAddress.lastIndexOf(":");
  const port = nodeAddress.slice(colon + 1);
  const answers = colon > 0 && /^\d{1,5}$/.test(port) &&
    host.answersTo(nodeAddress.slice(0, colon), Number(port));
  if (!answers) throw invalidHost();
}
