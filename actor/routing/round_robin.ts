/**
 * One routee after another.
 * @module
 */

import type { Mail } from "../protocol/message.ts";
import {
  type Routees,
  type Routing,
  type RoutingStrategy,
  Strategy,
} from "./strategy.ts";

/**
 * Gives each message to the next routee, in the order of their places, and begins again after the last.
 *
 * @returns The strategy.
 *
 * @example
 * ```ts
 * import { ActorSystem, ask, protocol, roundRobin } from "@troupe/troupe/actor";
 *
 * const Desk = protocol("desk", { serve: ask<string, string>() });
 * await using system = new ActorSystem("shop");
 * const desks = system.spawnPool(Desk, () => ({
 *   serve: (name) => `Hello ${name}`,
 * }), { strategy: roundRobin() });
 * console.assert(await desks.ask(Desk.serve("Ada")) === "Hello Ada");
 * ```
 */
export function roundRobin(): RoutingStrategy {
  return new Strategy("round_robin", () => new RoundRobin());
}

class RoundRobin implements Routing {
  #next = 0;

  route(mail: Mail, routees: Routees): boolean | undefined {
    const { places } = routees;
    let place = this.#next;
    for (let tried = 0; tried < places; tried++) {
      if (place >= places) place = 0;
      const ref = routees.at(place++);
      if (ref === undefined) continue;
      this.#next = place;
      return ref.deliver(mail);
    }
    return undefined;
  }
}
