/**
 * Which compression of peers is accepted.
 * @module
 */

import type { Clock } from "../../../internal/clock.ts";
import { Recent } from "../../../internal/recent.ts";
import type { Compression } from "../compression/compression.ts";

/** How long Brotli is not accepted from a place whose stream was broken, in milliseconds. */
const PENALTY: number = 10 * 60_000;
/** So many places are remembered; the one whose stream broke first is forgotten, and may try again. */
const MOST_PLACES = 4_096;

/**
 * Decides by the first bytes of a connection, before anything is decoded. The platform's Brotli decoder loses memory
 * for good over streams that are broken in certain ways, so a place whose Brotli was broken is heard without it for
 * a while.
 */
export class Accepted {
  readonly #accepts: readonly Compression[];
  readonly #clock: Clock;
  /** Until when Brotli of a place is not accepted. */
  readonly #penalties: Recent<number> = new Recent(MOST_PLACES);

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
    const until = this.#penalties.peek(place);
    if (until === undefined) return undefined;
    const left = until - this.#clock.now();
    if (left > 0) {
      const seconds = Math.ceil(left / 1_000);
      return `a Brotli stream from there was broken, none was expected for another ${seconds} s`;
    }
    this.#penalties.delete(place);
    return undefined;
  }

  /** Takes note of a stream from `place` that could not be decoded. */
  broken(compression: Compression, place: string): void {
    if (compression !== "brotli") return;
    this.#penalties.add(place, this.#clock.now() + PENALTY);
  }
}
