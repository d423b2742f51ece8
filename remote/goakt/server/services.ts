/**
 * All requests of the GoAkt vocabulary, by the names of their messages.
 * @module
 */

import {
  create,
  type DescMessage,
  isMessage,
  type Message,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import type { Caller } from "../../../actor/protocol/caller.ts";
import { FrameError } from "../../errors.ts";
import { MAX_FRAME_BYTES } from "../../frame.ts";
import { extractHeaders } from "../../headers.ts";
import {
  GetKindsRequestSchema,
  GetKindsResponseSchema,
  GetNodeMetricRequestSchema,
  GetNodeMetricResponseSchema,
  PersistPeerStateRequestSchema,
  PersistPeerStateResponseSchema,
} from "../gen/internalpb/cluster_pb.ts";
import { ErrorSchema } from "../gen/internalpb/error_pb.ts";
import {
  RemoteActivateGrainRequestSchema,
  RemoteActivateGrainResponseSchema,
  RemoteAskGrainRequestSchema,
  RemoteAskGrainResponseSchema,
  RemoteAskRequestSchema,
  RemoteAskResponseSchema,
  RemoteLookupRequestSchema,
  RemoteLookupResponseSchema,
  RemoteReinstateRequestSchema,
  RemoteReinstateResponseSchema,
  RemoteReSpawnRequestSchema,
  RemoteReSpawnResponseSchema,
  RemoteSpawnRequestSchema,
  RemoteSpawnResponseSchema,
  RemoteStopRequestSchema,
  RemoteStopResponseSchema,
  RemoteTellGrainRequestSchema,
  RemoteTellGrainResponseSchema,
  RemoteTellRequestSchema,
  RemoteTellResponseSchema,
} from "../gen/internalpb/remoting_pb.ts";
import { decodeMessage, encodeMessage } from "../messages.ts";
import { PROBE_NAME, remotingDisabled, toErrorMessage } from "../refusal.ts";
import { remainingOf } from "../time.ts";
import { lookUp, reinstate, respawn, spawn, stop } from "./actors.ts";
import { kinds, nodeMetric, persistPeerState } from "./cluster.ts";
import { activateGrain, askGrain, tellGrain } from "./grains.ts";
import type { GoaktHost, RequestContext } from "./host.ts";
import { ask, tell } from "./messages.ts";
import type { ServerRequest } from "./server_core.ts";

/** Carries a request out. */
type Run<Request, Response> = (
  host: GoaktHost,
  request: Request,
  context: RequestContext,
) => Response | Promise<Response>;

/** One request, with its types taken away. */
interface Service {
  readonly name: string;
  readonly run: (
    host: GoaktHost,
    body: Uint8Array,
    context: RequestContext,
    limit: number,
  ) => Uint8Array | Promise<Uint8Array>;
}

const SERVICES: ReadonlyMap<string, Service> = new Map(
  [
    service(RemoteTellRequestSchema, RemoteTellResponseSchema, tell),
    service(RemoteAskRequestSchema, RemoteAskResponseSchema, ask),
    service(RemoteLookupRequestSchema, RemoteLookupResponseSchema, lookUp),
    service(RemoteSpawnRequestSchema, RemoteSpawnResponseSchema, spawn),
    service(RemoteReSpawnRequestSchema, RemoteReSpawnResponseSchema, respawn),
    service(RemoteStopRequestSchema, RemoteStopResponseSchema, stop),
    service(
      RemoteReinstateRequestSchema,
      RemoteReinstateResponseSchema,
      reinstate,
    ),
    service(
      RemoteTellGrainRequestSchema,
      RemoteTellGrainResponseSchema,
      tellGrain,
    ),
    service(
      RemoteAskGrainRequestSchema,
      RemoteAskGrainResponseSchema,
      askGrain,
    ),
    service(
      RemoteActivateGrainRequestSchema,
      RemoteActivateGrainResponseSchema,
      activateGrain,
    ),
    service(
      GetNodeMetricRequestSchema,
      GetNodeMetricResponseSchema,
      nodeMetric,
    ),
    service(GetKindsRequestSchema, GetKindsResponseSchema, kinds),
    service(
      PersistPeerStateRequestSchema,
      PersistPeerStateResponseSchema,
      persistPeerState,
    ),
  ].map((entry) => [entry.name, entry]),
);

/** Whether `name` is a request of the vocabulary. */
export function isRequest(name: string): boolean {
  return SERVICES.has(name);
}

/**
 * Carries a request out and returns the frame that answers it, which is an `Error` when it is refused.
 *
 * @throws {FrameError} When there is no such request, or its body is not what the name says.
 */
export function carryOut(
  host: GoaktHost,
  { name, metadata, body }: ServerRequest,
  caller: Caller,
  limit: number = MAX_FRAME_BYTES,
): Uint8Array | Promise<Uint8Array> {
  const found = SERVICES.get(name);
  if (found === undefined) {
    throw new FrameError(
      "answer a GoAkt peer",
      `its request is a "${name}"`,
      "a request of GoAkt v3.14 was expected",
    );
  }
  const { deadline, headers } = metadata;
  const context: RequestContext = {
    caller,
    remaining: remainingOf(deadline, host.wallClock()),
    headers: headers.size === 0 ? undefined : extractHeaders(
      host.runtime,
      Array.from(headers, ([key, value]) => ({ key, value })),
    ),
  };
  return found.run(host, body, context, limit);
}

function service<Req extends DescMessage, Res extends DescMessage>(
  request: Req,
  response: Res,
  run: Run<MessageShape<Req>, MessageInitShape<Res>>,
): Service {
  const answer = (init: MessageInitShape<Res>, limit: number): Uint8Array =>
    encodeMessage(response, create(response, init), { limit });
  return {
    name: request.typeName,
    run: (host, body, context, limit) => {
      const message = decodeMessage(request, body);
      try {
        if (host.remoting === "off" && !isOfItself(message)) {
          throw remotingDisabled();
        }
        const init = run(host, message, context);
        if (!(init instanceof Promise)) return answer(init, limit);
        return init.then((value) => answer(value, limit)).catch(refuse);
      } catch (error) {
        return refuse(error);
      }
    },
  };
}

/** Whether a request wants to know what the node is: it says so also while it is about to leave. */
function isOfItself(message: Message): boolean {
  return isMessage(message, GetNodeMetricRequestSchema) ||
    isMessage(message, GetKindsRequestSchema) ||
    isMessage(message, RemoteLookupRequestSchema) &&
      message.name === PROBE_NAME;
}

function refuse(error: unknown): Uint8Array {
  return encodeMessage(ErrorSchema, toErrorMessage(error));
}
