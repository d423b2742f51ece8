/**
 * Programs that make a client for each call, seen from the node that they call.
 * @module
 */

import type { Clock } from "../../internal/clock.ts";
import { Recent } from "../../internal/recent.ts";
import type { NodeIdentity } from "../handshake/handshake.ts";

/** A client whose connection lasts as long, in milliseconds, is one that is kept. */
const SHORT = 5_000;
/** So many different ones of one place, each gone after less than that, */
const MANY = 100;
/** within so many milliseconds are no chance. */
const WINDOW = 60_000;
/** Milliseconds until the same is said of the same place again. */
const PAUSE: number = 60 * 60_000;
/** So many places are remembered; the one that was heard of least recently is forgotten, and may begin anew. */
const MOST_PLACES = 128;

/** What is known of one place. */
interface Visits {
  /** When the window began. */
  since: number;
  /** Until when nothing is said. */
  quietUntil: number;
  /** Which runs of clients have come and gone in it; never more than {@linkcode MANY}. */
  readonly runs: Set<string>;
}

/**
 * Notices places from which very many clients come that stay for a moment. Each costs two handshakes, and what
 * it was about to send when it went is lost: a client is made to be kept.
 */
export class ShortVisits {
  readonly #clock: Clock;
  readonly #warn: (text: string) => void;
  readonly #places: Recent<Visits> = new Recent(MOST_PLACES);

  /** `warn` is told of a place, at most once in an hour. */
  constructor(clock: Clock, warn: (text: string) => void) {
    this.#clock = clock;
    this.#warn = warn;
  }

  /**
   * A connection of `peer`, which began at `begun`, has ended. A client has several, and may let them go and dial
   * again as often as it likes: its runs are what is counted.
   */
  ended(
    peer: Pick<NodeIdentity, "port" | "incarnation">,
    place: string,
    begun: number,
  ): void {
    const now = this.#clock.now();
    if (peer.port !== 0 || now - begun >= SHORT) return;
    const visits = this.#of(place, now);
    if (now < visits.quietUntil) return;
    if (now - visits.since >= WINDOW) {
      visits.since = now;
      visits.runs.clear();
    }
    visits.runs.add(peer.incarnation);
    if (visits.runs.size < MANY) return;
    visits.runs.clear();
    visits.quietUntil = now + PAUSE;
    this.#warn(
      `${MANY} clients from "${place}" came and went within ${
        WINDOW / 1_000
      } s, each in less than ${
        SHORT / 1_000
      } s, one that a program keeps for as long as it runs was expected`,
    );
  }

  #of(place: string, now: number): Visits {
    return this.#places.use(place) ??
      this.#places.add(place, { since: now, quietUntil: 0, runs: new Set() });
  }
}
