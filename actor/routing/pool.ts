/**
 * Routers that create the actors behind them.
 * @module
 */

import { type Hash, hashOf } from "../../internal/hash.ts";
import type { ActorOptions } from "../cell/actor_options.ts";
import type { Cell } from "../cell/cell.ts";
import { isEnding } from "../cell/cell_state.ts";
import { StoppedError } from "../errors.ts";
import type { Handlers, PartialHandlers } from "../protocol/handlers.ts";
import type { Kind } from "../protocol/kind.ts";
import type { LocalRef } from "../reference/local_ref.ts";
import type { AnyProtocol, InputOf } from "../protocol/protocol.ts";
import type { BaseRef, Terminated, Watcher } from "../reference/ref.ts";
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
import { retire } from "../cell/transitions.ts";

/** A router with actors of its own, all alike. It supervises them; they end before it does. */
export interface Pool<P extends AnyProtocol> extends Router<P> {
  /** How many places there are; a place is empty for as long as its actor cannot be replaced. */
  readonly size: number;
  /**
   * Changes the number of places. New places get new actors; the actors of the last places handle the messages
   * that wait for them and stop.
   *
   * @param size How many there shall be.
   * @throws {RangeError} When it is not a whole number of at least 0.
   * @throws {StoppedError} When the pool is ending.
   */
  resizeTo(size: number): void;
  /**
   * Changes the number of places by a difference, as {@linkcode Pool.resizeTo} does.
   *
   * @param difference How many more; fewer when it is below 0.
   * @throws {RangeError} When fewer than 0 would be left.
   * @throws {StoppedError} When the pool is ending.
   */
  resizeBy(difference: number): void;
}

/** Options of a pool. */
export interface PoolOptions<P extends AnyProtocol> extends RouterOptions<P> {
  /**
   * How many actors it has.
   * @default 4
   */
  size?: number;
  /**
   * The options of its actors, their supervisor among them.
   * @default those of any actor
   */
  routees?: ActorOptions;
  /**
   * How often the actor of one place is replaced within {@linkcode PoolOptions.within}; after that the place stays
   * empty until the window has moved on.
   * @default 10
   */
  maxReplacements?: number;
  /**
   * The length of the window of replacements, in milliseconds.
   * @default 60000
   */
  within?: number;
}

/** Options of a pool of a kind. */
export interface PoolKindOptions<P extends AnyProtocol> extends PoolOptions<P> {
  /** What the kind is created from. */
  input?: InputOf<P>;
}

/** What follows a kind in a spawn of a pool: options, which have to be there when the kind needs an input. */
export type PoolKindArguments<P extends AnyProtocol> = void extends InputOf<P>
  ? [options?: PoolKindOptions<P>]
  : [options: PoolKindOptions<P> & { input: InputOf<P> }];

/** The forms of a spawn of a pool: a kind, or a protocol and a factory. */
export interface SpawnPool {
  /** Creates a pool of a kind. */
  <P extends AnyProtocol>(
    kind: Kind<P>,
    ...options: PoolKindArguments<P>
  ): Pool<P>;
  /** Creates a pool of actors that have a `receive` method for the messages that no handler claims. */
  <P extends AnyProtocol>(
    protocol: P,
    create: () => PartialHandlers<NoInfer<P>>,
    options?: PoolOptions<P>,
  ): Pool<P>;
  /**
   * Creates a pool: a router with actors of its own. An actor of the pool that has ended, for whatever reason, is
   * replaced; one that is ending gets no more messages.
   *
   * @param protocol What the actors speak.
   * @param create Makes the instance of one actor.
   * @param options How many, who gets a message, and who supervises.
   * @returns The reference of the router.
   * @throws {NameTakenError} When a living sibling has the name.
   * @throws {RangeError} When a number is out of range.
   * @throws {StoppedError} When the parent or the system is ending.
   */
  <P extends AnyProtocol>(
    protocol: P,
    create: () => Handlers<NoInfer<P>>,
    options?: PoolOptions<P>,
  ): Pool<P>;
}

/** Creates a pool from either form of the arguments of {@linkcode SpawnPool}. */
export function spawnPool(
  spawn: SpawnCall,
  args: readonly unknown[],
): BaseRef {
  // The overloads of SpawnPool leave these two forms; a spawn refuses what else arrives.
  const [first, second, third] = args as [
    AnyProtocol & Partial<Kind<AnyProtocol>>,
    unknown,
    PoolOptions<never>?,
  ];
  const isKind = typeof second !== "function";
  const { input, ...options } =
    ((isKind ? second : third) ?? {}) as PoolKindOptions<never>;
  const {
    size = 4,
    strategy = roundRobin(),
    routees,
    maxReplacements = 10,
    within = 60_000,
  } = options;
  checkSize(size);
  checkAtLeastZero("maxReplacements", maxReplacements);
  checkAtLeastZero("within", within);
  const made: readonly unknown[] = isKind
    ? [first, { ...routees, input }]
    : [first, second, routees];
  const protocol = isKind ? first.protocol ?? first : first;
  return spawnRouter(spawn, protocol, options, (cell) => {
    const budget = { maxReplacements, within };
    const members = new PoolMembers(cell, made, budget);
    const core = new RouterCore(cell, members, strategy);
    members.resize(size);
    return { core, ref: new PoolRef(core) };
  });
}

