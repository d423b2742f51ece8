/**
 * Routers to actors that somebody else created.
 * @module
 */

import { type Hash, hashOf } from "../../internal/hash.ts";
import { isEnding } from "../cell/cell_state.ts";
import { StoppedError } from "../errors.ts";
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
   * Creates a group: a router to actors that exist. An actor of this node that has ended is left out; one that is
   * ending gets no more messages. The end of an actor of another node is not noticed.
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
    return this.#members.flatMap(({ ref }) => isLiving(ref) ? [ref] : []);
  }

  at(index: number): BaseRef | undefined {
    const ref = this.#members[index]?.ref;
    return ref !== undefined && isLiving(ref) ? ref : undefined;
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
    this.#members.push({ ref, hash: hashOf(ref.pid.toString()) });
    if (ref.isLocal) ref.watch(this); // one that has ended is removed in that very moment
  }

  remove(ref: BaseRef): void {
    const index = this.#indexOf(ref);
    if (index < 0) return;
    this.#members.splice(index, 1);
    ref.unwatch(this);
  }

  terminated(_terminated: Terminated, ref: BaseRef): void {
    this.remove(ref);
  }

  begin(): void {
    // The actors were there before the router.
  }

  close(): void {
    for (const { ref } of this.#members.splice(0)) ref.unwatch(this);
  }

  /** Two references to one actor of another node need not be the same value. */
  #indexOf(wanted: BaseRef): number {
    return this.#members.findIndex(({ ref }) =>
      ref === wanted || (!ref.isLocal && ref.pid.equals(wanted.pid))
    );
  }
}
