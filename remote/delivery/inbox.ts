/**
 * The receiving end of reliable delivery, as an actor.
 * @module
 */

import type { Outcome } from "../../actor/errors.ts";
import type { Context } from "../../actor/cell/context.ts";
import type { Handlers } from "../../actor/protocol/handlers.ts";
import type { Caller } from "../../actor/protocol/caller.ts";
import {
  broughtBy,
  type Message,
  MessageValue,
} from "../../actor/protocol/message.ts";
import type { AnyProtocol, MessageOf } from "../../actor/protocol/protocol.ts";
import type { ActorRef } from "../../actor/reference/ref.ts";
import { foreignMail } from "../../actor/cell/signals.ts";
import { type ActorSystem, internalsOf } from "../../actor/system/system.ts";
import type { Clock, Timer } from "../../internal/clock.ts";
import type { Random } from "../../internal/random.ts";
import { failureOf, outcomeFor } from "../failure.ts";
import { codecOf } from "../codec/message_codecs.ts";
import { checkInteger } from "../checks.ts";
import {
  checkOptions,
  NUMBER,
  type OptionKinds,
  TEXT,
} from "../option_kinds.ts";
import type { DeliveryFailure } from "./inbox_core.ts";
import {
  Inbox,
  type InboxProtocol,
  type OpenedDelivery,
} from "./inbox_protocol.ts";
import type { DeliveryQuestion, OpenDelivery } from "./inbox_protocol.ts";
import {
  type DeliveryAnswer,
  Intake,
  type IntakeEffect,
  type IntakeLimits,
} from "./intake.ts";
import type { DeliverySegment } from "./segment.ts";

/** News that is not much waits this long for more, in milliseconds. */
const SOON = 20;
/** A question is answered after this long at the latest, in milliseconds. */
const RENEW = 5_000;

/** Options of {@linkcode spawnInbox}. */
export interface InboxOptions {
  /**
   * The name of the inbox, by which outboxes reach it.
   * @default a name that nobody else can have
   */
  name?: string;
  /**
   * How many messages of one outbox may wait to be handled, at most, counted in parts of 48 KiB. No more
   * are sent than that.
   * @default 32
   */
  window?: number;
  /**
   * Bytes of the largest message, which may be more than fits into one message of a node.
   * @default 67108864 (64 MiB)
   */
  maxMessageBytes?: number;
  /**
   * How many outboxes are remembered at the same time, at most; others wait.
   * @default 1024
   */
  maxOutboxes?: number;
}

const KINDS: OptionKinds<InboxOptions> = {
  name: TEXT,
  window: NUMBER,
  maxMessageBytes: NUMBER,
  maxOutboxes: NUMBER,
};

/**
 * Spawns an actor that takes messages from each {@linkcode Outbox} and hands them to another actor:
 * in order, once each, no more at a time than that actor has handled. A message is confirmed when it has
 * been handled. What its handler throws reaches the outbox, and is a failure for the supervisor as ever.
 *
 * The inbox remembers which messages it has had for as long as it lives. An inbox that is started anew
 * remembers nothing: see `guarantee` of {@linkcode OutboxOptions}.
 *
 * @param system Where it lives.
 * @param target Who handles the messages.
 * @param options Its name and limits.
 * @returns The inbox; to be stopped as any actor.
 * @throws {TypeError} When there is no option of a name, or it is of another type.
 * @throws {RangeError} When a limit is out of its range.
 * @throws {NameTakenError} When an actor of that name lives.
 *
 * @example
 * ```ts
 * import { ActorSystem, protocol, tell } from "@troupe/troupe/actor";
 * import { Outbox, spawnInbox } from "@troupe/troupe/remote";
 *
 * const Orders = protocol("orders", { place: tell<{ id: number }>() });
 * await using system = new ActorSystem("shop");
 * const placed: number[] = [];
 * const orders = system.spawn(Orders, () => ({
 *   place: ({ id }) => void placed.push(id),
 * }));
 * const inbox = spawnInbox(system, orders, { name: "orders-inbox" });
 * await using outbox = new Outbox(system, Orders, inbox);
 * await outbox.send(Orders.place({ id: 1 }));
 * console.assert(placed.length === 1);
 * ```
 */
export function spawnInbox<P extends AnyProtocol>(
  system: ActorSystem,
  target: ActorRef<P>,
  options: InboxOptions = {},
): ActorRef<InboxProtocol> {
  const action = "make an inbox";
  checkOptions(action, options, KINDS);
  const {
    name,
    window = 32,
    maxMessageBytes = 64 * 1024 * 1024,
    maxOutboxes = 1_024,
  } = options;
  checkInteger(action, "window", window, 1, 4_096);
  checkInteger(action, "maxMessageBytes", maxMessageBytes, 1, 2 ** 31);
  checkInteger(action, "maxOutboxes", maxOutboxes, 1, 1_000_000);
  const limits = { window, maxMessageBytes, maxProducers: maxOutboxes };
  const { random } = internalsOf(system).runtime;
  return system.spawn(Inbox, () => new InboxActor(target, limits, random), {
    // A question waits for news, and must hold up nothing else.
    reentrancy: { mode: "all" },
    ...(name === undefined ? {} : { name }),
  });
}

