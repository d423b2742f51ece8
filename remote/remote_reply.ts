/**
 * Answers to asks of peers.
 * @module
 */

import type { Cell } from "../actor/cell.ts";
import type { Outcome } from "../actor/errors.ts";
import type { Carrier, ReplyTo } from "../actor/message.ts";
import { failureOf, outcomeFor, rejectionOf } from "./failure.ts";
import type { Link } from "./link.ts";
import type { MessageCodecs } from "./message_codecs.ts";
import type { Failure } from "./wire/fields.ts";
import { FrameKind } from "./wire/kinds.ts";

/** Takes the answer to an ask of a peer. */
export class RemoteReply implements ReplyTo {
  readonly deadline: number;
  readonly #cell: Cell;
  readonly #correlation: number;
  readonly #type: string;
  readonly #codecs: MessageCodecs;
  readonly #link: Link;
  #carrier: Carrier | undefined = undefined;

  constructor(
    link: Link,
    cell: Cell,
    correlation: number,
    deadline: number,
    type: string,
    codecs: MessageCodecs,
  ) {
    this.#link = link;
    this.#cell = cell;
    this.#correlation = correlation;
    this.deadline = deadline;
    this.#type = type;
    this.#codecs = codecs;
  }

  get carrier(): Carrier | undefined {
    return this.#carrier;
  }

  /** Set by a handler that wants to know when the peer waits no longer; few do. */
  set carrier(carrier: Carrier | undefined) {
    this.#carrier = carrier;
    this.#link.cancellable.set(this.#correlation, this);
  }

  /** The peer waits no longer. */
  cancel(reason: unknown): void {
    this.#carrier?.abandon(this, reason);
  }

  succeed(reply: unknown): void {
    this.#settle();
    const { outbound } = this.#link;
    try {
      outbound.reply(this.#correlation, this.#codecs.output, reply);
    } catch (error) {
      this.#fail(failureOf(error, "done"));
    }
  }

  fail(error: unknown): void {
    this.#settle();
    this.#fail(this.#failureOf(error));
  }

  #failureOf(error: unknown): Failure {
    const outcome: Outcome = outcomeFor(this.#cell.pid, error);
    try {
      const rejection = rejectionOf(error, this.#type, this.#codecs);
      return rejection ?? failureOf(error, outcome);
    } catch (unencodable) {
      return failureOf(unencodable, "done");
    }
  }

  #settle(): void {
    if (this.#carrier === undefined) return;
    this.#carrier = undefined;
    this.#link.cancellable.delete(this.#correlation);
  }

  #fail(failure: Failure): void {
    this.#link.outbound.frame({
      kind: FrameKind.FAILURE,
      correlation: this.#correlation,
      failure,
    });
  }
}
