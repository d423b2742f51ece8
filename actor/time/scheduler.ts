/**
 * Messages that are sent later, and again and again.
 * @module
 */

import type { Alarms } from "./alarms.ts";
import { Envelope, type Message } from "../protocol/message.ts";
import type { AnyProtocol, MessageOf } from "../protocol/protocol.ts";
import { type ActorRef, baseRef, wrongProtocol } from "../reference/ref.ts";
import { Job, type JobOwner, type ScheduledJob } from "./scheduled_job.ts";
import {
  ScheduleNotFoundError,
  SchedulerClosedError,
  ScheduleTakenError,
} from "./scheduler_errors.ts";
import {
  type Calendar,
  CalendarTiming,
  ComputedTiming,
  Interval,
  type IntervalOptions,
  OneShot,
  type Timing,
} from "./timing.ts";

/** Options of a schedule. */
export interface ScheduleOptions {
  /**
   * What to call the job, for `cancel`, `pause` and `resume`.
   * @default a name that no other job of the system has
   */
  reference?: string;
  /**
   * Whom the receiver sees as the sender.
   * @default nobody
   */
  sender?: ActorRef<AnyProtocol>;
}

/**
 * Sends messages later. Jobs live in memory, in this node only, and end with their system: with the
 * beginning of its drain at the latest. Until then a job that waits keeps the process alive, however
 * far its time is.
 *
 * A message is never sent before it is due. When the process was busy or the machine slept, what was
 * due meanwhile is sent once, late. A job that repeats keeps its rate: each time is a whole number of
 * intervals from the first, and times that have passed are left out, so there is no burst.
 *
 * A job that repeats ends by itself when its receiver, an actor of this node, is no more: one message
 * becomes a dead letter. What is sent to an actor of another node that is no more becomes a dead
 * letter each time.
 */
export interface Scheduler {
  /**
   * Sends a message once.
   *
   * @param delay In how many milliseconds; any finite number of at least 0.
   * @param ref To whom.
   * @param message A message of the actor's protocol.
   * @param options The name of the job, and the sender.
   * @returns The job, which ends when it has sent the message.
   * @throws {RangeError} When the delay is out of its range.
   * @throws {TypeError} When the message belongs to another protocol.
   * @throws {ScheduleTakenError} When the reference is in use.
   * @throws {SchedulerClosedError} When the system is being drained.
   */
  scheduleOnce<P extends AnyProtocol>(
    delay: number,
    ref: ActorRef<P>,
    message: MessageOf<P>,
    options?: ScheduleOptions,
  ): ScheduledJob;
  /**
   * Sends a message again and again.
   *
   * @param when How many milliseconds apart, at least 1; the same with a delay of its own for the
   * first message; or times by the calendar.
   * @param ref To whom.
   * @param message A message of the actor's protocol.
   * @param options The name of the job, and the sender.
   * @returns The job.
   * @throws {RangeError} When a time is out of its range.
   * @throws {TypeError} When the message belongs to another protocol.
   * @throws {ScheduleTakenError} When the reference is in use.
   * @throws {SchedulerClosedError} When the system is being drained.
   */
  schedule<P extends AnyProtocol>(
    when: number | IntervalOptions | Calendar,
    ref: ActorRef<P>,
    message: MessageOf<P>,
    options?: ScheduleOptions,
  ): ScheduledJob;
  /**
   * Sends a message at times that a function gives.
   *
   * @param next Gives the next time on the clock of the system, later than the one that it is given;
   * `undefined` ends the job. A time that has passed means at once, but not twice in a millisecond.
   * When it throws, the job ends with a warning, after it has sent what was due.
   * @param ref To whom.
   * @param message A message of the actor's protocol.
   * @param options The name of the job, and the sender.
   * @returns The job.
   * @throws {TypeError} When the message belongs to another protocol, or the time is not a number.
   * @throws {ScheduleTakenError} When the reference is in use.
   * @throws {SchedulerClosedError} When the system is being drained.
   */
  scheduleAt<P extends AnyProtocol>(
    next: (now: number) => number | undefined,
    ref: ActorRef<P>,
    message: MessageOf<P>,
    options?: ScheduleOptions,
  ): ScheduledJob;
  /** All jobs that have not ended, the next one first. */
  list(): readonly ScheduledJob[];
  /**
   * Ends a job.
   *
   * @throws {ScheduleNotFoundError} When there is none of that reference.
   */
  cancel(reference: string): void;
  /**
   * Pauses a job; see {@linkcode ScheduledJob.pause}.
   *
   * @throws {ScheduleNotFoundError} When there is none of that reference.
   */
  pause(reference: string): void;
  /**
   * Ends the pause of a job; see {@linkcode ScheduledJob.resume}.
   *
   * @throws {ScheduleNotFoundError} When there is none of that reference.
   */
  resume(reference: string): void;
}

