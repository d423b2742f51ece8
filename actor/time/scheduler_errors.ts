/**
 * What can go wrong with schedules.
 * @module
 */

import { ActorError } from "../errors.ts";

/** There is no job of that reference: it has ended, or never was. */
export class ScheduleNotFoundError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "schedule_not_found_error";
  /** The reference that was asked for. */
  readonly reference: string;

  /** Names what was to be done with which job. */
  constructor(reference: string, action: string) {
    super(
      `Cannot ${action} the job "${reference}": there is none, the reference of a job that has not ended was expected`,
    );
    this.reference = reference;
  }
}

/** The reference of the new job is in use by one that has not ended. */
export class ScheduleTakenError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "schedule_taken_error";
  /** The reference in use. */
  readonly reference: string;

  /** Names the reference. */
  constructor(reference: string) {
    super(
      `Cannot schedule the job "${reference}": the reference is in use, a free one was expected`,
    );
    this.reference = reference;
  }
}

/** The system takes no more jobs: it is being drained, or has stopped. */
export class SchedulerClosedError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "scheduler_closed_error";

  /** Names the message that was to be sent. */
  constructor(type: string) {
    super(
      `Cannot schedule "${type}": the scheduler is closed, a running system was expected`,
    );
  }
}
