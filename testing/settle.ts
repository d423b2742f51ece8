/**
 * A barrier for the actors of one system.
 * @module
 */

import type { ActorSystem } from "../actor/mod.ts";
import { internalsOf } from "../actor/system/system.ts";
import { nextTurn } from "./turn.ts";

/** Turns of the event loop after which actors are taken to work for ever. */
const LONGEST_UNREST = 100_000;

/**
 * Waits until no actor of a system has anything left to do, apart from what waits for a promise, a
 * timer or another system.
 *
 * @param system Whose actors.
 * @returns Resolves once they rest.
 * @throws {Error} When they do not come to rest.
 *
 * @example
 * ```ts
 * import { ActorSystem, protocol, tell } from "@troupe/troupe/actor";
 * import { settle } from "@troupe/troupe/testing";
 *
 * const Bell = protocol("bell", { ring: tell() });
 * await using system = new ActorSystem("shop");
 * let rings = 0;
 * system.spawn(Bell, () => ({ ring: () => void rings++ })).tell(Bell.ring());
 * await settle(system);
 * console.assert(rings === 1);
 * ```
 */
export async function settle(system: ActorSystem): Promise<void> {
  const { dispatcher } = internalsOf(system).runtime;
  let quiet = 0;
  for (let turn = 0; quiet < 2; turn++) {
    if (turn === LONGEST_UNREST) {
      throw new Error(
        `Cannot settle system "${system.name}": actors still ran after ${LONGEST_UNREST} turns of the event loop, rest was expected`,
      );
    }
    const { bursts } = dispatcher;
    await nextTurn(quiet);
    quiet = dispatcher.isIdle && dispatcher.bursts === bursts ? quiet + 1 : 0;
  }
}
