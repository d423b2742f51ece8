/**
 * One ask that several routees work on.
 * @module
 */

import { AskBranch, chainOf } from "../asks/ask_chain.ts";
import { AskTimeoutError, RouteesFailedError } from "../errors.ts";
import type { Envelope, ReplyTo } from "../protocol/message.ts";
import type { BaseRef } from "../reference/ref.ts";
import type { RoutingTools } from "./strategy.ts";

/**
 * Passes an ask to one routee or more. The first reply is the reply; then, or when the asker gives up, the
 * others are told that nobody waits for them. It fails when all have failed and no more will be asked.
 */
export class Race {
  /** Called after a failure, while there is no reply; may ask another one. */
  onFailure: () => void = () => {};
  /** Called once, when it is over. */
  onEnd: () => void = () => {};
  readonly #tools: RoutingTools;
  readonly #envelope: Envelope;
  readonly #replyTo: ReplyTo;
  readonly #deadline: number;
  readonly #began: number;
  readonly #cancellation: AbortController = new AbortController();
  readonly #errors: unknown[] = [];
  #running = 0;
  #state: "open" | "closed" | "over" = "open";

  /** Begins an ask that `replyTo` waits for, `within` milliseconds at most. */
  constructor(
    tools: RoutingTools,
    envelope: Envelope,
    replyTo: ReplyTo,
    within: number,
  ) {
    this.#tools = tools;
    this.#envelope = envelope;
    this.#replyTo = replyTo;
    this.#began = tools.clock.now();
    this.#deadline = Math.min(replyTo.deadline, this.#began + within);
    replyTo.carrier = { abandon: (_ask, reason) => this.#end(reason) };
  }

  /** Whether a reply can still come. */
  get isOver(): boolean {
    return this.#state === "over";
  }

  /** Asks one more. */
  ask(ref: BaseRef): void {
    const { message, sender, headers } = this.#envelope;
    const timeout = Math.max(0, this.#deadline - this.#tools.clock.now());
    const { signal } = this.#cancellation;
    const chain = chainOf(this.#envelope);
    this.#running++;
    this.#tools.asks.ask(
      ref,
      message,
      sender,
      { timeout, signal },
      chain && new AskBranch(chain.cell, chain.mail, chain.previous),
      undefined,
      headers,
    ).then((reply) => this.#won(reply), (error) => this.#lost(error));
  }

  /** No more will be asked. */
  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closed";
    this.#check();
  }

  #won(reply: unknown): void {
    this.#replyTo.succeed(reply);
    this.#end(undefined);
  }

  #lost(error: unknown): void {
    if (this.isOver) return;
    this.#running--;
    this.#errors.push(error);
    this.onFailure();
    this.#check();
  }

  #check(): void {
    if (this.#state !== "closed" || this.#running > 0) return;
    const { pid } = this.#tools.router;
    const { type } = this.#envelope.message;
    const isLate = this.#errors.some((error) =>
      error instanceof AskTimeoutError
    );
    this.#replyTo.fail(
      isLate
        ? new AskTimeoutError(pid, type, this.#deadline - this.#began)
        : new RouteesFailedError(pid, type, this.#errors),
    );
    this.#end(undefined);
  }

  #end(reason: unknown): void {
    if (this.isOver) return;
    this.#state = "over";
    this.#cancellation.abort(reason);
    this.onEnd();
  }
}
