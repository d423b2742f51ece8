/**
 * What requests of GoAkt peers are carried out with.
 * @module
 */

import type { Cell } from "../../../actor/cell/cell.ts";
import type { KindRegistry } from "../../../actor/protocol/kind.ts";
import type { Caller } from "../../../actor/protocol/caller.ts";
import type { MessageHeaders } from "../../../actor/propagation/propagation.ts";
import type { Pid } from "../../../actor/reference/pid.ts";
import type { BaseRef } from "../../../actor/reference/ref.ts";
import type { Runtime } from "../../../actor/system/runtime.ts";
import { isAddressable } from "../address.ts";
import type { Payload } from "../payload.ts";

/** The node, as far as requests of GoAkt peers need it. */
export interface GoaktHost {
  /** What the actors of the node share. */
  readonly runtime: Runtime;
  /** The kinds that actors are created from. */
  readonly kinds: KindRegistry;
  /** Where the node says that it is; in the addresses that it answers with. */
  readonly host: string;
  /** The port of the node. */
  readonly port: number;
  /** Whether this node answers at that host and port; peers send what they have dialled. */
  answersTo(host: string, port: number): boolean;
  /** The living actor at a path of this node. */
  find(path: string): Cell | undefined;
  /** A reference to whoever sent a message. */
  sender(pid: Pid): BaseRef;
  /** How many actors live here. */
  load(): number;
  /** Milliseconds since 1970, to compare with the deadlines of peers. */
  wallClock(): number;
  /** Grains, once the layer above has plugged itself in. */
  readonly grains: GrainTarget | undefined;
  /** Whether requests are carried out; those that come while the node leaves are refused. */
  readonly remoting: "on" | "off";
  /** Tells a message of the protocol to whoever asked over a tell. */
  reply(to: string, message: Payload): void;
}

/** What came with a request. */
export interface RequestContext {
  /** Milliseconds that are left for it. */
  readonly remaining: number;
  /** What handlers get to see of its headers. */
  readonly headers: MessageHeaders | undefined;
  /** Who makes it. */
  readonly caller: Caller;
}

/** Which grain is meant. */
export interface GrainAddress {
  /** The kind; peers send it in lower case. */
  readonly kind: string;
  /** Which one of the kind. */
  readonly key: string;
}

/** How a grain is to be activated. */
export interface GrainActivation {
  /** How long the activation may take, in milliseconds; 0 for the default. */
  readonly timeout: number;
  /** How often it is tried; 0 for the default. */
  readonly retries: number;
  /** How many messages may wait; 0 for no bound. */
  readonly mailboxCapacity: number;
  /** Milliseconds that the caller still waits; `Infinity` when it does not say. */
  readonly remaining: number;
}

/** Where the requests to grains go: the layer above implements it. */
export interface GrainTarget {
  /** Whether grains of that kind can live here. */
  hasKind(kind: string): boolean;
  /** How many live here. */
  count(): number;
  /** Makes sure that the grain is active. */
  activate(grain: GrainAddress, options: GrainActivation): Promise<void>;
  /** Resolves once the message has been handled. */
  tell(grain: GrainAddress, payload: Payload): Promise<void>;
  /**
   * Resolves with the reply.
   *
   * @param timeout In milliseconds, more than 0.
   */
  ask(
    grain: GrainAddress,
    payload: Payload,
    timeout: number,
  ): Promise<Payload>;
}

/** An actor that GoAkt peers can address: at most one parent deep. */
export function findAddressable(
  host: GoaktHost,
  path: string,
): Cell | undefined {
  return isAddressable(path) ? host.find(path) : undefined;
}
