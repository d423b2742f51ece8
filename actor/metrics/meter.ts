/**
 * From actors to the metrics of their system. There is none of it where a system has no metrics.
 * @module
 */

import type { Clock } from "../../internal/clock.ts";
import type { EventBus } from "../events/event_stream.ts";
import type { DeadLetterReason } from "../events/events.ts";
import type { Mailbox, MailItem } from "../mailboxes/mailbox.ts";
import { type Mail, messageOf } from "../protocol/message.ts";
import type { KindMetrics, Metrics } from "./metrics.ts";
import { MetricsGuard } from "./metrics_guard.ts";
import { isLifecycle } from "../cell/signals.ts";
import type { ActorFigures } from "../cell/snapshot.ts";

/** The meters of one system, by kind. There are as many as there are kinds and protocols. */
export class Meters {
  readonly #metrics: Metrics;
  readonly #guard: MetricsGuard;
  readonly #clock: Clock;
  readonly #kinds: Map<string, KindMeter> = new Map<string, KindMeter>();

  constructor(metrics: Metrics, events: EventBus, clock: Clock) {
    this.#metrics = metrics;
    this.#guard = new MetricsGuard(events, "the metrics");
    this.#clock = clock;
  }

  /** The meter of a kind. */
  of(kind: string): KindMeter {
    let meter = this.#kinds.get(kind);
    if (meter === undefined) {
      let target: KindMetrics | undefined;
      this.guard(() => target = this.#metrics.forKind(kind));
      this.#kinds.set(kind, meter = new KindMeter(kind, this, target));
    }
    return meter;
  }

  /** A meter for a new actor. */
  spawned(kind: string): ActorMeter {
    const meter = this.of(kind);
    meter.record((target) => target.spawned());
    return new ActorMeter(meter, this.#clock);
  }

  /** Keeps what the metrics throw, or reject with, from whoever is counted. */
  guard(call: () => unknown): void {
    this.#guard.run(call);
  }
}

/** Passes figures of one kind on. */
export class KindMeter {
  /** The name of the kind, or of the protocol where there is none. */
  readonly name: string;
  readonly #meters: Meters;
  readonly #target: KindMetrics | undefined;

  constructor(
    name: string,
    meters: Meters,
    target: KindMetrics | undefined,
  ) {
    this.name = name;
    this.#meters = meters;
    this.#target = target;
  }

  /** Passes one figure on. */
  record(call: (target: KindMetrics) => unknown): void {
    const target = this.#target;
    if (target !== undefined) this.#meters.guard(() => call(target));
  }
}

/** One message in work. */
interface Timing {
  readonly start: number;
  /** Whether it will be counted; not when it was put aside or became a dead letter. */
  counts: boolean;
}

/** Counts and times what one actor does. */
export class ActorMeter {
  readonly #kind: KindMeter;
  readonly #clock: Clock;
  readonly #spawned: number;
  readonly #counts = { failed: 0, restarted: 0, stopped: 0 };
  #handled = 0;
  #deadLetters = 0;
  /** When a handler began last, and how long the one took that ended last. */
  #begun: number | undefined = undefined;
  #lastDuration: number | undefined = undefined;
  /** The message that is handled in this turn. */
  #current: Timing | undefined = undefined;

  constructor(kind: KindMeter, clock: Clock) {
    this.#kind = kind;
    this.#clock = clock;
    this.#spawned = clock.now();
  }

  /** What was counted so far. */
  figures(): ActorFigures {
    const now = this.#clock.now();
    const { failed, restarted } = this.#counts;
    return {
      uptime: now - this.#spawned,
      handled: this.#handled,
      restarts: restarted,
      failed,
      deadLetters: this.#deadLetters,
      idle: this.#begun === undefined ? undefined : now - this.#begun,
      lastDuration: this.#lastDuration,
    };
  }

  /** The name under which it is counted. */
  get kind(): string {
    return this.#kind.name;
  }

  /** A handler begins; what is about the life of the actor is not counted. */
  begin(mail: Mail): void {
    if (isLifecycle(messageOf(mail))) {
      this.#current = undefined;
      return;
    }
    const start = this.#clock.now();
    this.#begun = start;
    this.#current = { start, counts: true };
  }

  /** The handler has returned. */
  end(): void {
    this.#finish(this.#detach());
  }

  /** The handler waits; what this returns is called when it has ended, with whether it put its message aside. */
  wait(): (isAside: boolean) => void {
    const timing = this.#detach();
    return (isAside) => isAside || this.#finish(timing);
  }

  /** The message of the handler that runs now is handled later or not at all, so this is not the time that counts. */
  setAside(): void {
    if (this.#current !== undefined) this.#current.counts = false;
  }

  /** Passes on that it has failed, been given a fresh instance, or ended. */
  happened(what: "failed" | "restarted" | "stopped"): void {
    this.#counts[what]++;
    this.#kind.record((target) => target[what]());
  }

  /** Passes on that a message for it became a dead letter. */
  deadLetter(reason: DeadLetterReason): void {
    if (reason === "unhandled") this.setAside();
    this.#deadLetters++;
    this.#kind.record((target) => target.deadLetter(reason));
  }

  /** Passes on that a reply of it came when nobody waited for one. */
  lateReply(): void {
    this.#kind.record((target) => target.lateReply());
  }

  /** Passes on that more or fewer messages wait. */
  waiting(change: number): void {
    this.#kind.record((target) => target.waiting(change));
  }

  #detach(): Timing | undefined {
    const timing = this.#current;
    this.#current = undefined;
    return timing;
  }

  #finish(timing: Timing | undefined): void {
    if (!timing?.counts) return;
    const duration = Math.max(0, this.#clock.now() - timing.start);
    this.#handled++;
    this.#lastDuration = duration;
    this.#kind.record((target) => target.processed(duration));
  }
}

/** Counts what waits in another mailbox. */
export class MeteredMailbox implements Mailbox {
  readonly #meter: ActorMeter;
  readonly #mailbox: Mailbox;

  constructor(meter: ActorMeter, mailbox: Mailbox) {
    this.#meter = meter;
    this.#mailbox = mailbox;
  }

  get size(): number {
    return this.#mailbox.size;
  }

  get dropsNewcomers(): boolean {
    return this.#mailbox.dropsNewcomers ?? false;
  }

  enqueue(mail: MailItem): MailItem | undefined {
    const victim = this.#mailbox.enqueue(mail);
    if (victim === undefined) this.#meter.waiting(1);
    return victim;
  }

  dequeue(): MailItem | undefined {
    const mail = this.#mailbox.dequeue();
    if (mail !== undefined) this.#meter.waiting(-1);
    return mail;
  }
}
