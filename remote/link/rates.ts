/**
 * How often clients connect, and how much they send.
 * @module
 */

import type { Clock } from "../../internal/clock.ts";
import { Recent } from "../../internal/recent.ts";
import type { ClientLimits } from "../node/access.ts";
import { Allowance, type Pace } from "./allowance.ts";

/** So many clients are remembered; the one that was heard of least recently is forgotten. */
const MAX_CLIENTS = 4_096;

/** What is left for one client. */
interface Left {
  readonly connections: Allowance;
  readonly messages: Allowance;
  readonly bytes: Allowance;
}

/** Counts what clients do. */
export class Rates {
  readonly #paces: Readonly<Record<keyof ClientLimits, Pace>>;
  readonly #clock: Clock;
  readonly #clients: Recent<Left> = new Recent(MAX_CLIENTS);

  constructor(limits: Required<ClientLimits>, clock: Clock) {
    const { connections, messages, bytes } = limits;
    this.#paces = {
      connections: { perSecond: connections, burst: connections },
      messages: { perSecond: messages, burst: messages },
      bytes: { perSecond: bytes, burst: bytes },
    };
    this.#clock = clock;
  }

  /** Whether a client may connect once more now. */
  connect(name: string): boolean {
    const now = this.#clock.now();
    return this.#of(name, now).connections.take(now);
  }

  /** What a client has sent too much of when it sends once more now, so many bytes; nothing when it may. */
  send(name: string, size: number): "messages" | "bytes" | undefined {
    const now = this.#clock.now();
    const { messages, bytes } = this.#of(name, now);
    if (!messages.take(now)) return "messages";
    return bytes.take(now, size) ? undefined : "bytes";
  }

  #of(name: string, now: number): Left {
    const known = this.#clients.use(name);
    if (known !== undefined) return known;
    const { connections, messages, bytes } = this.#paces;
    return this.#clients.add(name, {
      connections: new Allowance(connections, now),
      messages: new Allowance(messages, now),
      bytes: new Allowance(bytes, now),
    });
  }
}
