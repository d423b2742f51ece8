/**
 * What becomes of messages and requests whose link has ended.
 * @module
 */

import type { Addressee } from "../../actor/events/dead_letters.ts";
import { describe, type Outcome } from "../../actor/errors.ts";
import { DisconnectedError } from "../errors.ts";

/** Makes the errors for what was under way at the end of one link. */
export class Losses {
  readonly #node: string;
  readonly #reason: unknown;
  readonly #wasOpen: boolean;
  /** One error for each target and outcome, since there may be very many messages. */
  readonly #written: Map<Addressee, unknown> = new Map();
  readonly #unwritten: Map<Addressee, unknown> = new Map();

  /** Takes the peer, why the link ended, and whether it ever had a connection. */
  constructor(node: string, reason: unknown, wasOpen: boolean) {
    this.#node = node;
    this.#reason = reason;
    this.#wasOpen = wasOpen;
  }

  /** The error for a message, of which nothing was written unless `isWritten`. */
  ofMessage(target: Addressee, isWritten: boolean): unknown {
    const known = isWritten ? this.#written : this.#unwritten;
    let error = known.get(target);
    if (error === undefined) {
      error = this.#error(
        `deliver a message to "${target.pid}" on`,
        isWritten ? "unknown" : "not_delivered",
      );
      known.set(target, error);
    }
    return error;
  }

  /** The error for a request that has no answer. */
  ofRequest(action: string): unknown {
    return this.#error(
      `${action} on`,
      this.#wasOpen ? "unknown" : "not_delivered",
    );
  }

  #error(action: string, outcome: Outcome): unknown {
    const cause = this.#reason;
    // Without a connection its error says it all, and that nothing was delivered.
    const saysItAll = cause !== undefined &&
      !(cause instanceof DisconnectedError);
    if (!this.#wasOpen && saysItAll) return cause;
    const found = cause === undefined
      ? "the connection ended"
      : cause instanceof DisconnectedError
      ? cause.found
      : describe(cause);
    return new DisconnectedError(this.#node, action, found, { outcome, cause });
  }
}
