/**
 * What a system counts and times.
 * @module
 */

import type { DeadLetterReason } from "../events/events.ts";
import { type HistogramSnapshot, LatencyHistogram } from "./histogram.ts";

/**
 * Where the figures of a system go. Called in the middle of sending and handling, so it must be quick.
 * What it throws is reported once as a warning and reaches nobody else.
 */
export interface Metrics {
  /**
   * Gives what the figures of some actors go to. Asked once for each name.
   *
   * @param kind The name of their kind; that of their protocol when they were spawned without a kind.
   */
  forKind(kind: string): KindMetrics;
}

/** Takes the figures of the actors of one kind. */
export interface KindMetrics {
  /** An actor was spawned. */
  spawned(): void;
  /** An actor has ended; one for each that was spawned. */
  stopped(): void;
  /** An actor has been given a fresh instance. */
  restarted(): void;
  /** A handler or a hook has failed. */
  failed(): void;
  /**
   * A message was handled to the end of its handler, with success or without.
   *
   * @param duration How long that took, promises included, in milliseconds.
   */
  processed(duration: number): void;
  /** A message became a dead letter. */
  deadLetter(reason: DeadLetterReason): void;
  /** An actor has replied to an ask that has its reply already, or for which nobody waits any more. */
  lateReply(): void;
  /** The number of messages that wait in mailboxes has changed. */
  waiting(change: number): void;
}

/** The figures of the actors of one kind at one moment. */
export interface KindSnapshot {
  /** How many live. */
  readonly live: number;
  /** How many were spawned so far. */
  readonly spawned: number;
  /** How many have ended so far. */
  readonly stopped: number;
  /** How many fresh instances took the place of one that failed. */
  readonly restarts: number;
  /** How many failures there were in handlers and hooks. */
  readonly failed: number;
  /** How many messages were handled. */
  readonly processed: number;
  /** How many messages wait in mailboxes. */
  readonly waiting: number;
  /** How many messages became dead letters, by reason. */
  readonly deadLetters: Readonly<Partial<Record<DeadLetterReason, number>>>;
  /** How many replies there were besides the first of an ask, or after its asker gave up. */
  readonly lateReplies: number;
  /** How long the handlers took. */
  readonly handler: HistogramSnapshot;
}

/**
 * Keeps figures in memory, for tests and for a page that shows them.
 *
 * @example
 * ```ts
 * import { ActorSystem, ask, MemoryMetrics, protocol } from "@troupe/troupe/actor";
 *
 * const Clock = protocol("clock", { hour: ask<void, number>() });
 * const metrics = new MemoryMetrics();
 * await using system = new ActorSystem("shop", { metrics });
 * await system.spawn(Clock, () => ({ hour: () => 12 })).ask(Clock.hour());
 * console.assert(metrics.snapshot().get("clock")?.processed === 1);
 * ```
 */
export class MemoryMetrics implements Metrics {
  readonly #kinds: Map<string, KindFigures> = new Map<string, KindFigures>();

  /** Gives the figures of one kind, which every system with this object shares. */
  forKind(kind: string): KindMetrics {
    let figures = this.#kinds.get(kind);
    if (figures === undefined) {
      this.#kinds.set(kind, figures = new KindFigures());
    }
    return figures;
  }

  /** The figures of this moment, by kind; later ones do not change them. */
  snapshot(): ReadonlyMap<string, KindSnapshot> {
    const snapshot = new Map<string, KindSnapshot>();
    for (const [kind, figures] of this.#kinds) {
      snapshot.set(kind, figures.snapshot());
    }
    return snapshot;
  }
}

class KindFigures implements KindMetrics {
  #spawned = 0;
  #stopped = 0;
  #restarts = 0;
  #failed = 0;
  #waiting = 0;
  #lateReplies = 0;
  readonly #deadLetters: Partial<Record<DeadLetterReason, number>> = {};
  readonly #handler: LatencyHistogram = new LatencyHistogram();

  spawned(): void {
    this.#spawned++;
  }

  stopped(): void {
    this.#stopped++;
  }

  restarted(): void {
    this.#restarts++;
  }

  failed(): void {
    this.#failed++;
  }

  processed(duration: number): void {
    this.#handler.record(duration);
  }

  deadLetter(reason: DeadLetterReason): void {
    this.#deadLetters[reason] = (this.#deadLetters[reason] ?? 0) + 1;
  }

  lateReply(): void {
    this.#lateReplies++;
  }

  waiting(change: number): void {
    this.#waiting += change;
  }

  snapshot(): KindSnapshot {
    return {
      live: this.#spawned - this.#stopped,
      spawned: this.#spawned,
      stopped: this.#stopped,
      restarts: this.#restarts,
      failed: this.#failed,
      processed: this.#handler.count,
      waiting: this.#waiting,
      deadLetters: { ...this.#deadLetters },
      lateReplies: this.#lateReplies,
      handler: this.#handler.snapshot(),
    };
  }
}
