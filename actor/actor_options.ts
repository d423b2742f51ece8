/**
 * How an actor behaves besides its handlers.
 * @module
 */

import type { Reentrancy } from "./interleaving.ts";
import type { Supervisor } from "./supervisor.ts";

/** What can be said of an actor when it is spawned, or of all actors of a kind. */
export interface ActorOptions {
  /**
   * What happens when the actor fails.
   * @default the system's, which restarts at most 10 times in 60 s and then stops
   */
  supervisor?: Supervisor;
  /**
   * Which messages may be handled while a handler waits; see {@linkcode Reentrancy}. Read-only messages
   * interleave with each other in any case.
   * @default none: one message after the other
   */
  reentrancy?: Reentrancy;
  /**
   * How many messages the actor may have stashed.
   * @default 1000
   */
  stashCapacity?: number;
}