/** The reference of a pool. */
class PoolRef extends RouterRef<PoolMembers> {
  get size(): number {
    return this.members.places;
  }

  resizeTo(size: number): void {
    checkSize(size);
    const { cell } = this;
    if (isEnding(cell.state)) {
      throw new StoppedError(this.pid, "resize", `it is ${cell.state}`);
    }
    this.members.resize(size);
  }

  resizeBy(difference: number): void {
    this.resizeTo(this.size + difference);
  }
}

interface Budget {
  readonly maxReplacements: number;
  readonly within: number;
}

/** One place of a pool; whoever lives there, it is the same place. */
class Place implements Watcher {
  ref: LocalRef | undefined = undefined;
  readonly hash: Hash;
  /** When its actor was replaced, as far as that counts. */
  replaced: number[] = [];
  state: "open" | "spent" = "open";
  readonly #members: PoolMembers;

  constructor(members: PoolMembers, index: number) {
    this.#members = members;
    this.hash = hashOf(String(index));
  }

  terminated(_terminated: Terminated, ref: BaseRef): void {
    if (this.ref !== ref) return; // it was replaced before it had ended
    this.ref = undefined;
    this.#members.refill(this);
  }
}

class PoolMembers implements Members {
  readonly #cell: Cell;
  readonly #made: readonly unknown[];
  readonly #budget: Budget;
  readonly #places: Place[] = [];

  constructor(cell: Cell, made: readonly unknown[], budget: Budget) {
    this.#cell = cell;
    this.#made = made;
    this.#budget = budget;
  }

  get places(): number {
    return this.#places.length;
  }

  get living(): readonly BaseRef[] {
    return this.#places.flatMap(({ ref }) =>
      ref === undefined || isEnding(ref.cell.state) ? [] : [ref]
    );
  }

  at(index: number): BaseRef | undefined {
    const place = this.#places[index];
    if (place === undefined) return undefined;
    const { ref } = place;
    return ref !== undefined && !isEnding(ref.cell.state)
      ? ref
      : this.refill(place);
  }

  hashAt(index: number): Hash {
    return (this.#places[index] as Place).hash; // the caller stays below `places`
  }

  /** Makes or gives up places at the end. */
  resize(size: number): void {
    while (this.#places.length < size) {
      const place = new Place(this, this.#places.length);
      if (this.#canSpawn) this.#fill(place);
      this.#places.push(place);
    }
    for (const place of this.#places.splice(size)) {
      const { ref } = place;
      place.ref = undefined; // its end is nobody's loss any more
      ref?.unwatch(place);
      if (ref !== undefined) retire(ref.cell);
    }
  }

  /** Gives an empty place, or one whose actor is ending, a new actor, unless that happens too often. */
  refill(place: Place): BaseRef | undefined {
    if (!this.#canSpawn || !this.#admits(place)) return undefined;
    return this.#fill(place);
  }

  begin(): void {
    for (const place of this.#places) {
      if (place.ref === undefined) this.#fill(place);
    }
  }

  close(): void {
    // The actors have ended before the router does.
  }

  /** Nobody is spawned below a router that ends, or that waits for the end of its actors. */
  get #canSpawn(): boolean {
    const { state } = this.#cell;
    return !isEnding(state) && state !== "restarting";
  }

  #fill(place: Place): BaseRef {
    const { runtime: { commands } } = this.#cell;
    const ref = commands.spawn(this.#cell, this.#made) as LocalRef; // what is spawned here is local
    place.ref = ref;
    ref.watch(place);
    return ref;
  }

  #admits(place: Place): boolean {
    const { maxReplacements, within } = this.#budget;
    const { clock, events } = this.#cell.runtime;
    const now = clock.now();
    place.replaced = place.replaced.filter((time) => time > now - within);
    if (place.replaced.length < maxReplacements) {
      place.replaced.push(now);
      place.state = "open";
      return true;
    }
    if (place.state === "open") {
      place.state = "spent";
      events.publish({
        type: "warning",
        text:
          `an actor of pool "${this.#cell.pid}" ended although it was replaced ${maxReplacements} times within ${within} ms, its place is empty for now`,
      });
    }
    return false;
  }
}

function checkSize(size: number): void {
  if (Number.isInteger(size) && size >= 0) return;
  throw new RangeError(
    `Cannot size a pool: the size is ${size}, a whole number >= 0 was expected`,
  );
}

function checkAtLeastZero(name: string, value: number): void {
  if (value >= 0) return;
  throw new RangeError(
    `Cannot make a pool: ${name} is ${value}, a number >= 0 was expected`,
  );
}
