/**
 * One message that is sent at certain times.
 * @module
 */

import { Alarm, type Alarms, SLACK } from "./alarms.ts";
import { isEnding } from "../cell/cell_state.ts";
import { LocalRef, MissingRef } from "../reference/local_ref.ts";
import type { Mail } from "../protocol/message.ts";
import type { BaseRef } from "../reference/ref.ts";
import type { Timing } from "./timing.ts";

/** Whether a job will send messages, was paused, or will send none any more. */
export type ScheduledJobState = "scheduled" | "paused" | "ended";

/** A message that is sent at certain times; see {@linkcode Scheduler}. */
export interface ScheduledJob {
  /** What the job is called in its system. */
  readonly reference: string;
  /** Whether it goes on. */
  readonly state: ScheduledJobState;
  /**
   * When the next message is due, on the clock of the system, in milliseconds; `Infinity` once the
   * job has ended. A paused job shows when it was due when it was paused.
   */
  readonly next: number;
  /**
   * Ends the job. A message that was sent already stays on its way.
   *
   * @returns False when it had ended before.
   */
  cancel(): boolean;
  /**
   * Sends nothing until {@linkcode ScheduledJob.resume}. Time goes on meanwhile.
   *
   * @returns False when the job has ended.
   */
  pause(): boolean;
  /**
   * Ends a pause. A job that repeats leaves out the times that have passed; what was due once and is
   * overdue is sent at once.
   *
   * @returns False when the job has ended.
   */
  resume(): boolean;
}

/** Who a job belongs to. */
export interface JobOwner {
  /** What wakes it. */
  readonly alarms: Alarms;
  /** It has ended. */
  jobEnded(job: Job): void;
}

/** What a job is made from. */
export interface JobParts {
  /** What it is called. */
  reference: string;
  /** When. */
  timing: Timing;
  /** To whom. */
  target: BaseRef;
  /** What is sent. */
  mail: Mail;
}

/** A job behind its public interface. */
export class Job extends Alarm implements ScheduledJob {
  readonly reference: string;
  #owner: JobOwner;
  #timing: Timing;
  #target: BaseRef;
  #mail: Mail;
  #state: ScheduledJobState = "scheduled";
  #next = Infinity;

  constructor(
    owner: JobOwner,
    { reference, timing, target, mail }: JobParts,
  ) {
    super();
    this.reference = reference;
    this.#owner = owner;
    this.#timing = timing;
    this.#target = target;
    this.#mail = mail;
  }

  get state(): ScheduledJobState {
    return this.#state;
  }

  get next(): number {
    return this.#next;
  }

  /** Waits for the first time. */
  begin(): void {
    const now = this.#owner.alarms.clock.now();
    this.#continue(now, now, undefined);
  }

  ring(now: number): void {
    if (this.#timing.correct !== undefined) {
      this.#next = this.#timing.correct(this.#next, now);
      if (this.#next > now + SLACK) return this.#wait(now);
    }
    try {
      // A time that a function gave may have passed already: not twice in one moment.
      this.#continue(now, now + 2 * SLACK, undefined);
    } finally {
      const isTaken = this.#target.deliver(this.#mail);
      if (!isTaken && isGone(this.#target)) this.cancel();
    }
  }

  cancel(): boolean {
    if (this.#state === "ended") return false;
    this.#state = "ended";
    this.#next = Infinity;
    this.#owner.alarms.drop(this);
    this.#owner.jobEnded(this);
    return true;
  }

  pause(): boolean {
    if (this.#state === "ended") return false;
    this.#state = "paused";
    this.#owner.alarms.drop(this);
    return true;
  }

  resume(): boolean {
    if (this.#state !== "paused") return this.#state === "scheduled";
    this.#state = "scheduled";
    const now = this.#owner.alarms.clock.now();
    if (this.#next > now) this.#wait(now);
    else this.#continue(now, now, now);
    return true;
  }

  /** Waits for the next time, no earlier than `least`; without one, for `otherwise`, or not at all. */
  #continue(now: number, least: number, otherwise: number | undefined): void {
    let next: number | undefined;
    try {
      next = this.#timing.next(now) ?? otherwise;
    } catch (error) {
      this.cancel();
      throw error;
    }
    if (this.state === "ended") return; // by the function that gives the times
    if (next === undefined) {
      this.cancel();
    } else {
      this.#next = Math.max(next, least);
      if (this.state === "scheduled") this.#wait(now);
    }
  }

  #wait(now: number): void {
    const { correctEvery = Infinity } = this.#timing;
    this.#owner.alarms.set(this, Math.min(this.#next, now + correctEvery));
  }
}

/** Whether `ref` is known to lead nowhere; of actors on other nodes that is not known. */
function isGone(ref: BaseRef): boolean {
  if (ref instanceof LocalRef) return isEnding(ref.cell.state);
  return ref instanceof MissingRef;
}
