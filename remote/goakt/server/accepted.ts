/**
 * Which compression of peers is accepted.
 * @module
 */

import type { Clock } from "../../../internal/clock.ts";
import { Recent } from "../../../internal/recent.ts";
import type { Compression } from "../compression/compression.ts";

/** How long Brotli is not accepted from a place whose streams were broken, in milliseconds. */
const PENALTY: number = 10 * 60_000;
/** So many of them within that time: what begins like Brotli may have been a program that speaks something else. */
const MOST_BROKEN = 3;
/** So many places are remembered; the one whose stream broke first is forgotten, and may try again. */
const MOST_PLACES = 4_096;

/** What is known of one place. */
interface Broken {
  readonly count: number;
  /** When it is forgotten. */
  readonly until: number;
}

/**
 * Decides by the first bytes of a connection, before anything is decoded. The platform's Brotli decoder loses memory
 * for good over streams that are broken in certain ways, so a place whose Brotli was broken again and again is heard
 * without it for a while.
 */
export class Accepted {
  readonly #accepts: readonly Compression[];
  readonly #clock: Clock;
  readonly #broken: Recent<Broken> = new Recent(MOST_PLACES);

  constructor(accepts: readonly Compression[], clock: Clock) {
    this.#accepts = accepts;
    this.#clock = clock;
  }

  /** Why a connection from `place` is not accepted, if so. */
  refusal(compression: Compression, place: string): string | undefined {
    if (!this.#accepts.includes(compression)) {
      const wanted = this.#accepts.join(", ");
      return `its compression is ${compression}, one of ${wanted} was expected`;
    }
    if (compression !== "brotli") return undefined;
    const { count, until } = this.#of(place);
    if (count < MOST_BROKEN) return undefined;
    const seconds = Math.ceil((until - this.#clock.now()) / 1_000);
    return `${count} Brotli streams from there were broken, none was expected for another ${seconds} s`;
  }

  /** Takes note of a stream from `place` that could not be decoded. */
  broken(compression: Compression, place: string): void {
    if (compression !== "brotli") return;
    const count = this.#of(place).count + 1;
    this.#broken.add(place, { count, until: this.#clock.now() + PENALTY });
  }

  /** What counts of a place now. */
  #of(place: string): Broken {
    const now = this.#clock.now();
    const known = this.#broken.peek(place);
    if (known !== undefined && known.until > now) return known;
    this.#broken.delete(place);
    return { count: 0, until: now };
  }
}
