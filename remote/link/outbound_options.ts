/**
 * What the sending half of a lane is made from.
 * @module
 */

import type { Clock } from "../../internal/clock.ts";
import type { LargeMessage } from "./large_messages.ts";
import type { LinkMeter } from "../metrics/meter.ts";

/** Bytes of messages that wait or are not acknowledged, at most, unless told otherwise: 4 MiB. */
export const OUTBOUND_BUDGET: number = 4 * 1024 * 1024;

/** Settings of an {@linkcode Outbound}. */
export interface OutboundOptions {
  /** Bytes of messages that wait or are not acknowledged, at most. */
  budget: number;
  /** Bytes of the largest payload. */
  maxMessageBytes: number;
  /** The source of time. */
  clock: Clock;
  /** Counts, in a node with metrics. */
  meter?: LinkMeter | undefined;
  /** Called when a write failed; the lane is of no more use. */
  onFailure: (error: unknown) => void;
  /** Called with a message that cannot be sent after all, for example because the peer takes less. */
  onUnsendable: (message: LargeMessage, error: unknown) => void;
}