/** The scheduler of a system behind its public interface. */
export class SystemScheduler implements Scheduler, JobOwner {
  readonly alarms: Alarms;
  #wall: () => number;
  #jobs: Map<string, Job> = new Map<string, Job>();
  #state: "open" | "closed" = "open";
  #count = 0;

  /**
   * Has `alarms` wake its jobs, and takes the time by the calendar, in milliseconds since the
   * beginning of 1970, from `wall`.
   */
  constructor(alarms: Alarms, wall: () => number = Date.now) {
    this.alarms = alarms;
    this.#wall = wall;
  }

  scheduleOnce<P extends AnyProtocol>(
    delay: number,
    ref: ActorRef<P>,
    message: MessageOf<P>,
    options?: ScheduleOptions,
  ): ScheduledJob {
    return this.#add(new OneShot(delay), ref, message, options);
  }

  schedule<P extends AnyProtocol>(
    when: number | IntervalOptions | Calendar,
    ref: ActorRef<P>,
    message: MessageOf<P>,
    options?: ScheduleOptions,
  ): ScheduledJob {
    return this.#add(this.#timing(when), ref, message, options);
  }

  scheduleAt<P extends AnyProtocol>(
    next: (now: number) => number | undefined,
    ref: ActorRef<P>,
    message: MessageOf<P>,
    options?: ScheduleOptions,
  ): ScheduledJob {
    return this.#add(new ComputedTiming(next), ref, message, options);
  }

  list(): readonly ScheduledJob[] {
    return [...this.#jobs.values()].sort((a, b) => a.next - b.next);
  }

  cancel(reference: string): void {
    this.#find(reference, "cancel").cancel();
  }

  pause(reference: string): void {
    this.#find(reference, "pause").pause();
  }

  resume(reference: string): void {
    this.#find(reference, "resume").resume();
  }

  /** Ends all jobs, and takes none any more. */
  close(): void {
    this.#state = "closed";
    for (const job of [...this.#jobs.values()]) job.cancel();
  }

  jobEnded(job: Job): void {
    this.#jobs.delete(job.reference);
  }

  #timing(when: number | IntervalOptions | Calendar): Timing {
    if (typeof when === "number") return new Interval({ every: when });
    return "next" in when
      ? new CalendarTiming(when, this.#wall)
      : new Interval(when);
  }

  #add(
    timing: Timing,
    ref: unknown,
    message: Message,
    { reference = this.#freeReference(), sender }: ScheduleOptions = {},
  ): ScheduledJob {
    const target = baseRef(ref);
    if (message.protocol !== target.protocol) {
      throw wrongProtocol(message.type, message.protocol, target);
    }
    if (this.#state === "closed") throw new SchedulerClosedError(message.type);
    if (this.#jobs.has(reference)) throw new ScheduleTakenError(reference);
    const mail = sender === undefined
      ? message
      : new Envelope(message, baseRef(sender), undefined);
    const job = new Job(this, { reference, timing, target, mail });
    this.#jobs.set(reference, job);
    job.begin();
    return job;
  }

  #find(reference: string, action: string): Job {
    const job = this.#jobs.get(reference);
    if (job === undefined) throw new ScheduleNotFoundError(reference, action);
    return job;
  }

  #freeReference(): string {
    let reference: string;
    do reference = `job-${++this.#count}`; while (this.#jobs.has(reference));
    return reference;
  }
}
