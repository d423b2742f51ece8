/**
 * Handling several messages of one actor at the same time, where that was asked for.
 * @module
 */

import { Deque } from "../../internal/deque.ts";
import { chainOf, isInChain } from "../asks/ask_chain.ts";
import type { Cell } from "./cell.ts";
import type { CellContext } from "./cell_context.ts";
import { type Mail, type Message, messageOf } from "../protocol/message.ts";
import { isSignal } from "./signals.ts";

/** Options of an actor that handles messages while others of its handlers wait. */
export interface Reentrancy {
  /**
   * Which messages are handled meanwhile: `"all"`, or those of the `"call_chain"`, which are asks that
   * an ask of this very actor led to. Messages begin in the order of their arrival, but those of a
   * call chain do not wait for others that have to wait. With `"call_chain"` all other mail is held until
   * nothing is in work, what GoAkt calls stashing non-reentrant messages. What concerns the life of the actor waits for all that is in work.
   */
  mode: "all" | "call_chain";
  /**
   * How many messages are in work at the same time, at most; more wait. An ask that led back to the
   * actor and finds no room fails with an {@linkcode AskCycleError}, since it would wait for itself.
   * @default no limit
   */
  maxInFlight?: number;
}

/** A message whose handler waits for a promise while others may begin. */
export interface Flight {
  /** The message. */
  readonly mail: Mail;
  /** What its handler was given. */
  readonly context: CellContext;
  /** Whether the message leaves the state as it is. */
  readonly readOnly: boolean;
}

/** The messages of one actor that are in work, and which others may join them. */
export class Interleaving {
  /** Asks that asks of the actor led to; they come before all other mail. */
  readonly chained: Deque<Mail> = new Deque<Mail>();
  readonly #reentrancy: Reentrancy | undefined;
  readonly #flights: Set<Flight> = new Set();
  #writers = 0;

  /**
   * Takes the mode; without one only read-only messages interleave, with each other.
   *
   * @throws {RangeError} When the limit is not at least 1.
   */
  constructor(reentrancy: Reentrancy | undefined) {
    const limit = reentrancy?.maxInFlight;
    if (limit !== undefined && !(limit >= 1)) {
      throw new RangeError(
        `Cannot make a reentrant actor: maxInFlight is ${limit}, a number >= 1 was expected`,
      );
    }
    this.#reentrancy = reentrancy;
  }

  /** The messages in work. */
  get flights(): ReadonlySet<Flight> {
    return this.#flights;
  }

  /** Whether others may begin while the handler of `message` waits. */
  yields(message: Message): boolean {
    return this.#reentrancy !== undefined || isReadOnly(message);
  }

  /** Whether `mail` of `cell` may begin now. */
  admitsMail(cell: Cell, mail: Mail): boolean {
    if (this.#flights.size === 0) return true;
    const message = messageOf(mail);
    if (isSignal(message) || !this.#hasRoom(0)) return false;
    return (this.#writers === 0 && isReadOnly(message)) ||
      this.#reentrancy?.mode === "all" ||
      (this.#reentrancy !== undefined && isInChain(chainOf(mail), cell));
  }

  /**
   * Whether `message` of an ask that led back to the actor will begin while the asks before it wait.
   *
   * @param message The message.
   * @param current What is being handled besides the messages in work: it may still become one of them.
   */
  admitsChain(message: Message, current: Message | undefined): boolean {
    if (this.#reentrancy !== undefined) {
      return this.#hasRoom(current === undefined ? 0 : 1);
    }
    return this.#writers === 0 && isReadOnly(message) &&
      (current === undefined || isReadOnly(current));
  }

  /**
   * Whether all mail begins as it comes, so that an ask which led back to the actor comes in time behind
   * what its sender has sent before.
   */
  get keepsOrder(): boolean {
    const { mode, maxInFlight = Infinity } = this.#reentrancy ?? {};
    return mode === "all" && maxInFlight === Infinity &&
      this.chained.size === 0;
  }

  /** Notes that the handler of a message waits. */
  begin(flight: Flight): void {
    this.#flights.add(flight);
    if (!flight.readOnly) this.#writers++;
  }

  /** Notes that it is done. */
  finish(flight: Flight): void {
    if (this.#flights.delete(flight) && !flight.readOnly) this.#writers--;
  }

  /** Whether a message is in work. */
  has(mail: Mail | undefined): boolean {
    for (const flight of this.#flights) if (flight.mail === mail) return true;
    return false;
  }

  #hasRoom(more: number): boolean {
    const { maxInFlight = Infinity } = this.#reentrancy ?? {};
    return this.#flights.size + more < maxInFlight;
  }
}

/** Whether a message leaves the state of its actor as it is. */
export function isReadOnly(message: Message): boolean {
  return message.protocol.messages[message.index]?.readOnly ?? false;
}
