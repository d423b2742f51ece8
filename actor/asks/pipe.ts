/**
 * Sending what a task leads to, without waiting for it in a handler.
 * @module
 */

import { Alarm } from "../time/alarms.ts";
import type { Cell } from "../cell/cell.ts";
import type { CircuitBreaker } from "../circuit_breaker/circuit_breaker.ts";
import type { CircuitPermit } from "../circuit_breaker/circuit_breaker_options.ts";
import { ActorError, describe, StoppedError } from "../errors.ts";
import type { Awaitable } from "../protocol/handlers.ts";
import { addHeaders, Envelope, type Message } from "../protocol/message.ts";
import type { MessageHeaders } from "../propagation/propagation.ts";
import type { Pid } from "../reference/pid.ts";
import type { AnyProtocol, MessageOf } from "../protocol/protocol.ts";
import { type ActorRef, type BaseRef, baseRef } from "../reference/ref.ts";
import { pipeFailedMail } from "../cell/signals.ts";
import { abortFor } from "../cell/failures.ts";
import { thenableOf, whenSettled } from "../cell/thenable.ts";

/** Options of {@linkcode PipeTo} with a promise. */
export interface PipeOptions<P extends AnyProtocol> {
  /**
   * Makes the message that is sent when the task fails, or is late.
   * @default none: the actor that pipes fails with the error, as if its handler had thrown it
   */
  onError?: (error: unknown) => MessageOf<P>;
  /**
   * After how long the task counts as failed with a {@linkcode PipeTimeoutError}, in milliseconds. What it
   * comes to later is ignored.
   * @default never
   */
  timeout?: number;
}

/** Options of {@linkcode PipeTo} with a function. */
export interface PipeTaskOptions<P extends AnyProtocol> extends PipeOptions<P> {
  /**
   * Guards the task. While it stops calls the function is not called, and the task has failed with a
   * {@linkcode CircuitOpenError}.
   * @default none
   */
  breaker?: CircuitBreaker;
}

/**
 * Sends what a task leads to as a message, and lets the actor handle others meanwhile. The message has the
 * actor as its sender, and brings the headers that a message which is sent now would. The functions that make messages are called outside of the turn of the actor: they
 * should not touch its state.
 *
 * An outcome for another actor is sent even if this one has stopped. One for this actor is a dead letter
 * then; a restart does not matter.
 */
export interface PipeTo {
  /**
   * Begins a task.
   *
   * @param task Called at once. Its signal aborts when the time is over, and when the actor stops and the
   * outcome was for itself.
   * @param ref To whom.
   * @param toMessage Makes the message from what the task came to.
   * @param options What to do about failures, how long to wait, and who guards the task.
   * @throws {RangeError} When the timeout is not a number above 0.
   */
  <T, P extends AnyProtocol>(
    task: (signal: AbortSignal) => Awaitable<T>,
    ref: ActorRef<P>,
    toMessage: (value: T) => MessageOf<P>,
    options?: PipeTaskOptions<P>,
  ): void;
  /** Waits for a task that has begun already. */
  <T, P extends AnyProtocol>(
    task: PromiseLike<T>,
    ref: ActorRef<P>,
    toMessage: (value: T) => MessageOf<P>,
    options?: PipeOptions<P>,
  ): void;
}

/** A piped task took too long. It may have been done, or may be done yet. */
export class PipeTimeoutError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "pipe_timeout_error";
  /** How long it was waited for, in milliseconds. */
  readonly timeout: number;

  /** Names whose task it is and how long it had. */
  constructor(actor: Pid, timeout: number) {
    super(
      `Cannot pipe a task of "${actor}": it has not ended within ${timeout} ms, an outcome was expected`,
      { outcome: "unknown" },
    );
    this.timeout = timeout;
  }
}

type Task = PromiseLike<unknown> | ((signal: AbortSignal) => unknown);

/** Begins a pipe of `cell` from the arguments of {@linkcode PipeTo}; `headers` go with the outcome. */
export function pipe(
  cell: Cell,
  args: readonly unknown[],
  headers: MessageHeaders | undefined,
): void {
  // The overloads of PipeTo leave this form; what else arrives is refused below.
  const [task, ref, toMessage, options = {}] = args as [
    Task,
    unknown,
    (value: unknown) => Message,
    PipeTaskOptions<AnyProtocol>?,
  ];
  const { timeout = Infinity, breaker } = options;
  const refuse = (found: string, wanted: string) =>
    `Cannot pipe a task of "${cell.pid}": ${found}, ${wanted} was expected`;
  if (!(timeout > 0)) {
    throw new RangeError(
      refuse(`the timeout is ${timeout}`, "a number of milliseconds > 0"),
    );
  }
  if (typeof task !== "function") {
    if (thenableOf(task) === undefined) {
      throw new TypeError(refuse(describe(task), "a promise or a function"));
    }
    if (breaker !== undefined) {
      throw new TypeError(
        refuse(
          `what circuit breaker "${breaker.name}" should guard has begun`,
          "a function",
        ),
      );
    }
  }
  new Pipe(cell, baseRef(ref), toMessage, options, headers).begin(task);
}

