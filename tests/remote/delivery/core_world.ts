/**
 * An outbox and an inbox on a network that loses, doubles, delays and reorders, with time that only the
 * test moves.
 *
 * @module
 */
import type { Random } from "../../../internal/random.ts";
import { Intake, type IntakeEffect } from "../../../remote/delivery/intake.ts";
import { OutboxCore } from "../../../remote/delivery/outbox_core.ts";
import type {
  OutboxEffect,
  OutboxSettings,
} from "../../../remote/delivery/outbox_steps.ts";
import { below } from "../wire/wire_random.ts";

/** How long the inbox remembers an outbox of which nothing comes: longer than the worst luck lasts here. */
const RETENTION = 1_000_000;

export interface WorldOptions {
  readonly random: Random;
  readonly guarantee: OutboxSettings["guarantee"];
  /** How likely a packet is lost, and doubled. */
  readonly loss: number;
  readonly window: number;
  readonly segmentBytes: number;
  readonly giveUpAfter?: number;
  /** Whether packets overtake each other. */
  readonly reorders: boolean;
  /** How many packets the node of the inbox takes in a second, and at once; any number without it. */
  readonly rate?: number;
}

/** What became of a message in the eyes of its sender. */
export type Fate =
  | "confirmed"
  | "rejected"
  | "not_delivered"
  | "unknown"
  | "done";

interface Packet {
  readonly at: number;
  readonly run: () => void;
}

