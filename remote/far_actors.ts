/**
 * What is done to actors of other nodes by those nodes themselves.
 * @module
 */

import { Pid } from "../actor/reference/pid.ts";
import type { AnyProtocol, InputOf } from "../actor/protocol/protocol.ts";
import { type ActorRef, protocolData } from "../actor/reference/ref.ts";
import { codecOf } from "./codec/message_codecs.ts";
import { RemoteError } from "./errors.ts";
import { GoaktRef } from "./goakt/client/goakt_ref.ts";
import type { RemoteWaitOptions } from "./node/control_request.ts";
import type { RemoteNode } from "./node/node.ts";
import { parseNode } from "./node/node_address.ts";
import type { NodeAddress } from "./node/peer.ts";
import { answered, type RemoteSpawnOptions } from "./remote_calls.ts";
import { RemoteRef } from "./remote_ref.ts";
import { FrameKind } from "./wire/kinds.ts";

/** Asks other nodes, and makes references of their answers. What it throws is in `Remote`. */
export class FarActors {
  readonly #node: RemoteNode;

  constructor(node: RemoteNode) {
    this.#node = node;
  }

  /** A reference to the actor of a node that turned out, or is known, to speak the GoAkt vocabulary. */
  goaktRef<P extends AnyProtocol>(protocol: P, pid: Pid): ActorRef<P> {
    const goakt = this.#node.wantedGoakt(pid);
    return goakt.ref(protocolData(protocol), pid) as ActorRef<P>; // it speaks what it was given
  }

  /** Exactly the actor that is at an address, or `undefined` when there is none. */
  async lookup<P extends AnyProtocol>(
    protocol: P,
    pid: Pid,
    options: RemoteWaitOptions | undefined,
  ): Promise<ActorRef<P> | undefined> {
    try {
      const found = await this.#node.control(pid, {
        kind: FrameKind.LOOKUP,
        action: `look up "${pid}"`,
        what: "lookup",
        target: pid,
        address: pid.toJSON(),
      }, options);
      return this.#foundAt(protocol, pid, found, options);
    } catch (error) {
      if (
        error instanceof RemoteError && error.remoteCode === "stopped_error"
      ) return undefined;
      throw error;
    }
  }

  /** Creates an actor from a kind of its node. */
  async spawn<P extends AnyProtocol>(
    node: string,
    protocol: P,
    options: RemoteSpawnOptions<InputOf<P>>,
  ): Promise<ActorRef<P>> {
    const { kind = "", name = "", input } = options;
    const data = protocolData(protocol);
    const address = parseNode(node);
    const found = await this.#node.control(address, {
      kind: FrameKind.SPAWN,
      action: `spawn an actor of protocol "${data.name}"`,
      what: "spawn",
      target: new Pid({ ...address, path: name }),
      spawn: {
        kind,
        name,
        input: codecOf(data.input).encode(input),
        inputType: data.name,
      },
    }, options);
    return this.#foundAt(protocol, address, found, options);
  }

  /** Has the node of an actor put another one in its place. */
  async respawn<P extends AnyProtocol>(
    ref: ActorRef<P>,
    options: RemoteWaitOptions | undefined,
  ): Promise<ActorRef<P>> {
    const found = await this.have(ref, FrameKind.RESPAWN, "respawn", options);
    const { system, host, port } = ref.pid;
    const { path, incarnation } = answered(found);
    const pid = new Pid({ system, host, port, path, incarnation });
    const fresh = ref instanceof GoaktRef
      ? this.#node.wantedGoakt(pid).ref(ref.protocol, pid)
      : new RemoteRef(this.#node, pid, ref.protocol);
    return fresh as ActorRef<P>; // it speaks what the old one did
  }

  /**
   * Has the node of an actor do something to it.
   *
   * @returns What stands in the place of an address in the answer.
   */
  have(
    ref: ActorRef<AnyProtocol>,
    kind: number,
    what: string,
    options: RemoteWaitOptions | undefined,
  ): Promise<string> {
    const { pid } = ref;
    const action = `${what} "${pid}"`;
    return this.#node.control(
      pid,
      { kind, action, what, target: pid, address: pid.toJSON() },
      { ...options, ...(ref instanceof GoaktRef && { peer: "goakt" }) },
    );
  }

  /** The reference to what a node says it has, at the address by which the node was reached. */
  #foundAt<P extends AnyProtocol>(
    protocol: P,
    { host, port }: NodeAddress,
    found: string,
    { peer }: RemoteWaitOptions = {},
  ): ActorRef<P> {
    const { system, path, incarnation } = answered(found);
    const pid = new Pid({ system, host, port, path, incarnation });
    return peer === "goakt"
      ? this.goaktRef(protocol, pid)
      : this.#node.runtime.system.ref(protocol, pid);
  }
}
