/**
 * What an outbox says to an inbox.
 * @module
 */

import type { StandardSchema } from "../../actor/protocol/codec.ts";
import { type Protocol, protocol } from "../../actor/protocol/protocol.ts";
import {
  ask,
  type NoErrors,
  type Spec,
  tell,
} from "../../actor/protocol/specs.ts";
import type { DeliveryFailure, DeliveryProgress } from "./inbox_core.ts";
import type { DeliveryAnswer } from "./intake.ts";
import { type DeliverySegment, segmentCodec } from "./segment.ts";

/** Asks for a session. */
export interface OpenDelivery {
  /** Which outbox. */
  readonly producer: string;
  /** Which of its sessions. */
  readonly session: number;
  /** How long the outbox is to be remembered when nothing comes of it, in milliseconds. */
  readonly retention: number;
}

/** The answer to {@linkcode OpenDelivery}. */
export interface OpenedDelivery {
  /** What the session is called in all that follows; `null` when there is no room for one more outbox. */
  readonly key: number | null;
  /** Up to which segment may be sent. */
  readonly upTo: number;
}

/** Asks for what is new behind what is known; answered when there is news, or after a while. */
export interface DeliveryQuestion {
  /** Which outbox. */
  readonly producer: string;
  /** Which of its sessions, as the inbox calls it. */
  readonly key: number;
  /** What the outbox knows. */
  readonly known: DeliveryProgress;
}

/** What {@linkcode Inbox} is. */
export type InboxProtocol = Protocol<"troupe.inbox", {
  open: Spec<OpenDelivery, OpenedDelivery, NoErrors>;
  segment: Spec<DeliverySegment, void>;
  news: Spec<DeliveryQuestion, DeliveryAnswer, NoErrors>;
}>;

/**
 * What an inbox speaks: give it to `remote.ref` or `remote.lookup`, and the reference to an
 * {@linkcode Outbox}.
 */
export const Inbox: InboxProtocol = protocol("troupe.inbox", {
  open: ask<OpenDelivery, OpenedDelivery>(
    checked<OpenDelivery>(
      "a session",
      (it) =>
        isName(it.producer) && isCount(it.session) && it.session > 0 &&
        isCount(it.retention),
    ),
    checked<OpenedDelivery>(
      "the answer to a session",
      ({ key, upTo }) => (key === null || isCount(key)) && isCount(upTo),
    ),
  ),
  segment: tell(segmentCodec),
  news: ask<DeliveryQuestion, DeliveryAnswer>(
    checked<DeliveryQuestion>(
      "a question",
      (it) => isName(it.producer) && isCount(it.key) && isProgress(it.known),
    ),
    checked<DeliveryAnswer>(
      "the answer to a question",
      (it) =>
        it.kind === "forgotten" ||
        (it.kind === "report" && isReport(it.report)),
    ),
  ),
});

type Fields = Record<string, unknown>;

/** A schema that asks one function whether an object has the right fields. */
function checked<T>(
  what: string,
  isRight: (fields: Fields) => boolean,
): StandardSchema<T> {
  return {
    "~standard": {
      version: 1,
      vendor: "troupe",
      validate: (value) =>
        isObject(value) && isRight(value)
          ? { value: value as T } // its fields were looked at
          : { issues: [{ message: `it is not ${what}` }] },
    },
  };
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

function isName(value: unknown): boolean {
  return typeof value === "string" && /^[\w.-]{1,64}$/.test(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && value as number >= 0;
}

function isProgress(value: unknown): boolean {
  return isObject(value) && isCount(value.received) &&
    isCount(value.confirmed) && isCount(value.upTo);
}

function isReport(value: unknown): boolean {
  return isObject(value) && isProgress(value) &&
    typeof value.missing === "boolean" && Array.isArray(value.failures) &&
    value.failures.every(isFailure);
}

const OUTCOMES: readonly unknown[] = ["not_delivered", "unknown", "done"];

function isFailure(value: unknown): value is DeliveryFailure {
  return isObject(value) && isCount(value.number) &&
    typeof value.code === "string" && typeof value.text === "string" &&
    OUTCOMES.includes(value.outcome);
}
