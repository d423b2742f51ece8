/**
 * What other nodes are to do themselves, in the vocabulary that they speak.
 * @module
 */

import type { Runtime } from "../../actor/system/runtime.ts";
import type { Goakt } from "../goakt/goakt.ts";
import type { Link } from "../link/link.ts";
import type { ControlRequest, RemoteWaitOptions } from "./control_request.ts";
import { type NodeAddress, NoLaneError } from "./peer.ts";

/** What requests to other nodes need of their own node. */
export interface ControlHost {
  /** What its actors share. */
  readonly runtime: Runtime;
  /** Whether the node at an address is known to speak the GoAkt vocabulary only. */
  isGoakt(address: NodeAddress): boolean;
  /**
   * The GoAkt vocabulary.
   *
   * @throws {TypeError} When this node wants no GoAkt peers.
   */
  wantedGoakt(address: NodeAddress): Goakt;
  /**
   * The link for requests.
   *
   * @throws {DisconnectedError} When this node sends no more.
   */
  controlLink(address: NodeAddress): Link;
}

/**
 * Has a node do something, over a lane or, when it turns out to have none, as GoAkt nodes read it.
 *
 * @returns The address in its answer.
 */
export async function controlNode(
  host: ControlHost,
  address: NodeAddress,
  request: ControlRequest,
  { timeout: wanted, signal, peer }: RemoteWaitOptions,
): Promise<string> {
  const { asks, clock } = host.runtime;
  const timeout = wanted ?? asks.defaultTimeout;
  const wait = { timeout, ...(signal && { signal }) };
  const due = clock.now() + timeout;
  if (peer !== "goakt" && !host.isGoakt(address)) {
    try {
      return await host.controlLink(address).request(request, wait);
    } catch (error) {
      if (!(error instanceof NoLaneError)) throw error;
    }
  }
  const left = Math.max(1, due - clock.now());
  const go = host.wantedGoakt(address);
  return await go.control(address, request, { ...wait, timeout: left });
}
