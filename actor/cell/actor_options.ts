/**
 * How an actor behaves besides its handlers.
 * @module
 */

import type { Reentrancy } from "./interleaving.ts";
import type { MailboxFactory } from "../mailboxes/mailbox.ts";
import type { StartOptions } from "./start.ts";
import type { Passivation } from "../time/passivation.ts";
import type { ProvidedResource } from "../system/resources.ts";
import type { Supervisor } from "../supervision/supervisor.ts";

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
   * Makes the mailbox of the actor, which outlives its restarts: {@linkcode boundedMailbox},
   * {@linkcode priorityMailbox}, {@linkcode fairMailbox} or one of your own.
   * @default one without a bound, first in, first out
   */
  mailbox?: MailboxFactory;
  /**
   * How often the start hook is tried before the start counts as failed.
   * @default 5 times within 1 s
   */
  start?: StartOptions;
  /**
   * What the actor uses, for {@linkcode Context.dependency}; see {@linkcode provide}. Restarts keep it.
   * Those of a spawn take the place of those of a kind.
   * @default none
   */
  dependencies?: readonly ProvidedResource[];
  /**
   * When the actor stops because it is not needed; see {@linkcode Passivation}. It passivates only while
   * it handles nothing, nothing waits for it and no actor lives below it; timers of its own do not keep it,
   * but their messages count. What is sent to it later is a dead letter.
   * @default "never"
   */
  passivation?: Passivation;
  /**
   * How many messages the actor may have stashed.
   * @default 1000
   */
  stashCapacity?: number;
}
