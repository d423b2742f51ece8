/**
 * What an outbox owes those who gave it messages: how each has ended.
 * @module
 */

import type { DeadLetterReason } from "../../actor/events/events.ts";
import type { Message } from "../../actor/protocol/message.ts";
import type { BaseRef } from "../../actor/reference/ref.ts";
import type { Runtime } from "../../actor/system/runtime.ts";
import { OverloadedError, RemoteError } from "../errors.ts";
import { formatAddress } from "../transport/transport.ts";
import { foundOf, reasonOf, refusalOf } from "./attempts.ts";
import { DeliveryError } from "./delivery_error.ts";
import type { OutboxEffect } from "./outbox_steps.ts";

/** Takes the outcome of a message; a tell has none. */
export type Settle = ((error: unknown) => void) | undefined;

type Effect<K extends OutboxEffect["kind"]> = Extract<
  OutboxEffect,
  { kind: K }
>;

/** The messages of an outbox that are not confirmed. */
export class SentMessages {
  readonly #runtime: Runtime;
  readonly #inbox: BaseRef;
  readonly #sent: Map<number, { message: Message; settle: Settle }> = new Map();
  #last = 0;

  constructor(runtime: Runtime, inbox: BaseRef) {
    this.#runtime = runtime;
    this.#inbox = inbox;
  }

  /** The node of the inbox as `host:port`. */
  get node(): string {
    const { host, port } = this.#inbox.pid;
    return formatAddress(host, port);
  }

  /** Keeps a message, and returns its number. */
  add(message: Message, settle: Settle): number {
    const id = ++this.#last;
    this.#sent.set(id, { message, settle });
    return id;
  }

  /** It was handled. */
  confirmed(id: number): void {
    this.#settle(id, undefined);
  }

  /** The inbox says that it has failed. */
  rejected({ id, failure }: Effect<"rejected">): void {
    const { pid } = this.#inbox;
    const type = this.#sent.get(id)?.message.type;
    const { code, text, outcome } = failure;
    const action = `deliver "${type}" to "${pid}"`;
    const error = new RemoteError(this.node, action, {
      code,
      text,
      outcome,
      retryable: false,
    });
    const told = this.#settle(id, error);
    // A handler that failed has seen the message.
    if (told === undefined || outcome === "done") return;
    this.#lose(told, reasonOf(code), error);
  }

  /** Nothing more is done for it. */
  givenUp({ id, outcome, why, cause }: Effect<"given_up">): void {
    const { pid } = this.#inbox;
    const type = this.#sent.get(id)?.message.type ?? "";
    const error = new DeliveryError(pid, type, foundOf(why, cause), outcome, {
      ...(cause === undefined ? {} : { cause }),
      ...(why === "refused" ? { retryable: false } : {}),
    });
    const told = this.#settle(id, error);
    if (told === undefined) return;
    const isLost = outcome === "not_delivered";
    this.#lose(told, isLost ? refusalOf(cause) : "unknown", error);
  }

  /** Says of a message that there is no room for it. */
  overloaded(message: Message, settle: Settle): false {
    const action = `deliver "${message.type}" to "${this.#inbox.pid}"`;
    const error = new OverloadedError(this.node, action);
    return this.#refuse(message, settle, "overloaded", error);
  }

  /** Says of a message that the system has ended. */
  ended(message: Message, settle: Settle): false {
    const { pid } = this.#inbox;
    const found = "its system has ended";
    const error = new DeliveryError(pid, message.type, found, "not_delivered", {
      retryable: false,
    });
    return this.#refuse(message, settle, "stopped", error);
  }

  #refuse(
    message: Message,
    settle: Settle,
    reason: DeadLetterReason,
    error: unknown,
  ): false {
    if (settle !== undefined) settle(error);
    else this.#lose(message, reason, error);
    return false;
  }

  /** Tells whoever waits; returns the message when nobody does. */
  #settle(id: number, error: unknown): Message | undefined {
    const sent = this.#sent.get(id);
    this.#sent.delete(id);
    if (sent?.settle === undefined) return sent?.message;
    sent.settle(error);
    return undefined;
  }

  #lose(message: Message, reason: DeadLetterReason, error: unknown): void {
    const { pid } = this.#inbox;
    this.#runtime.deadLetters.take(message, { pid }, reason, error);
  }
}
