/**
 * What the library itself puts into mailboxes, in order with the messages of users.
 * @module
 */

import type { ForeignMessage } from "../protocol/handlers.ts";
import { type Message, MessageValue } from "../protocol/message.ts";
import type { ProtocolData } from "../protocol/protocol.ts";
import type { BaseRef, Terminated, Watcher } from "../reference/ref.ts";

const SIGNALS: ProtocolData = {
  name: "signal",
  messages: [],
  byType: new Map(),
  hasReadOnly: false,
  input: undefined,
};

/** The position that stands for the end of the receiver. */
export const POISON_INDEX = -1;
/** The position that stands for the end of a watched actor. */
export const TERMINATED_INDEX = -2;
const FOREIGN_INDEX = -3;
/** The position that stands for the end of a linked actor. */
export const EXIT_INDEX = -4;
/** The position that stands for a failed task that the receiver has piped. */
export const PIPE_FAILED_INDEX = -5;

/** The type of {@linkcode PoisonPill}. */
export type Poison = Message<"signal", "PoisonPill", void, void>;

/**
 * Ends the actor that it is told to after the messages that came before it; its children finish theirs.
 * Any reference takes it.
 */
export const PoisonPill: Poison = new MessageValue(
  SIGNALS,
  POISON_INDEX,
  "troupe.PoisonPill",
  undefined,
) as Poison;

/** The same, among the signals. */
export const POISON: Message = PoisonPill;

/** The end of a watched actor. */
export interface TerminatedBody {
  /** Who ended and why. */
  readonly terminated: Terminated;
  /** The reference that was watched. */
  readonly ref: BaseRef;
}

/** The message that brings `body` to its watcher. */
export function terminatedMail(body: TerminatedBody): Message {
  return new MessageValue(SIGNALS, TERMINATED_INDEX, "onTerminated", body);
}

/** The end of a linked actor. */
export interface ExitBody extends TerminatedBody {
  /** The link over which it is felt. */
  readonly link: Watcher;
}

/** The message that brings `body` to the other end of the link. */
export function exitMail(body: ExitBody): Message {
  return new MessageValue(SIGNALS, EXIT_INDEX, "onExit", body);
}

/** The message that makes an actor fail with `error`, with which a task that it piped has failed. */
export function pipeFailedMail(error: unknown): Message {
  return new MessageValue(SIGNALS, PIPE_FAILED_INDEX, "pipeTo", error);
}

/** The message that brings `foreign` to the `receive` method of its target. */
export function foreignMail(foreign: ForeignMessage): Message {
  return new MessageValue(SIGNALS, FOREIGN_INDEX, foreign.typeName, foreign);
}

/** What {@linkcode foreignMail} was made from. */
export function foreignOf(message: Message): ForeignMessage {
  return message.body as ForeignMessage; // made by foreignMail() only
}

/** Whether `message` was made here. */
export function isSignal(message: Message): boolean {
  return message.protocol === SIGNALS;
}

/** Whether `message` concerns the life of its target only, so that nobody misses it after the end. */
export function isLifecycle(message: Message): boolean {
  const { protocol, index } = message;
  return protocol === SIGNALS && index !== FOREIGN_INDEX &&
    index !== PIPE_FAILED_INDEX;
}
