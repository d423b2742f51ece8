/**
 * What stands before all handshakes: nobody comes in too often.
 * @module
 */

import { Ration } from "../../actor/logging/ration.ts";
import type { Clock } from "../../internal/clock.ts";
import { Recent } from "../../internal/recent.ts";
import { Allowance, type Pace } from "../link/allowance.ts";
import type { RemoteMeters } from "../metrics/meter.ts";
import { placeOf } from "../transport/places.ts";
import type {
  Connection,
  Listener,
  ListenOptions,
  Transport,
} from "../transport/transport.ts";

/** So many places are remembered; the one that was heard of least recently is forgotten, and may begin anew. */
const MOST_PLACES = 4_096;

/** How often one place may connect: an IPv4 address, or the network (`/64`) of an IPv6 address. */
export interface ConnectionRate {
  /**
   * Connections a second for long, from 1.
   * @default {1000}
   */
  perSecond?: number;
  /**
   * Connections at once after a rest, from 1; `Infinity` for no limit, as behind a proxy that all peers come
   * through.
   * @default {4096}
   */
  burst?: number;
}

/** What a {@linkcode Gate} needs. */
export interface GateOptions {
  /** How often each place may connect. */
  readonly rate: Pace;
  /** The source of time. */
  readonly clock: Clock;
  /** Tells of something that is nobody's error to catch. */
  readonly warn: (text: string) => void;
  /** Counts, in a node with metrics. */
  readonly meters?: RemoteMeters | undefined;
}

/** What is known of a connection from its beginning. */
type Ends = Pick<Connection, "local" | "remote">;

/** The listener of a node, which closes connections of places that connect too often before a byte is read. */
export class Gate implements Listener {
  readonly hostname: string;
  readonly port: number;
  readonly #listener: Listener;
  readonly #guard: Guard;

  private constructor(listener: Listener, guard: Guard) {
    this.hostname = listener.hostname;
    this.port = listener.port;
    this.#listener = listener;
    this.#guard = guard;
  }

  /** Listens; what it throws is in {@linkcode Transport.listen}. */
  static async listen(
    transport: Transport,
    where: Omit<ListenOptions, "admits">,
    options: GateOptions,
  ): Promise<Gate> {
    const guard = new Guard(options);
    const admits = (ends: Ends) => guard.admits(ends);
    const { warn } = options;
    return new Gate(await transport.listen({ ...where, admits, warn }), guard);
  }

  accept(): Promise<Connection | undefined> {
    return this.#listener.accept();
  }

  /** Lets in whatever comes from the own host until `run` is over, in which the node dials itself. */
  async ownVisit(run: () => Promise<void>): Promise<void> {
    this.#guard.isVisited = true;
    try {
      await run();
    } finally {
      this.#guard.isVisited = false;
    }
  }

  async close(): Promise<void> {
    await this.#listener.close();
    this.#guard.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Decides about connections. */
class Guard {
  /** Whether the node is dialling itself. */
  isVisited = false;
  readonly #options: GateOptions;
  readonly #places: Recent<Allowance> = new Recent(MOST_PLACES);
  /** One line in ten seconds; of the others the number is told. */
  readonly #ration: Ration;

  constructor(options: GateOptions) {
    this.#options = options;
    const { clock, warn } = options;
    this.#ration = new Ration(clock, 1, (count, places) => {
      const what = count === 1 ? "connection was" : "connections were";
      warn(`${count} more ${what} closed that came too often: ${places}`);
    });
  }

  admits({ local, remote }: Ends): boolean {
    const place = placeOf(remote);
    if (this.isVisited && place === placeOf(local)) return true;
    const { rate, clock, warn, meters } = this.#options;
    if (this.#of(place).take(clock.now())) return true;
    meters?.refusedConnection(place);
    if (this.#ration.admits(() => `from "${place}"`)) {
      const { perSecond, burst } = rate;
      warn(
        `a connection from "${remote}" was closed: too many come from there, at most ${perSecond} a second and ${burst} at once were expected`,
      );
    }
    return false;
  }

  /** Says what was not told. */
  close(): void {
    this.#ration.sumUp();
  }

  #of(place: string): Allowance {
    const { rate, clock } = this.#options;
    return this.#places.use(place) ??
      this.#places.add(place, new Allowance(rate, clock.now()));
  }
}
