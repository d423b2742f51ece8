/**
 * The routee with the least to do.
 * @module
 */

import { LocalRef } from "../reference/local_ref.ts";
import type { Mail } from "../protocol/message.ts";
import type { BaseRef } from "../reference/ref.ts";
import {
  type Routees,
  type Routing,
  type RoutingStrategy,
  Strategy,
} from "./strategy.ts";

/**
 * Gives each message to the routee that has the fewest messages waiting or in work. Those with as few take
 * turns. Of a routee on another node nothing is known, so it is chosen only when there is no other.
 *
 * @returns The strategy.
 *
 * @example
 * ```ts
 * import { ActorSystem, ask, leastMailbox, protocol } from "@troupe/troupe/actor";
 *
 * const Desk = protocol("desk", { serve: ask<string, string>() });
 * await using system = new ActorSystem("shop");
 * const desks = system.spawnPool(Desk, () => ({
 *   serve: (name) => `Hello ${name}`,
 * }), { strategy: leastMailbox() });
 * console.assert(await desks.ask(Desk.serve("Ada")) === "Hello Ada");
 * ```
 */
export function leastMailbox(): RoutingStrategy {
  return new Strategy("least_mailbox", () => new LeastMailbox());
}

class LeastMailbox implements Routing {
  #next = 0;

  route(mail: Mail, routees: Routees): boolean | undefined {
    const { places } = routees;
    let best: BaseRef | undefined;
    let least = Infinity;
    let found = 0;
    for (let step = 0; step < places; step++) {
      const place = (this.#next + step) % places;
      const ref = routees.at(place);
      if (ref === undefined) continue;
      const load = loadOf(ref);
      if (best !== undefined && load >= least) continue;
      best = ref;
      least = load;
      found = place;
      if (load === 0) break;
    }
    if (best === undefined) return undefined;
    this.#next = found + 1;
    return best.deliver(mail);
  }
}

function loadOf(ref: BaseRef): number {
  if (!(ref instanceof LocalRef)) return Infinity;
  const { mailbox, turn } = ref.cell;
  const inWork = turn === "awaiting" || turn === "busy" ? 1 : 0;
  return (mailbox?.size ?? 0) + inWork;
}