/** Both ends and what is between them. */
export class DeliveryWorld {
  readonly outbox: OutboxCore;
  intake: Intake;
  now = 0;
  /** What was handled, in order: the number in the body. */
  readonly handled: number[] = [];
  readonly fates: Map<number, Fate> = new Map();
  /** How many packets were over the rate. */
  refused = 0;
  #tokens: number;
  #tokensAt = 0;
  /** The most segments that were in the inbox and not handled. */
  mostWaiting = 0;
  readonly #options: WorldOptions;
  #packets: Packet[] = [];
  /** Handlers that have begun and not ended. */
  #handling: { run: () => void; at: number }[] = [];
  #questions = 0;
  readonly #answers: Map<number, (effect: IntakeEffect) => void> = new Map();
  #flushAt = Infinity;
  #tickAt = 5_000;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#tokens = options.rate ?? Infinity;
    this.outbox = new OutboxCore({
      producer: "p",
      guarantee: options.guarantee,
      segmentBytes: options.segmentBytes,
      resendAfter: 1_000,
      giveUpAfter: options.giveUpAfter ?? Infinity,
      idleAfter: RETENTION / 2,
      backoff: { min: 50, max: 500 },
      random: options.random,
    });
    this.intake = this.#newIntake();
  }

  /** Sends a message of so many bytes. */
  send(id: number, size: number): void {
    const body = new Uint8Array(4 + size);
    new DataView(body.buffer).setUint32(0, id);
    body.fill(id & 0xff, 4);
    this.#carryOut(
      this.outbox.step({ kind: "send", id, type: "t", body }, this.now),
    );
  }

  /** The inbox begins anew and knows nothing. */
  restart(): void {
    this.intake = this.#newIntake();
    this.#handling = [];
    this.#answers.clear();
  }

  /** Moves time on to the next thing that happens; false when nothing will. */
  step(): boolean {
    const next = Math.min(
      this.outbox.wakeAt,
      this.#flushAt,
      ...this.#packets.map(({ at }) => at),
      ...this.#handling.map(({ at }) => at),
      this.intake.isAsked ? this.#tickAt : Infinity,
    );
    if (next === Infinity) return false;
    this.now = Math.max(this.now, next);
    this.#tickAt = Math.max(this.#tickAt, this.now);
    const due = this.#packets.filter(({ at }) => at <= this.now);
    this.#packets = this.#packets.filter(({ at }) => at > this.now);
    for (const { run } of due) run();
    const done = this.#handling.filter(({ at }) => at <= this.now);
    this.#handling = this.#handling.filter(({ at }) => at > this.now);
    for (const { run } of done) run();
    if (this.#flushAt <= this.now) {
      this.#flushAt = Infinity;
      this.#receive(this.intake.flush());
    }
    if (this.#tickAt <= this.now) {
      this.#tickAt = this.now + 5_000;
      this.#receive(this.intake.tick(this.now));
    }
    if (this.outbox.wakeAt <= this.now) {
      this.#carryOut(this.outbox.step({ kind: "tick" }, this.now));
    }
    return true;
  }

  #newIntake(): Intake {
    return new Intake({
      window: this.#options.window,
      maxMessageBytes: 100_000,
      maxProducers: 4,
      firstKey: 1 + below(this.#options.random, 2 ** 40),
    });
  }

  /** Puts a packet on its way: perhaps never to arrive, perhaps twice. */
  #post(run: () => void): void {
    const { random, loss, reorders } = this.#options;
    if (random.next() < loss) return;
    const at = this.now + 1 + (reorders ? below(random, 200) : 0);
    this.#packets.push({ at, run });
    if (random.next() < loss) {
      this.#packets.push({ at: at + below(random, 2_000), run });
    }
  }

  #carryOut(effects: readonly OutboxEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case "open":
          this.#request(effect.session, (reply) => {
            const { session } = effect;
            const { intake } = this;
            const { opened, effects } = intake.open(
              "p",
              session,
              RETENTION,
              this.now,
            );
            this.#receive(effects);
            if (opened !== undefined) {
              const event = { kind: "opened", session, ...opened } as const;
              reply(() => this.outbox.step(event, this.now));
            }
          });
          break;
        case "ask":
          this.#request(effect.session, (reply) => {
            const { session, key, known } = effect;
            const question = ++this.#questions;
            this.#answers.set(question, (it) => {
              if (it.kind !== "answer") return;
              reply(() =>
                this.outbox.step({ ...it.answer, session }, this.now)
              );
            });
            const { intake, now } = this;
            this.#receive(intake.ask("p", key, known, question, now));
          });
          break;
        case "segment":
          this.#post(() => {
            if (!this.#isTaken()) return;
            this.#receive(this.intake.segment(effect.segment, this.now));
          });
          break;
        case "confirmed":
        case "rejected":
          this.#end(effect.id, effect.kind);
          break;
        case "given_up":
          this.#end(effect.id, effect.outcome);
      }
    }
  }

  /** A request is answered once, or fails; what comes later is not heard. */
  #request(
    session: number,
    run: (reply: (answer: () => OutboxEffect[]) => void) => void,
  ): void {
    let isOpen = true;
    const settle = (answer: () => OutboxEffect[]) => {
      if (!isOpen) return;
      isOpen = false;
      this.#carryOut(answer());
    };
    this.#post(() => {
      if (this.#isTaken()) {
        return run((answer) => this.#post(() => settle(answer)));
      }
      const refusal = { kind: "failed", session, verdict: "limited" } as const;
      this.#post(() => settle(() => this.outbox.step(refusal, this.now)));
    });
    this.#packets.push({
      at: this.now + 8_000,
      run: () =>
        settle(() => this.outbox.step({ kind: "failed", session }, this.now)),
    });
  }

  /** Whether the rate has room for one more packet. */
  #isTaken(): boolean {
    const { rate = Infinity } = this.#options;
    const fresh = (this.now - this.#tokensAt) * rate / 1_000;
    if (fresh > 0) this.#tokens = Math.min(rate, this.#tokens + fresh);
    this.#tokensAt = this.now;
    if (this.#tokens < 1) {
      this.refused++;
      return false;
    }
    this.#tokens--;
    return true;
  }

  #receive(effects: readonly IntakeEffect[]): void {
    const { random } = this.#options;
    for (const effect of effects) {
      if (effect.kind === "soon") {
        this.#flushAt = Math.min(this.#flushAt, this.now + 20);
      } else if (effect.kind === "answer") {
        const answer = this.#answers.get(effect.question);
        this.#answers.delete(effect.question);
        answer?.(effect);
      } else if (effect.kind === "deliver") {
        const { body, key, number } = effect;
        const id = new DataView(body.buffer, body.byteOffset).getUint32(0);
        if (!body.subarray(4).every((byte) => byte === (id & 0xff))) {
          throw new Error(`the body of ${id} is not what was sent`);
        }
        this.handled.push(id);
        // One after the other, each for a while.
        const last = this.#handling.at(-1)?.at ?? this.now;
        const { intake } = this;
        this.#handling.push({
          at: last + below(random, 30),
          run: () =>
            this.#receive(
              intake.handled("p", key, { kind: "handled", number }),
            ),
        });
        this.mostWaiting = Math.max(this.mostWaiting, this.#handling.length);
      } else throw new Error(`broken: ${effect.found}`);
    }
  }

  #end(id: number, fate: Fate): void {
    const before = this.fates.get(id);
    if (before !== undefined) throw new Error(`${id} ends twice`);
    this.fates.set(id, fate);
  }
}
