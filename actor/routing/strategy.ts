/**
 * What a routing strategy is, and what it works with.
 * @module
 */

import type { Clock } from "../../internal/clock.ts";
import type { Hash } from "../../internal/hash.ts";
import type { Random } from "../../internal/random.ts";
import type { AskRegistry } from "../asks/asks.ts";
import { isEnding } from "../cell/cell_state.ts";
import { describe } from "../errors.ts";
import { LocalRef } from "../reference/local_ref.ts";
import type { Mail } from "../protocol/message.ts";
import type { Pid } from "../reference/pid.ts";
import type { AnyProtocol, MessageOf } from "../protocol/protocol.ts";
import type { BaseRef } from "../reference/ref.ts";

/** How a router chooses who gets a message. A value: it may be given to any number of routers. */
export interface RoutingStrategy<P extends AnyProtocol = AnyProtocol> {
  /** The name of the strategy. */
  readonly name: string;
  /** Carries the type only; never set. */
  readonly types?: (message: MessageOf<P>) => void;
}

/** The places of a router. A place keeps its position and its hash while the router lives. */
export interface Routees {
  /** How many places there are. */
  readonly places: number;
  /** Who lives at a place; nobody when its actor has ended or is ending. */
  at(place: number): BaseRef | undefined;
  /** What a place is hashed by. */
  hashAt(place: number): Hash;
}

/** What a strategy may use. */
export interface RoutingTools {
  /** The source of time. */
  readonly clock: Clock;
  /** The source of randomness. */
  readonly random: Random;
  /** The open asks of the system. */
  readonly asks: AskRegistry;
  /** The router, for errors. */
  readonly router: { readonly pid: Pid };
}

/** The work of a strategy in one router. */
export interface Routing {
  /**
   * Passes `mail` on.
   *
   * @returns Whether a routee took it, or `undefined` when nobody lives.
   */
  route(mail: Mail, routees: Routees): boolean | undefined;
}

/** The strategy behind the public interface. */
export class Strategy<P extends AnyProtocol = AnyProtocol>
  implements RoutingStrategy<P> {
  readonly name: string;
  /** Begins the work in one router. */
  readonly begin: (tools: RoutingTools) => Routing;

  constructor(name: string, begin: (tools: RoutingTools) => Routing) {
    this.name = name;
    this.begin = begin;
    Object.freeze(this);
  }
}

/**
 * Begins the work of `strategy` in one router.
 *
 * @throws {TypeError} When `strategy` was not made by this library.
 */
export function beginRouting(
  strategy: RoutingStrategy<never>,
  tools: RoutingTools,
): Routing {
  if (strategy instanceof Strategy) return strategy.begin(tools);
  throw new TypeError(
    `Cannot route by ${
      describe(strategy)
    }: it is not a strategy, one such as roundRobin() was expected`,
  );
}

/** Whether `ref` can still take messages, as far as this node knows. */
export function isLiving(ref: BaseRef): boolean {
  return !(ref instanceof LocalRef) || !isEnding(ref.cell.state);
}

/** All who live, in the order of their places. */
export function living(routees: Routees): BaseRef[] {
  const refs: BaseRef[] = [];
  for (let place = 0; place < routees.places; place++) {
    const ref = routees.at(place);
    if (ref !== undefined) refs.push(ref);
  }
  return refs;
}

/** A whole number from 0 to below `bound`. */
export function randomBelow(random: Random, bound: number): number {
  return Math.floor(random.next() * bound);
}
