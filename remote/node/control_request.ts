/**
 * Requests that the far node itself answers: look-up, spawn, stop.
 * @module
 */

import type { Clock, Timer } from "../../internal/clock.ts";
import { AskTimeoutError, type Silence } from "../../actor/errors.ts";
import type { Carrier, ReplyTo } from "../../actor/protocol/message.ts";
import type { Pid } from "../../actor/reference/pid.ts";
import type { Outbound } from "../link/outbound.ts";
import type { Requests } from "../link/requests.ts";
import type { Spawn } from "../wire/fields.ts";

/** Options of what waits for another node. */
export interface RemoteWaitOptions {
  /**
   * How long to wait for the answer, in milliseconds.
   * @default 5000, or what the system was given for asks
   */
  timeout?: number;
  /** Ends the wait with the signal's reason. What was asked for may still be done. */
  signal?: AbortSignal;
  /**
   * What the node is, when that is known.
   * @default it is found out
   */
  peer?: "goakt";
}

/** A request that is not a message. */
export interface ControlRequest {
  /** One of `FrameKind`; the kind of the answer is the next number. */
  kind: number;
  /** What is done, for errors. */
  action: string;
  /** A word for it, for the error when no answer comes. */
  what: string;
  /** Who it is about. */
  target: Pid;
  /** What it is about, on the wire. */
  address?: string;
  /** What to create. */
  spawn?: Spawn;
}

/** Waits for the answer to a {@linkcode ControlRequest}. */
class ControlReply implements ReplyTo {
  readonly deadline: number;
  /** How long it waits, in milliseconds. */
  readonly timeout: number;
  carrier: Carrier | undefined = undefined;
  /** The address in the answer. */
  readonly answer: Promise<string>;
  readonly #resolve: (address: string) => void;
  readonly #reject: (error: unknown) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: () => void;
  readonly #timer: Timer;

  /**
   * `abandon` is called with the reason when the wait ended without an answer, `silence` for what is known of
   * why none came in time.
   */
  constructor(
    clock: Clock,
    { target, what }: ControlRequest,
    timeout: number,
    signal: AbortSignal | undefined,
    abandon: (reason: unknown) => void,
    silence: (reply: ReplyTo) => Silence | undefined,
  ) {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.answer = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
    this.timeout = timeout;
    this.deadline = clock.now() + timeout;
    const giveUp = (error: unknown) => {
      abandon(error);
      this.fail(error);
    };
    this.#onAbort = () => giveUp(signal?.reason);
    this.#timer = clock.setTimer(
      timeout,
      () => giveUp(new AskTimeoutError(target, what, timeout, silence(this))),
    );
    signal?.addEventListener("abort", this.#onAbort);
  }

  succeed(address: unknown): void {
    this.#end();
    this.#resolve(String(address));
  }

  fail(error: unknown): void {
    this.#end();
    this.#reject(error);
  }

  #end(): void {
    this.#timer.cancel();
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }
}

/** Where requests are sent, and answered. */
export interface Exchange {
  readonly requests: Requests;
  readonly outbound: Outbound;
  /** What is known of why no answer has come. */
  silence(reply: ReplyTo): Silence | undefined;
}

/** Sends a request that is not a message, and waits for its answer. */
export async function exchange(
  link: Exchange,
  request: ControlRequest,
  clock: Clock,
  defaultTimeout: number,
  { timeout = defaultTimeout, signal }: RemoteWaitOptions,
): Promise<string> {
  signal?.throwIfAborted();
  const { requests, outbound } = link;
  const { kind, action, address, spawn } = request;
  const reply = new ControlReply(
    clock,
    request,
    timeout,
    signal,
    (reason) => opened.abandon(reply, reason),
    (reply) => link.silence(reply),
  );
  const opened = requests.openControl(reply, kind + 1, action);
  reply.carrier = opened;
  try {
    if (spawn !== undefined) {
      outbound.check(spawn.input.length, `input of ${spawn.inputType}`);
    }
    outbound.frame({
      kind,
      correlation: opened.correlation,
      ...(address === undefined ? {} : { address }),
      ...(spawn === undefined ? {} : { spawn }),
    });
  } catch (error) {
    opened.abandon(reply, error);
    reply.fail(error);
  }
  return await reply.answer;
}