/** One task and what becomes of it; rings when its time is over. */
export class Pipe extends Alarm {
  readonly #cell: Cell;
  readonly #target: BaseRef;
  readonly #toMessage: (value: unknown) => Message;
  readonly #options: PipeTaskOptions<AnyProtocol>;
  readonly #headers: MessageHeaders | undefined;
  #state: "open" | "cancelled" | "settled" = "open";
  #controller: AbortController | undefined = undefined;
  #permit: CircuitPermit | undefined = undefined;

  constructor(
    cell: Cell,
    target: BaseRef,
    toMessage: (value: unknown) => Message,
    options: PipeTaskOptions<AnyProtocol>,
    headers: MessageHeaders | undefined,
  ) {
    super();
    this.#cell = cell;
    this.#target = target;
    this.#toMessage = toMessage;
    this.#options = options;
    this.#headers = headers;
  }

  /** Runs `task`, or waits for it. */
  begin(task: Task): void {
    const cell = this.#cell;
    const { timeout = Infinity, breaker } = this.#options;
    const { alarms, clock } = cell.runtime;
    if (cell.state !== "stopped") {
      (cell.rare.pipes ??= new Set<Pipe>()).add(this);
    }
    if (timeout !== Infinity) alarms.set(this, clock.now() + timeout);
    let outcome: PromiseLike<unknown>;
    try {
      let value: unknown = task;
      if (typeof task === "function") {
        this.#permit = breaker?.acquire();
        this.#controller = new AbortController();
        if (cell.isEnding) this.cancel();
        value = task(this.#controller.signal);
      }
      outcome = thenableOf(value) ?? Promise.resolve(value);
    } catch (error) {
      outcome = Promise.reject(error); // so that it is felt after the handler that pipes
    }
    whenSettled(outcome, (value) => {
      if (this.#settle("success")) this.#send(this.#toMessage, value);
    }, (error) => this.#fail(error));
  }

  /** The actor stops: what the task leads to is wanted no more if it was for itself. */
  cancel(): void {
    const cell = this.#cell;
    if (this.#state !== "open" || this.#target !== cell.ref) return;
    this.#state = "cancelled";
    this.#abort(
      new StoppedError(
        cell.pid,
        "go on with a task of",
        "it is stopping",
        "unknown",
      ),
    );
  }

  ring(): void {
    const { timeout = Infinity } = this.#options;
    const error = new PipeTimeoutError(this.#cell.pid, timeout);
    this.#fail(error);
    this.#abort(error);
  }

  /** Tells the task that it is not wanted any more. */
  #abort(reason: unknown): void {
    const controller = this.#controller;
    if (controller !== undefined) abortFor(this.#cell, controller, reason);
  }

  #fail(error: unknown): void {
    if (!this.#settle("failure", error)) return;
    const { onError } = this.#options;
    this.#send(onError as ((error: unknown) => Message) | undefined, error);
  }

  /** Sends what `make` makes of an outcome; without it, or when it throws, the actor itself fails. */
  #send(
    make: ((outcome: unknown) => Message) | undefined,
    outcome: unknown,
  ): void {
    const cell = this.#cell;
    try {
      if (make === undefined) cell.deliver(pipeFailedMail(outcome));
      else {
        const envelope = new Envelope(make(outcome), cell.ref, undefined);
        this.#target.deliver(addHeaders(envelope, this.#headers));
      }
    } catch (error) {
      cell.deliver(pipeFailedMail(error));
    }
    cell.rareOrNone?.residency?.recheck();
  }

  /** Notes the first outcome; false for a later one. */
  #settle(outcome: "success" | "failure", error?: unknown): boolean {
    if (this.#state === "settled") return false;
    const wasCancelled = this.#state === "cancelled";
    this.#state = "settled";
    const { runtime, rareOrNone } = this.#cell;
    runtime.alarms.drop(this);
    rareOrNone?.pipes?.delete(this);
    const permit = this.#permit;
    if (permit !== undefined) {
      const isFailure = outcome === "failure" &&
        this.#options.breaker?.isFailure(error);
      if (!isFailure) permit.success();
      else if (wasCancelled) permit.release();
      else permit.failure();
    }
    return true;
  }
}
