/**
 * What upper layers plug into an actor system.
 * @module
 */

import type { Pid } from "../reference/pid.ts";
import type { AnyProtocol } from "../protocol/protocol.ts";
import type { BaseRef } from "../reference/ref.ts";

/** Makes references to actors of other nodes. */
export interface RefResolver {
  /** A reference to the actor at `pid`, which is not of this node. */
  resolve(protocol: AnyProtocol, pid: Pid): BaseRef;
}

/** Where a node can be reached, and who reaches others for it. */
export interface NetworkPort extends RefResolver {
  /** The advertised host. */
  readonly host: string;
  /** The advertised port. */
  readonly port: number;
  /** The actors of the system have ended: sends what they owed, and ends. Resolves when it has. */
  drain(): Promise<void>;
}
