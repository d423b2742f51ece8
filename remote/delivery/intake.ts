/**
 * The receiving end of reliable delivery for all outboxes, without actors or network: who they are, and
 * which session of each counts.
 * @module
 */

import type { Caller } from "../../actor/protocol/caller.ts";
import {
  type DeliveryProgress,
  type DeliveryReport,
  InboxCore,
  type InboxEffect,
  type InboxEvent,
  type InboxLimits,
} from "./inbox_core.ts";
import type { DeliverySegment } from "./segment.ts";

/** What a question is answered with. */
export type DeliveryAnswer =
  | { readonly kind: "report"; readonly report: DeliveryReport }
  /** The session is not known, or not any more. */
  | { readonly kind: "forgotten" };

/** What to do, in order. */
export type IntakeEffect =
  /** Hand a message to its receiver, and say how that went. */
  | {
    readonly kind: "deliver";
    readonly producer: string;
    readonly key: number;
    readonly number: number;
    readonly type: string;
    readonly body: Uint8Array;
    /** Who has begun the session, when that is another node. */
    readonly caller: Caller | undefined;
  }
  /** DeliveryAnswer the question with this number. */
  | {
    readonly kind: "answer";
    readonly question: number;
    readonly answer: DeliveryAnswer;
  }
  /** Flush a little later. */
  | { readonly kind: "soon" }
  /** Somebody is no honest outbox. */
  | {
    readonly kind: "broken";
    readonly producer: string;
    readonly found: string;
  };

/** Settings of an {@linkcode Intake}. */
export interface IntakeLimits extends InboxLimits {
  /** How many outboxes it knows at the same time, at most. */
  readonly maxProducers: number;
  /** What the first session is called; other inboxes begin elsewhere, and none where this one was before. */
  readonly firstKey: number;
}

/** A session that was begun. */
export interface Opened {
  /** What it is called in all that follows. */
  readonly key: number;
  /** Up to which segment may be sent. */
  readonly upTo: number;
}

/** One outbox. */
interface Producer {
  readonly name: string;
  readonly caller: Caller | undefined;
  readonly session: number;
  /** What the session is called in all that follows. */
  readonly key: number;
  readonly core: InboxCore;
  /** How long it is remembered when nothing comes, in milliseconds. */
  readonly retention: number;
  /** When something last came. */
  usedAt: number;
  /** The number of its open question. */
  question: number | undefined;
}

/** Keeps the sessions of outboxes apart, and forgets those that nothing comes from. */
export class Intake {
  readonly #limits: IntakeLimits;
  readonly #producers: Map<string, Producer> = new Map();
  #nextKey: number;

  constructor(limits: IntakeLimits) {
    this.#limits = limits;
    this.#nextKey = limits.firstKey;
  }

  /** How many outboxes are known. */
  get size(): number {
    return this.#producers.size;
  }

  /** Whether somebody waits for an answer. */
  get isAsked(): boolean {
    for (const { question } of this.#producers.values()) {
      if (question !== undefined) return true;
    }
    return false;
  }

  /**
   * Begins a session.
   *
   * @param name Of the outbox; nobody but `caller` may have one of that name.
   * @returns What it is called and up to which segment may be sent; nothing when a later session has begun, or
   * there is no room for one more outbox.
   */
  open(
    name: string,
    session: number,
    retention: number,
    now: number,
    caller?: Caller,
  ): { opened: Opened | undefined; effects: IntakeEffect[] } {
    const known = this.#producers.get(name);
    if (known !== undefined && known.session >= session) {
      const isSame = known.session === session;
      return { opened: isSame ? openedOf(known) : undefined, effects: [] };
    }
    const { size } = this.#producers;
    if (known === undefined && size >= this.#limits.maxProducers) {
      return { opened: undefined, effects: [] };
    }
    const effects = known === undefined ? [] : this.#forgotten(known);
    const core = new InboxCore(this.#limits);
    const producer: Producer = {
      name,
      caller,
      session,
      key: this.#nextKey++,
      core,
      retention,
      usedAt: now,
      question: undefined,
    };
    this.#producers.set(name, producer);
    return { opened: openedOf(producer), effects };
  }

  /** Takes a segment. One of a session that is not known says nothing to anybody. */
  segment(segment: DeliverySegment, now: number): IntakeEffect[] {
    const producer = this.#find(segment.producer, segment.session);
    if (producer === undefined) return [];
    producer.usedAt = now;
    return this.#step(producer, { kind: "segment", segment });
  }

  /** Takes a question, which is answered once: now, or when there is news. */
  ask(
    name: string,
    key: number,
    known: DeliveryProgress,
    question: number,
    now: number,
  ): IntakeEffect[] {
    const producer = this.#find(name, key);
    if (producer === undefined) {
      return [{ kind: "answer", question, answer: { kind: "forgotten" } }];
    }
    producer.usedAt = now;
    const before = this.#step(producer, { kind: "renew" });
    producer.question = question;
    return [...before, ...this.#step(producer, { kind: "asked", known })];
  }

  /** A message was handled, or failed; what belongs to an earlier session says nothing. */
  handled(
    name: string,
    key: number,
    event: Extract<InboxEvent, { kind: "handled" }>,
  ): IntakeEffect[] {
    const producer = this.#find(name, key);
    return producer === undefined ? [] : this.#step(producer, event);
  }

  /** Tells what is new. */
  flush(): IntakeEffect[] {
    return [...this.#producers.values()].flatMap((it) =>
      this.#step(it, { kind: "flush" })
    );
  }

  /** Answers all questions, and forgets outboxes from which nothing has come for long. */
  tick(now: number): IntakeEffect[] {
    const effects: IntakeEffect[] = [];
    for (const producer of [...this.#producers.values()]) {
      effects.push(...this.#step(producer, { kind: "renew" }));
      const { core, usedAt, retention } = producer;
      if (core.isIdle && now - usedAt > retention) {
        this.#producers.delete(producer.name);
      }
    }
    return effects;
  }

  #find(name: string, key: number): Producer | undefined {
    const producer = this.#producers.get(name);
    return producer?.key === key ? producer : undefined;
  }

  #step(producer: Producer, event: InboxEvent): IntakeEffect[] {
    return producer.core.step(event).flatMap((effect) =>
      this.#effect(producer, effect)
    );
  }

  #effect(producer: Producer, effect: InboxEffect): IntakeEffect[] {
    const { name, key, question, caller } = producer;
    switch (effect.kind) {
      case "deliver":
        return [{ ...effect, producer: name, key, caller }];
      case "soon":
        return [effect];
      case "answer": {
        if (question === undefined) return [];
        producer.question = undefined;
        const { report } = effect;
        return [{
          kind: "answer",
          question,
          answer: { kind: "report", report },
        }];
      }
      case "broken":
        this.#producers.delete(name);
        return [
          { kind: "broken", producer: name, found: effect.found },
          ...this.#forgotten(producer),
        ];
    }
  }

  #forgotten(producer: Producer): IntakeEffect[] {
    const { question } = producer;
    if (question === undefined) return [];
    producer.question = undefined;
    return [{ kind: "answer", question, answer: { kind: "forgotten" } }];
  }
}

function openedOf({ key, core }: Producer): Opened {
  return { key, upTo: core.progress.upTo };
}
