/**
 * How often clients connect and send.
 * @module
 */

import type { Clock } from "../../internal/clock.ts";
import type { ClientLimits } from "../node/access.ts";

/** So many clients are remembered; the one that was heard of least recently is forgotten. */
const MAX_CLIENTS = 4_096;
const SECOND = 1_000;

/** What is left for one client. */
class Allowance {
  #left: number;
  #at: number;

  constructor(limit: number, now: number) {
    this.#left = limit;
    this.#at = now;
  }

  /** Takes one of `limit` a second; false when none is left. */
  take(limit: number, now: number): boolean {
    const gained = (now - this.#at) * limit / SECOND;
    this.#left = Math.min(limit, this.#left + gained);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}

/** Counts what clients do. */
export class Rates {
  readonly #limits: Required<ClientLimits>;
  readonly #clock: Clock;
  /** The least recently heard of first; never more than {@linkcode MAX_CLIENTS}. */
  readonly #clients: Map<string, { connect: Allowance; send: Allowance }> =
    new Map();

  constructor(limits: Required<ClientLimits>, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Whether a client may connect once more now. */
  connect(name: string): boolean {
    const { connections } = this.#limits;
    const now = this.#clock.now();
    return this.#of(name, now).connect.take(connections, now);
  }

  /** Whether a client may send once more now. */
  send(name: string): boolean {
    const { messages } = this.#limits;
    const now = this.#clock.now();
    return this.#of(name, now).send.take(messages, now);
  }

  #of(name: string, now: number): { connect: Allowance; send: Allowance } {
    let client = this.#clients.get(name);
    if (client === undefined) {
      const { connections, messages } = this.#limits;
      client = {
        connect: new Allowance(connections, now),
        send: new Allowance(messages, now),
      };
      if (this.#clients.size >= MAX_CLIENTS) {
        const [oldest = ""] = this.#clients.keys();
        this.#clients.delete(oldest);
      }
    } else this.#clients.delete(name);
    this.#clients.set(name, client);
    return client;
  }
}