/** Runs an {@linkcode Intake}. */
class InboxActor implements Handlers<InboxProtocol> {
  readonly #target: ActorRef<AnyProtocol>;
  readonly #intake: Intake;
  /** The questions that are open, by number. */
  readonly #questions: Map<number, (answer: DeliveryAnswer) => void> =
    new Map();
  #last = 0;
  #clock: Clock | undefined = undefined;
  #soon: Timer | undefined = undefined;
  #renew: Timer | undefined = undefined;
  #context: Context<InboxProtocol> | undefined = undefined;

  constructor(
    target: ActorRef<AnyProtocol>,
    limits: Omit<IntakeLimits, "firstKey">,
    random: Random,
  ) {
    this.#target = target;
    const firstKey = 1 + Math.floor(random.next() * 2 ** 48);
    this.#intake = new Intake({ ...limits, firstKey });
  }

  onStart(ctx: Context<InboxProtocol>): void {
    this.#context = ctx;
    this.#clock = internalsOf(ctx.system).runtime.clock;
  }

  onStop(): void {
    this.#soon?.cancel();
    this.#renew?.cancel();
    this.#clock = undefined;
  }

  open(
    { producer, session, retention }: OpenDelivery,
    { caller }: Context<InboxProtocol>,
  ): OpenedDelivery {
    const { opened, effects } = this.#intake.open(
      nameOf(producer, caller),
      session,
      retention,
      this.#now(),
      caller,
    );
    this.#carryOut(effects);
    return opened ?? { key: null, upTo: 0 };
  }

  segment(
    segment: DeliverySegment,
    { caller }: Context<InboxProtocol>,
  ): void {
    const producer = nameOf(segment.producer, caller);
    const named = { ...segment, producer };
    this.#carryOut(this.#intake.segment(named, this.#now()));
  }

  news(
    { producer, key, known }: DeliveryQuestion,
    { signal, caller }: Context<InboxProtocol>,
  ): Promise<DeliveryAnswer> {
    const question = ++this.#last;
    const { promise, resolve } = Promise.withResolvers<DeliveryAnswer>();
    this.#questions.set(question, resolve);
    // Nobody waits any more, or the inbox is to end.
    signal.addEventListener("abort", () => {
      this.#questions.delete(question);
      resolve({ kind: "forgotten" });
    });
    const now = this.#now();
    const name = nameOf(producer, caller);
    this.#carryOut(this.#intake.ask(name, key, known, question, now));
    return promise;
  }

  #now(): number {
    return this.#clock?.now() ?? 0;
  }

  #carryOut(effects: readonly IntakeEffect[]): void {
    if (this.#clock === undefined) return; // it has ended
    for (const effect of effects) {
      switch (effect.kind) {
        case "deliver":
          this.#deliver(effect);
          break;
        case "answer":
          this.#questions.get(effect.question)?.(effect.answer);
          this.#questions.delete(effect.question);
          break;
        case "soon":
          this.#soon ??= this.#clock.setTimer(SOON, this.#flush);
          break;
        case "broken":
          this.#context?.log.warn(
            `outbox ${effect.producer} is refused: ${effect.found}`,
          );
      }
    }
    // Outboxes that are known are looked at now and then, so that they can be forgotten.
    if (this.#intake.size > 0) {
      this.#renew ??= this.#clock.setTimer(RENEW, this.#tick);
    }
  }

  #flush = (): void => {
    this.#soon = undefined;
    this.#carryOut(this.#intake.flush());
  };

  #tick = (): void => {
    this.#renew = undefined;
    this.#carryOut(this.#intake.tick(this.#now()));
  };

  #deliver(
    { producer, key, number, type, body, caller }: Extract<
      IntakeEffect,
      { kind: "deliver" }
    >,
  ): void {
    const done = (failure?: DeliveryFailure) => {
      const event = { kind: "handled", number, failure } as const;
      this.#carryOut(this.#intake.handled(producer, key, event));
    };
    let message: Message;
    try {
      message = this.#decode(type, body);
      if (caller !== undefined) message = broughtBy(message, caller);
    } catch (error) {
      return done(deliveryFailure(number, error, "not_delivered"));
    }
    const target = this.#target;
    // A handler takes what time it needs; that of the sender is the sender's.
    target.ask(message as MessageOf<AnyProtocol>, { timeout: Infinity }).then(
      () => done(),
      (error) =>
        done(deliveryFailure(number, error, outcomeFor(target.pid, error))),
    );
  }

  /** The message; one of a type that the target's protocol does not have is for its `receive`. */
  #decode(typeName: string, bytes: Uint8Array): Message {
    const { protocol } = this.#target;
    const type = protocol.byType.get(typeName);
    if (type === undefined) return foreignMail({ typeName, bytes });
    const body = codecOf(type.input).decode(bytes);
    return new MessageValue(protocol, type.index, typeName, body);
  }
}

/** What an outbox is called here: who else says that he is called so is another one. */
function nameOf(producer: string, caller: Caller | undefined): string {
  const name = JSON.stringify(producer);
  if (caller === undefined) return name;
  const { proof, role, system, node } = caller;
  return `${name} of ${JSON.stringify([proof, role, system, node])}`;
}

function deliveryFailure(
  number: number,
  error: unknown,
  outcome: Outcome,
): DeliveryFailure {
  const { code, text } = failureOf(error, outcome);
  return { number, code, text, outcome };
}
