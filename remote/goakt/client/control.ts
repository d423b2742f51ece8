/**
 * What nodes do when they are asked to, as GoAkt nodes are asked.
 * @module
 */

import { ActorError } from "../../../actor/errors.ts";
import { randomIncarnation } from "../../../internal/random.ts";
import type { ControlRequest } from "../../node/control_request.ts";
import { RemoteError } from "../../errors.ts";
import type { NodeAddress } from "../../node/peer.ts";
import { formatAddress } from "../../transport/transport.ts";
import type { Spawn } from "../../wire/fields.ts";
import type { CallOptions } from "./endpoint.ts";
import type { GoaktClient } from "./goakt_client.ts";

/**
 * Has a GoAkt node carry out a request.
 *
 * @returns The address of the actor that the request is about.
 * @throws {RemoteError} When the node refused.
 */
export async function control(
  client: GoaktClient,
  node: NodeAddress,
  { what, action, target, spawn: spawned }: ControlRequest,
  options: CallOptions,
): Promise<string> {
  const { path } = target;
  switch (what) {
    case "lookup":
      return await found(client, node, path, action, options);
    case "stop":
      await client.stop(node, path, options);
      return target.toJSON();
    case "respawn":
      await client.respawn(node, path, options);
      return target.toJSON();
    case "reinstate":
      await client.reinstate(node, path, options);
      return target.toJSON();
    case "spawn":
      if (spawned !== undefined) {
        return await spawn(client, node, spawned, options);
      }
  }
  throw new NotForGoaktError(node, action);
}

async function found(
  client: GoaktClient,
  node: NodeAddress,
  path: string,
  action: string,
  options: CallOptions,
): Promise<string> {
  const address = await client.lookup(node, path, options);
  if (address !== undefined) return address;
  throw new RemoteError(formatAddress(node.host, node.port), action, {
    code: "stopped_error",
    text: `no actor lives at "${path}"`,
    outcome: "not_delivered",
    retryable: false,
  });
}

/**
 * Creates an actor. A GoAkt node says that it has done so when any actor has that name already, so it is asked
 * before and after.
 */
async function spawn(
  client: GoaktClient,
  node: NodeAddress,
  { kind, name, input, inputType }: Spawn,
  options: CallOptions,
): Promise<string> {
  const type = kind === "" ? inputType : kind;
  const action = `spawn an actor of kind "${type}"`;
  if (input.length > 0) {
    throw new NotForGoaktError(node, `${action} with an input`);
  }
  const path = name === "" ? `actor-${randomIncarnation()}` : name;
  if (await client.lookup(node, path, options) !== undefined) {
    throw new RemoteError(formatAddress(node.host, node.port), action, {
      code: "name_taken_error",
      text: `an actor lives at "${path}"`,
      outcome: "not_delivered",
      retryable: false,
    });
  }
  await client.spawn(node, type, path, options);
  return await found(client, node, path, action, options);
}

/** What GoAkt nodes cannot be asked for. */
class NotForGoaktError extends ActorError {
  override readonly code = "not_for_goakt_error";

  constructor({ host, port }: NodeAddress, action: string) {
    super(
      `Cannot ${action} on "${
        formatAddress(host, port)
      }": it is a GoAkt node, whose protocol has no way to say it, a Troupe node was expected`,
      { outcome: "not_delivered" },
    );
  }
}
