/**
 * Answers to asks of peers.
 * @module
 */

import type { Cell } from "../../actor/cell/cell.ts";
import type { Outcome } from "../../actor/errors.ts";
import type { Carrier, ReplyTo } from "../../actor/protocol/message.ts";
import { failureOf, outcomeFor, rejectionOf } from "../failure.ts";
import type { Link } from "./link.ts";
import type { MessageCodecs } from "../codec/message_codecs.ts";
import type { Failure } from "../wire/fields.ts";
import { FrameKind } from "../wire/kinds.ts";

/** Takes the answer to an ask of a peer. It is sent once, and not at all when nobody waits for it. */
export class RemoteReply implements ReplyTo {
  /** When the asker gives up, on the system's clock; 0 once it has. */
  deadline: number;
  /** Pairs the ask and its answer. */
  readonly correlation: number;
  readonly #cell: Cell;
  readonly #type: string;
  readonly #codecs: MessageCodecs;
  readonly #link: Link;
  #state: "open" | "cancelled" | "answered" = "open";
  #carrier: Carrier | undefined = undefined;
  /** Why nobody waits, for a handler that looks later. */
  #found = "";

  constructor(
    link: Link,
    cell: Cell,
    correlation: number,
    deadline: number,
    type: string,
    codecs: MessageCodecs,
  ) {
    this.deadline = deadline;
    this.correlation = correlation;
    this.#cell = cell;
    this.#type = type;
    this.#codecs = codecs;
    this.#link = link;
    link.asks.add(this);
  }

  get carrier(): Carrier | undefined {
    return this.#carrier;
  }

  /** Set by a handler that wants to know when the peer waits no longer; few do. */
  set carrier(carrier: Carrier | undefined) {
    this.#carrier = carrier;
    if (this.#state === "cancelled") this.#abandon();
  }

  /** The peer waits no longer because of what was `found`. */
  cancel(found: string): void {
    if (this.#state !== "open") return;
    this.#state = "cancelled";
    this.deadline = 0;
    this.#found = found;
    this.#abandon();
  }

  succeed(reply: unknown): void {
    if (!this.#settle()) return this.#cell.meter?.lateReply();
    const { outbound } = this.#link;
    try {
      outbound.reply(this.correlation, this.#codecs.output, reply);
    } catch (error) {
      this.#fail(failureOf(error, "done"));
    }
  }

  fail(error: unknown): void {
    if (this.#settle()) this.#fail(this.#failureOf(error));
  }

  #abandon(): void {
    if (this.#carrier === undefined) return;
    const reason = new DOMException(
      `Cannot answer the ask of "${this.#type}" from "${this.#link.node}": ${this.#found}, an asker who waits was expected`,
      "AbortError",
    );
    this.#carrier.abandon(this, reason);
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

  /** Whether the answer is to be sent. */
  #settle(): boolean {
    const isOpen = this.#state === "open";
    this.#state = "answered";
    this.#carrier = undefined;
    if (isOpen) this.#link.asks.remove(this);
    return isOpen;
  }

  #fail(failure: Failure): void {
    this.#link.outbound.frame({
      kind: FrameKind.FAILURE,
      correlation: this.correlation,
      failure,
    });
  }
}
