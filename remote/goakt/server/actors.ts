/**
 * Lookup, spawn, respawn, stop and reinstate.
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ActorOptions } from "../../../actor/cell/actor_options.ts";
import type { Cell } from "../../../actor/cell/cell.ts";
import {
  describe,
  NameTakenError,
  UnknownKindError,
} from "../../../actor/errors.ts";
import type { AnyKind } from "../../../actor/protocol/kind.ts";
import type { BaseRef } from "../../../actor/reference/ref.ts";
import { formatGoaktAddress } from "../address.ts";
import { Code } from "../gen/internalpb/error_pb.ts";
import type {
  RemoteLookupRequest,
  RemoteLookupResponseSchema,
  RemoteReinstateRequest,
  RemoteReSpawnRequest,
  RemoteSpawnRequest,
  RemoteStopRequest,
} from "../gen/internalpb/remoting_pb.ts";
import {
  actorNotFound,
  addressNotFound,
  invalidHost,
  isReserved,
  PROBE_NAME,
  Refusal,
  TEXT,
} from "../refusal.ts";
import {
  findAddressable,
  type GoaktHost,
  type RequestContext,
} from "./host.ts";
import { spawnOptions } from "./spawn_options.ts";
import { checkTime, within } from "./time_left.ts";

/** Which actor a request names. */
interface Named {
  readonly host: string;
  readonly port: number;
  readonly name: string;
}

/** The address of a living actor. */
export function lookUp(
  host: GoaktHost,
  request: RemoteLookupRequest,
  context: RequestContext,
): MessageInitShape<typeof RemoteLookupResponseSchema> {
  if (request.name === PROBE_NAME) {
    throw new Refusal(Code.FAILED_PRECONDITION, TEXT.notGoakt);
  }
  checkHost(host, request);
  checkTime(context);
  const cell = cellOf(host, request);
  return { address: addressAt(host, request, cell.path) };
}

/**
 * Creates an actor from a kind and waits for its start; a living one of that name is as good. One that has not
 * started when the caller gives up is stopped, as GoAkt does.
 */
export async function spawn(
  host: GoaktHost,
  request: RemoteSpawnRequest,
  context: RequestContext,
): Promise<Record<string, never>> {
  checkHost(host, request);
  checkTime(context);
  const { actorName: name } = request;
  if (isReserved(name)) throw actorNotFound(name);
  const kind = kindOf(host, request.actorType);
  if (request.singleton !== undefined) {
    throw new Refusal(Code.INTERNAL_ERROR, TEXT.clusterDisabled);
  }
  if (request.dependencies.length > 0) {
    throw new Refusal(Code.INTERNAL_ERROR, TEXT.unknownDependency);
  }
  if (host.find(name) !== undefined && !name.includes("/")) return {};
  await start(host, kind, { ...spawnOptions(request), name }, context);
  return {};
}

/** Restarts an actor: it keeps its address. */
export async function respawn(
  host: GoaktHost,
  request: RemoteReSpawnRequest,
  context: RequestContext,
): Promise<Record<string, never>> {
  const cell = commanded(host, request, context);
  try {
    await within(host, host.runtime.system.restart(cell.ref), context);
  } catch (error) {
    throw failed(`failed to restart actor=${addressAt(host, request)}`, error);
  }
  return {};
}

/** Ends an actor, after the message that it is handling. */
export async function stop(
  host: GoaktHost,
  request: RemoteStopRequest,
  context: RequestContext,
): Promise<Record<string, never>> {
  const cell = commanded(host, request, context);
  try {
    await within(host, host.runtime.system.stop(cell.ref), context);
  } catch (error) {
    throw failed(`failed to stop actor=${addressAt(host, request)}`, error);
  }
  return {};
}

/** Lets a suspended actor go on; others go on anyway. */
export function reinstate(
  host: GoaktHost,
  request: RemoteReinstateRequest,
  context: RequestContext,
): Record<string, never> {
  host.runtime.system.reinstate(commanded(host, request, context).ref);
  return {};
}

/**
 * Refuses what is meant for another node.
 *
 * @throws {Refusal} When the node does not answer there.
 */
export function checkHost(
  host: GoaktHost,
  { host: name, port }: { readonly host: string; readonly port: number },
): void {
  if (!host.answersTo(name, port)) throw invalidHost();
}

async function start(
  host: GoaktHost,
  kind: AnyKind,
  options: ActorOptions & { name: string },
  context: RequestContext,
): Promise<void> {
  const { system } = host.runtime;
  let ref: BaseRef | undefined;
  try {
    // Peers send no input; a kind that needs one fails to start.
    ref = system.spawn(kind as never, options as never) as BaseRef;
    await within(host, ref.started(), context);
  } catch (error) {
    if (error instanceof NameTakenError) return;
    if (error instanceof Refusal && ref !== undefined) void system.stop(ref);
    if (error instanceof TypeError) {
      throw new Refusal(Code.INTERNAL_ERROR, error.message);
    }
    throw failed(TEXT.startFailed, error);
  }
}

function kindOf({ kinds }: GoaktHost, type: string): AnyKind {
  try {
    return kinds.get(type);
  } catch (error) {
    if (!(error instanceof UnknownKindError)) throw error;
    throw new Refusal(Code.FAILED_PRECONDITION, TEXT.unknownKind);
  }
}

/** The living actor that a request wants something of, while its caller waits. */
function commanded(
  host: GoaktHost,
  request: Named,
  context: RequestContext,
): Cell {
  checkHost(host, request);
  checkTime(context);
  if (isReserved(request.name)) throw actorNotFound(request.name);
  return cellOf(host, request);
}

function cellOf(host: GoaktHost, request: Named): Cell {
  const cell = findAddressable(host, request.name);
  if (cell === undefined) throw addressNotFound(addressAt(host, request));
  return cell;
}

/** The address as the peer wrote it: what it has dialled leads here. */
function addressAt(
  { runtime: { name: system } }: GoaktHost,
  { host, port, name }: Named,
  path: string = name,
): string {
  return formatGoaktAddress({ system, host, port, path });
}

function failed(what: string, error: unknown): Refusal {
  const why = error instanceof Refusal ? error.message : describe(error);
  return new Refusal(Code.INTERNAL_ERROR, `${what}: ${why}`);
}
