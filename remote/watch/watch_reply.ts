/**
 * Answers to what goes on in the background, without a time limit of their own.
 * @module
 */

import type { ReplyTo } from "../../actor/protocol/message.ts";

/** Takes the answer of another node for whoever keeps its watches. */
export class WatchReply implements ReplyTo {
  readonly deadline: number = Infinity;
  readonly #onAnswer: (address: string) => void;
  readonly #onFailure: (error: unknown) => void;

  constructor(
    onAnswer: (address: string) => void,
    onFailure: (error: unknown) => void,
  ) {
    this.#onAnswer = onAnswer;
    this.#onFailure = onFailure;
  }

  succeed(address: unknown): void {
    this.#onAnswer(String(address));
  }

  fail(error: unknown): void {
    this.#onFailure(error);
  }
}
