/**
 * What happens to the sending end of reliable delivery, and what it does about it.
 * @module
 */

import type { Backoff } from "../../actor/supervision/backoff.ts";
import type { Outcome } from "../../actor/errors.ts";
import type { Random } from "../../internal/random.ts";
import type {
  DeliveryFailure,
  DeliveryProgress,
  DeliveryReport,
} from "./inbox_core.ts";
import type { DeliverySegment } from "./segment.ts";

/** What happens to an outbox. Times are milliseconds on one clock, and never fall. */
export type OutboxEvent =
  | {
    readonly kind: "send";
    readonly id: number;
    readonly type: string;
    readonly body: Uint8Array;
  }
  /** The inbox has begun a session; what it knows of earlier ones is gone. */
  | {
    readonly kind: "opened";
    readonly session: number;
    /** What the inbox calls the session. */
    readonly key: number;
    readonly upTo: number;
  }
  /** The inbox has answered a question. */
  | {
    readonly kind: "report";
    readonly session: number;
    readonly report: DeliveryReport;
  }
  /** The inbox does not know the session: it is a new one, or has forgotten it. */
  | { readonly kind: "forgotten"; readonly session: number }
  /** A question, or the request for a session, has failed: nobody knows what has come. */
  | {
    readonly kind: "failed";
    readonly session: number;
    /** What it ended with. */
    readonly error?: unknown;
    /** What follows for the next attempt; as if the message had been lost unless given. */
    readonly verdict?: Verdict;
  }
  | { readonly kind: "tick" };

/** What to do about it, in order. */
export type OutboxEffect =
  | { readonly kind: "open"; readonly session: number }
  /** Ask for news: `report`, `forgotten` or `failed` follows. */
  | {
    readonly kind: "ask";
    readonly session: number;
    /** What the inbox calls the session. */
    readonly key: number;
    readonly known: DeliveryProgress;
  }
  | { readonly kind: "segment"; readonly segment: DeliverySegment }
  /** A message was handled. */
  | { readonly kind: "confirmed"; readonly id: number }
  /** The inbox says that a message has failed. */
  | {
    readonly kind: "rejected";
    readonly id: number;
    readonly failure: DeliveryFailure;
  }
  /** Nothing more is done for a message. */
  | {
    readonly kind: "given_up";
    readonly id: number;
    readonly outcome: Outcome;
    readonly why: Why;
    /** What the last attempt ended with, when nothing was heard since. */
    readonly cause: unknown;
  };

/**
 * What a failure says of the next attempt: it may go well (`"lost"`), it does when less is sent (`"limited"`), or
 * it would fail in the same way, since nobody takes messages there (`"final"`).
 */
export type Verdict = "lost" | "limited" | "final";

/**
 * Why a message was given up: its time was over, the inbox does not know any more whether it had it, the
 * outbox was closed, or nobody takes it however often it is sent.
 */
export type Why = "time" | "forgotten" | "closed" | "refused";

/** Settings of the core of an outbox. */
export interface OutboxSettings {
  /** What tells this outbox apart from all others. */
  readonly producer: string;
  /** What happens to messages that may have been handled when the inbox has lost its memory. */
  readonly guarantee: "at_least_once" | "effectively_once";
  /** Bytes of the part in one segment. */
  readonly segmentBytes: number;
  /** How long without news before what was sent is sent again. */
  readonly resendAfter: number;
  /** How long a message may wait before it is given up. */
  readonly giveUpAfter: number;
  /** How long without messages before a session is taken for forgotten by the inbox. */
  readonly idleAfter: number;
  /** How long to wait before the next attempt after a failed one, and between rounds for a node with a limit. */
  readonly backoff: Backoff;
  /** The source of the jitter. */
  readonly random: Random;
}
