/**
 * Actors of one process that are reached as if each were on a node of its own.
 * @module
 */

import type { AskLink } from "../asks/ask_chain.ts";
import { PendingAsk } from "../asks/asks.ts";
import type { Cell } from "../cell/cell.ts";
import type { Codec } from "../protocol/codec.ts";
import type { Outcome } from "../errors.ts";
import { LocalRef } from "../reference/local_ref.ts";
import {
  addHeaders,
  callerOf,
  type Carrier,
  Envelope,
  type Mail,
  type Message,
  messageOf,
  MessageValue,
  ReceivedMessage,
  type ReplyTo,
} from "../protocol/message.ts";
import type { Pid } from "../reference/pid.ts";

/**
 * A wire that is none: what it takes to bring messages between actors of one process as they would come
 * from another. `simulateRemote` of the testing entry is one.
 */
export interface SimulatedWire {
  /** How the body and the reply of a message are encoded. */
  codecs(message: Message): SimulatedCodecs;
  /**
   * What an asker on another node is given in place of an error.
   *
   * @param error What was thrown.
   * @param message The message that was asked.
   * @param target Who was asked.
   * @param outcome What is known of the message, when the error does not say it.
   */
  failure(
    error: unknown,
    message: Message,
    target: Pid,
    outcome?: Outcome,
  ): unknown;
}

/** How the body and the reply of one message are encoded. */
export interface SimulatedCodecs {
  /** The body. */
  readonly input: Codec<unknown>;
  /** The reply. */
  readonly output: Codec<unknown>;
}

/** A reference to an actor of this process that encodes and decodes what it is given. */
export class SimulatedRef extends LocalRef {
  readonly #wire: SimulatedWire;

  constructor(cell: Cell, wire: SimulatedWire) {
    super(cell);
    this.#wire = wire;
  }

  override deliver(mail: Mail): boolean {
    const { cell } = this;
    const message = messageOf(mail);
    const isPlain = mail === message || mail instanceof PendingAsk ||
      mail.constructor === Envelope;
    if (message.protocol !== this.protocol || !isPlain) {
      return super.deliver(mail); // of the library, which sends nothing of it to other nodes; or refused
    }
    const { deadLetters } = cell.runtime;
    const { input, output } = this.#wire.codecs(message);
    let bytes: Uint8Array;
    try {
      bytes = input.encode(message.body);
    } catch (error) {
      deadLetters.take(mail, cell, "not_encodable", error);
      return false;
    }
    const replyTo = mail instanceof Envelope && mail.replyTo !== undefined
      ? new SimulatedReply(mail.replyTo, message, cell, this.#wire, output)
      : undefined;
    let body: unknown;
    try {
      body = input.decode(bytes);
    } catch (error) {
      replyTo?.failWith(error, "not_delivered");
      deadLetters.take(mail, cell, "not_decodable", error);
      return true; // a sender on another node would not know
    }
    const { protocol, index, type } = message;
    const caller = callerOf(mail);
    const arrived = caller === undefined
      ? new MessageValue(protocol, index, type, body)
      : new ReceivedMessage(protocol, index, type, body, caller);
    return super.deliver(
      mail instanceof Envelope
        ? addHeaders(new Envelope(arrived, mail.sender, replyTo), mail.headers)
        : arrived,
    );
  }
}

/** Takes the answer to an ask over a simulated wire. */
class SimulatedReply implements ReplyTo {
  readonly deadline: number;
  readonly chain: AskLink | undefined;
  readonly #asker: ReplyTo;
  readonly #message: Message;
  readonly #cell: Cell;
  readonly #wire: SimulatedWire;
  readonly #output: Codec<unknown>;
  #carrier: Carrier | undefined = undefined;

  constructor(
    asker: ReplyTo,
    message: Message,
    cell: Cell,
    wire: SimulatedWire,
    output: Codec<unknown>,
  ) {
    this.deadline = asker.deadline;
    this.chain = asker.chain;
    this.#asker = asker;
    this.#message = message;
    this.#cell = cell;
    this.#wire = wire;
    this.#output = output;
  }

  get carrier(): Carrier | undefined {
    return this.#carrier;
  }

  set carrier(carrier: Carrier | undefined) {
    this.#carrier = carrier;
    this.#asker.carrier = carrier && {
      abandon: (_ask, reason) => carrier.abandon(this, reason),
    };
  }

  succeed(reply: unknown): void {
    let arrived: unknown;
    try {
      arrived = this.#output.decode(this.#output.encode(reply));
    } catch (error) {
      return this.failWith(error, "done");
    }
    this.#asker.succeed(arrived);
  }

  fail(error: unknown): void {
    this.failWith(error);
  }

  /** Fails with what another node would be told of `error`. */
  failWith(error: unknown, outcome?: Outcome): void {
    this.#asker.fail(
      this.#wire.failure(error, this.#message, this.#cell.pid, outcome),
    );
  }
}
