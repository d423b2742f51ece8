/**
 * Any routee.
 * @module
 */

import type { Random } from "../../internal/random.ts";
import type { BaseRef } from "../reference/ref.ts";
import {
  living,
  randomBelow,
  type Routees,
  type RoutingStrategy,
  Strategy,
} from "./strategy.ts";

/**
 * Gives each message to any routee, each with the same chance; see
 * {@linkcode ActorSystemOptions.random}.
 *
 * @returns The strategy.
 *
 * @example
 * ```ts
 * import { ActorSystem, ask, protocol, randomRouting } from "@troupe/troupe/actor";
 *
 * const Desk = protocol("desk", { serve: ask<string, string>() });
 * await using system = new ActorSystem("shop");
 * const desks = system.spawnPool(Desk, () => ({
 *   serve: (name) => `Hello ${name}`,
 * }), { strategy: randomRouting() });
 * console.assert(await desks.ask(Desk.serve("Ada")) === "Hello Ada");
 * ```
 */
export function randomRouting(): RoutingStrategy {
  return new Strategy("random", ({ random }) => ({
    route: (mail, routees) => anyOf(routees, random)?.deliver(mail),
  }));
}

/** Somebody who lives, each with the same chance. */
export function anyOf(routees: Routees, random: Random): BaseRef | undefined {
  const { places } = routees;
  if (places === 0) return undefined;
  const first = routees.at(randomBelow(random, places));
  if (first !== undefined) return first;
  const others = living(routees);
  return others[randomBelow(random, others.length)];
}
