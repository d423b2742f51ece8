/**
 * Routers to actors that somebody else created.
 * @module
 */

import { type Hash, hashOf } from "../../internal/hash.ts";
import { isEnding } from "../cell/cell_state.ts";
import { ActorError, StoppedError } from "../errors.ts";
import type { AnyProtocol, ProtocolData } from "../protocol/protocol.ts";
import {
  type ActorRef,
  type BaseRef,
  baseRef,
  protocolData,
  type Terminated,
  type Watcher,
} from "../reference/ref.ts";
import {
  type Members,
  type Router,
  RouterCore,
  type RouterOptions,
  RouterRef,
  type SpawnCall,
  spawnRouter,
} from "./router.ts";
import { roundRobin } from "./round_robin.ts";
import { isLiving } from "./strategy.ts";

/** A router to actors that live on their own; they outlive it. */
export interface Group<P extends AnyProtocol> extends Router<P> {
  /**
   * Adds an actor at the end, once. One that has ended is not added.
   *
   * @throws {StoppedError} When the group is ending.
   * @throws {TypeError} When it speaks another protocol.
   */
  add(ref: ActorRef<P>): void;
  /** Leaves an actor out from now on; what was given to it, it handles. */
  remove(ref: ActorRef<P>): void;
}

/** Options of a group. */
export type GroupOptions<P extends AnyProtocol> = RouterOptions<P>;

/** The form of a spawn of a group. */
export interface SpawnGroup {
  /**
   * Creates a group: a router to actors that exist. An actor that has ended is left out, and one of this node that
   * is ending gets no more messages. An actor whose node is down gets none until the node is reached again, which
   * is tried as long as the group lives. Of actors on GoAkt nodes, and of those that this node may not watch, the end
   * is not noticed.
   *
   * @param protocol What the actors speak.
   * @param routees The actors.
   * @param options Who gets a message.
   * @returns The reference of the router.
   * @throws {NameTakenError} When a living sibling has the name.
   * @throws {StoppedError} When the parent or the system is ending.
   * @throws {TypeError} When an actor speaks another protocol.
   */
  <P extends AnyProtocol>(
    protocol: P,
    routees: Iterable<ActorRef<P>>,
    options?: GroupOptions<P>,
  ): Group<P>;
}

/** Creates a group from the arguments of {@linkcode SpawnGroup}. */
export function spawnGroup(
  spawn: SpawnCall,
  args: readonly unknown[],
): BaseRef {
  const [protocol, routees, options = {}] = args as [
    AnyProtocol,
    Iterable<ActorRef<AnyProtocol>>,
    GroupOptions<never>?,
  ];
  const { strategy = roundRobin() } = options;
  const refs = [...routees].map((ref) => baseRef(ref));
  return spawnRouter(spawn, protocol, options, (cell) => {
    const members = new GroupMembers(protocolData(protocol));
    const core = new RouterCore(cell, members, strategy);
    for (const ref of refs) members.check(ref);
    for (const ref of refs) members.add(ref);
    return { core, ref: new GroupRef(core) };
  });
}

/** The reference of a group. */
class GroupRef extends RouterRef<GroupMembers> {
  add(ref: ActorRef<AnyProtocol>): void {
    const { state } = this.cell;
    if (isEnding(state)) {
      throw new StoppedError(this.pid, "add an actor to", `it is ${state}`);
    }
    const base = baseRef(ref);
    this.members.check(base);
    this.members.add(base);
  }

  remove(ref: ActorRef<AnyProtocol>): void {
    this.members.remove(baseRef(ref));
  }
}

interface Member {
  readonly ref: BaseRef;
  readonly hash: Hash;
  /** Away while nothing is known of its node; calling from then until the node can be asked again. */
  state: "there" | "calling" | "away";
}

function isThere({ ref, state }: Member): boolean {
  return state === "there" && isLiving(ref);
}

class GroupMembers implements Members, Watcher {
  readonly #protocol: ProtocolData;
  readonly #members: Member[] = [];

  constructor(protocol: ProtocolData) {
    this.#protocol = protocol;
  }

  get places(): number {
    return this.#members.length;
  }

  get living(): readonly BaseRef[] {
    return this.#members.flatMap((member) =>
      isThere(member) ? [member.ref] : []
    );
  }

  at(index: number): BaseRef | undefined {
    const member = this.#members[index];
    return member !== undefined && isThere(member) ? member.ref : undefined;
  }

  hashAt(index: number): Hash {
    return (this.#members[index] as Member).hash; // the caller stays below `places`
  }

  check({ pid, protocol }: BaseRef): void {
    if (protocol === this.#protocol) return;
    throw new TypeError(
      `Cannot add "${pid}" to a group: it speaks protocol "${protocol.name}", an actor of protocol "${this.#protocol.name}" was expected`,
    );
  }

  add(ref: BaseRef): void {
    if (this.#indexOf(ref) >= 0) return;
    const hash = hashOf(ref.pid.toString());
    this.#members.push({ ref, hash, state: "there" });
    // One that has ended is removed in that very moment.
    ref.watch(this);
  }

  remove(ref: BaseRef): void {
    const index = this.#indexOf(ref);
    if (index < 0) return;
    this.#members.splice(index, 1);
    ref.unwatch(this);
  }

  terminated({ reason, error }: Terminated, ref: BaseRef): void {
    const member = this.#members[this.#indexOf(ref)];
    if (member === undefined) return;
    if (reason !== "node_down") return this.remove(ref);
    // What may not be watched can live all the same.
    const isDown = error instanceof ActorError &&
      error.code === "disconnected_error";
    if (!isDown) return;
    // Told so in the very moment of the call, nobody will be asked any more: remoting has ended.
    if (member.state === "calling") return this.remove(ref);
    member.state = "calling";
    ref.watch(this);
    if (member.state === "calling") member.state = "away";
  }

  watching(ref: BaseRef): void {
    const member = this.#members[this.#indexOf(ref)];
    if (member !== undefined) member.state = "there";
  }

  begin(): void {
    // The actors were there before the router.
  }

  close(): void {
    for (const { ref } of this.#members.splice(0)) ref.unwatch(this);
  }

  /** Two references to one actor need not be the same value. */
  #indexOf(wanted: BaseRef): number {
    return this.#members.findIndex(({ ref }) =>
      ref === wanted || ref.pid.equals(wanted.pid)
    );
  }
}
