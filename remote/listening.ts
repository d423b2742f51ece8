/**
 * A program that is a node: it listens.
 * @module
 */

import { type ActorSystem, internalsOf } from "../actor/system/system.ts";
import {
  checkListens,
  checkProofs,
  readProofs,
} from "./handshake/own_proofs.ts";
import { RemoteMeters } from "./metrics/meter.ts";
import { Gate } from "./node/gate.ts";
import { RemoteNode } from "./node/node.ts";
import type { NodeAddress } from "./node/peer.ts";
import { dangerOf } from "./node/reach.ts";
import { checkFree } from "./remote_calls.ts";
import { checkedOptions, type RemoteOptions } from "./remote_options.ts";
import { formatAddress } from "./transport/transport.ts";

/**
 * Listens; what it throws is in {@linkcode Remote.start}.
 *
 * @param system The system.
 * @param options Where to listen, and limits.
 * @param begin Makes the system a node, in the turn in which it was seen to be none: two starts may be under way.
 * @returns What `begin` has made.
 */
export async function makeNode<T>(
  system: ActorSystem,
  options: RemoteOptions,
  begin: (node: RemoteNode, self: NodeAddress) => T,
): Promise<T> {
  const settings = checkedOptions(options);
  // A transport has defaults of its own for what the user has not said.
  const { handshakeTimeout, maxHalfOpen } = options;
  const {
    hostname,
    port,
    advertise,
    alternatives,
    connectionRate: rate,
    ...nodeOptions
  } = settings;
  const internals = internalsOf(system);
  checkFree(system, internals.runtime);
  const proofs = await readProofs(nodeOptions);
  checkListens(proofs, nodeOptions.security);
  checkFree(system, internals.runtime);
  const { clock, events } = internals.runtime;
  const { transport, metrics } = nodeOptions;
  const where = { hostname, port, handshakeTimeout, maxHalfOpen };
  const meters = metrics && new RemoteMeters(metrics, events, clock);
  const listener = await Gate.listen(transport, where, {
    rate,
    clock,
    warn: (text) => events.publish({ type: "warning", text }),
    meters,
  });
  const host = advertise?.hostname ?? listener.hostname;
  const ownPort = advertise?.port ?? listener.port;
  const { name, incarnation } = internals.runtime;
  const self = { system: name, host, port: ownPort, incarnation };
  try {
    checkFree(system, internals.runtime); // another start may have been under way
    checkProofs(proofs, self);
  } catch (error) {
    await listener.close();
    throw error;
  }
  const node = new RemoteNode(
    internals,
    listener,
    self,
    nodeOptions,
    proofs,
    meters,
  );
  const { security = "open" } = transport;
  const hasKey = nodeOptions.security.key !== undefined;
  const danger = dangerOf({ hostname, security, hasKey });
  if (danger !== undefined) {
    const at = formatAddress(hostname, listener.port);
    const text =
      `this node listens on "${at}": ${danger}, as the option "insecure" allows, mutual TLS or TLS with a shared key was expected`;
    events.publish({ type: "warning", text });
  }
  if (alternatives.length > 0) {
    const found = `"${alternatives.join('", "')}"`;
    const text =
      `this node says that it can be reached at "${host}", one of several addresses of this machine; if ${found} is meant, use the option "advertise"`;
    events.publish({ type: "warning", text });
  }
  return begin(node, self);
}
