/**
 * What the failure of an attempt to reach an inbox means for its outbox.
 * @module
 */

import { ActorError, AskTimeoutError, describe } from "../../actor/errors.ts";
import type { DeadLetterReason } from "../../actor/events/events.ts";
import {
  CodecError,
  ConnectError,
  DisconnectedError,
  HandshakeError,
  OverloadedError,
  QuarantinedError,
  RemoteError,
} from "../errors.ts";
import type { Verdict, Why } from "./outbox_steps.ts";

/** Nobody takes messages at that address, and none that is sent again. */
const FINAL: ReadonlySet<string> = new Set([
  "codec_error",
  "denied_error",
  "unhandled_error",
]);

/** What is between the nodes, which the links report themselves. */
const ON_THE_WAY = [
  AskTimeoutError,
  ConnectError,
  DisconnectedError,
  HandshakeError,
  OverloadedError,
  QuarantinedError,
] as const;

/** Whether an attempt that ended with `error` may go well when it is made again. */
export function verdictOf(error: unknown): Verdict {
  const code = codeOf(error);
  if (code === "rate_error") return "limited";
  return FINAL.has(code) ? "final" : "lost";
}

/** Whether somebody should look at the inbox: its node was reached, and does not take what is sent. */
export function isAnswer(error: unknown): boolean {
  return codeOf(error) !== "rate_error" &&
    !ON_THE_WAY.some((kind) => error instanceof kind);
}

/** An error in a few words. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof RemoteError)) return describe(error);
  return `${error.remoteCode} "${error.text}"`;
}

/** Why a message was given up, in words. */
export function foundOf(why: Why, cause: unknown): string {
  const found = FOUND[why];
  return cause === undefined
    ? found
    : `${found}; the last attempt ended with ${wordsOf(cause)}`;
}

/** What becomes of a message that the inbox has rejected with the error of this code. */
export function reasonOf(code: string): DeadLetterReason {
  return REASONS.get(code) ?? "unknown";
}

/** What kept messages from an inbox, or from the actor behind it, as the reason of dead letters. */
export function refusalOf(error: unknown): DeadLetterReason {
  if (error instanceof CodecError) return "not_encodable";
  return REASONS.get(codeOf(error)) ?? "disconnected";
}

function codeOf(error: unknown): string {
  if (error instanceof RemoteError) return error.remoteCode;
  return error instanceof ActorError ? error.code : "";
}

const FOUND: Readonly<Record<Why, string>> = {
  time: "its time is over",
  forgotten: "the inbox does not know what it has had",
  closed: "the outbox was closed",
  refused: "no inbox takes it",
};

/** What kept an actor from seeing a message, by the code of the error. */
const REASONS: ReadonlyMap<string, DeadLetterReason> = new Map([
  ["stopped_error", "missing"],
  ["codec_error", "not_decodable"],
  ["denied_error", "denied"],
  ["frame_error", "not_decodable"],
  ["mailbox_full_error", "mailbox_full"],
  ["overloaded_error", "overloaded"],
  ["rate_error", "overloaded"],
  ["unhandled_error", "unhandled"],
]);
