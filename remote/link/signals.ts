/**
 * What a client sends besides messages and requests: signs of life, and that it waits no longer.
 * @module
 */

import { RateError } from "../errors.ts";
import type { PeerIdentity } from "../handshake/identity.ts";
import type { DecodedFrame } from "../wire/fields.ts";
import { FrameKind } from "../wire/kinds.ts";
import { Allowance, type Pace } from "./allowance.ts";
import { MOST_ASKS, MOST_SIGNALS } from "./caps.ts";

/** An honest signal is smaller; one that is larger counts as so many of this size, in bytes. */
const SIGNAL_BYTES = 256;
const PACE: Pace = { perSecond: MOST_SIGNALS, burst: MOST_SIGNALS };

/**
 * Counts the signals of one connection. Messages and requests are not counted here, they have rates of their own,
 * and each may be given up: who has asked very much and waits no longer says so as often, and is no attacker.
 */
export class Signals {
  readonly #identity: PeerIdentity;
  readonly #allowance: Allowance;
  /** Requests that the peer has not given up, as far as it can wait for so many. */
  #open = 0;

  /** Counts those of a peer from the time `now` on, in milliseconds. */
  constructor(identity: PeerIdentity, now: number) {
    this.#identity = identity;
    this.#allowance = new Allowance(PACE, now);
  }

  /**
   * Counts a frame that has come at `now`.
   *
   * @throws {RateError} When there are too many.
   */
  take(frame: DecodedFrame, now: number): void {
    const { kind, size } = frame;
    switch (kind) {
      case FrameKind.TELL:
        return;
      case FrameKind.CHUNK:
        // The payload is counted with its message; what else there may be is not.
        return this.#spend(
          size - (frame.payloadEnd - frame.payloadStart),
          0,
          now,
        );
      case FrameKind.ASK:
      case FrameKind.LOOKUP:
      case FrameKind.SPAWN:
      case FrameKind.STOP:
      case FrameKind.WATCH:
      case FrameKind.LINK:
      case FrameKind.UNLINK:
      case FrameKind.RESPAWN:
      case FrameKind.REINSTATE:
      case FrameKind.STATE:
        this.#open = Math.min(this.#open + 1, MOST_ASKS);
        return;
      case FrameKind.CANCEL:
      case FrameKind.UNWATCH:
        return this.#spend(size, this.#giveUp() ? 0 : 1, now);
      default:
        return this.#spend(size, 1, now);
    }
  }

  /** Whether there was something to be given up. */
  #giveUp(): boolean {
    if (this.#open === 0) return false;
    this.#open--;
    return true;
  }

  #spend(size: number, signals: number, now: number): void {
    const cost = signals + Math.floor(size / SIGNAL_BYTES);
    if (cost === 0 || this.#allowance.take(now, cost)) return;
    throw new RateError(this.#identity, MOST_SIGNALS, "signals");
  }
}
