/**
 * Requests that members of a Go cluster make of each other.
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

/** How many actors and grains live here. */
export function nodeMetric(
  host: GoaktHost,
  { nodeAddress }: GetNodeMetricRequest,
): MessageInitShape<typeof GetNodeMetricResponseSchema> {
  checkMember(host, nodeAddress);
  const load = host.load() + (host.grains?.count() ?? 0);
  return { nodeAddress, load: BigInt(load) };
}

/** The names of the kinds that actors are created from. */
export function kinds(
  host: GoaktHost,
  { nodeAddress }: GetKindsRequest,
): MessageInitShape<typeof GetKindsResponseSchema> {
  checkMember(host, nodeAddress);
  return { kinds: host.kinds.names };
}

/** Refused: a node of ours is not a member of a Go cluster, whose members keep each other's state. */
export function persistPeerState(): never {
  throw clusterDisabled();
}

function checkMember(host: GoaktHost, nodeAddress: string): void {
  if (!host.isClustered) throw clusterDisabled();
  const colon = nodeAddress.lastIndexOf(":");
  const port = nodeAddress.slice(colon + 1);
  const answers = colon > 0 && /^\d{1,5}$/.test(port) &&
    host.answersTo(nodeAddress.slice(0, colon), Number(port));
  if (!answers) throw invalidHost();
}

function clusterDisabled(): Refusal {
  return new Refusal(Code.FAILED_PRECONDITION, TEXT.clusterDisabled);
}
