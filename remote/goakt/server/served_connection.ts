/**
 * Runs one connection of a GoAkt peer.
 * @module
 */

import { concatBytes } from "../../../internal/bytes.ts";
import type { Clock } from "../../../internal/clock.ts";
import { DisconnectedError, FrameError } from "../../errors.ts";
import type { Connection } from "../../transport/transport.ts";
import { TimeLimit } from "../time_limit.ts";
import type { UnfinishedRoom } from "../../link/unfinished_room.ts";
import {
  ServerCore,
  type ServerEffect,
  type ServerRequest,
} from "./server_core.ts";

/** Longer than GoAkt clients keep a connection that they do not use, in milliseconds. */
const SERVER_IDLE_TIMEOUT: number = 1_200_000;
/** How long a part of a frame may wait for the rest, and an answer for the peer to take it, in milliseconds. */
const SERVER_STALL_TIMEOUT: number = 10_000;
/** Answers to requests that came together are written together, up to this many bytes. */
const WRITE_BYTES = 64 * 1024;
/** A read of this many bytes counts as progress; fewer may be there to hold the connection open. */
const PROGRESS_BYTES = 1_024;

/** What a {@linkcode ServedConnection} is run with. */
export interface ServeOptions {
  /** Whether there is a request of that name. */
  knows(name: string): boolean;
  /**
   * Carries a request out and returns the frame that answers it.
   *
   * @throws {FrameError} When the body is not what the name says.
   */
  handle(request: ServerRequest): Uint8Array | Promise<Uint8Array>;
  /** The source of time. */
  clock: Clock;
  /** Bytes of the largest frame. */
  limit?: number;
  /**
   * How long a connection may be silent, in milliseconds.
   * @default {SERVER_IDLE_TIMEOUT}
   */
  idleTimeout?: number;
  /**
   * How long a part of a frame may wait for the rest, and an answer for the peer to take it.
   * @default {SERVER_STALL_TIMEOUT}
   */
  stallTimeout?: number;
  /**
   * Bounds what all connections together hold of unfinished requests.
   * @default no bound but that of each connection
   */
  room?: UnfinishedRoom;
}

/** A connection that a GoAkt peer has opened. Owns it. */
export class ServedConnection {
  readonly #connection: Connection;
  readonly #options: ServeOptions;
  readonly #core: ServerCore;
  readonly #timeLimit: TimeLimit;
  /** Answers that were not written yet. */
  #out: Uint8Array[] = [];
  #outBytes = 0;
  /** Since when a part of a request has waited for the rest. */
  #partialSince: number | undefined = undefined;
  #state: "running" | "closed" = "running";
  /** Settles once what came is answered; there while something is being answered. */
  #answering: Promise<void> | undefined = undefined;
  /** What the time limit is for. */
  #doing: "reading" | "writing" = "reading";
  /** Bytes of unfinished requests, as the room has been told. */
  #held = 0;
  /** Ends the wait for the answer that is in work. */
  #leave: (() => void) | undefined = undefined;
  /** Why it was closed from here. */
  #error: unknown = undefined;

  constructor(connection: Connection, options: ServeOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#core = new ServerCore(options);
    this.#timeLimit = new TimeLimit(options.clock, this.#expire);
  }

  /**
   * Answers requests until the peer has had enough.
   *
   * @throws {FrameError} When the peer sent what is no request, or stopped in the middle of one.
   * @throws {DisconnectedError} When the connection was lost.
   */
  async run(): Promise<void> {
    try {
      for (;;) {
        this.#expectRead();
        const bytes = await this.#connection.read();
        this.#timeLimit.rest();
        if (bytes === undefined || this.#state !== "running") break;
        if (bytes.length >= PROGRESS_BYTES) this.#partialSince = undefined;
        const effects = this.#core.step({ kind: "received", bytes });
        await (this.#answering = this.#carryOut(effects));
        this.#answering = undefined;
        this.#hold(this.#core.held);
        if (this.#state !== "running") break;
      }
      if (this.#error !== undefined) throw this.#error;
    } catch (error) {
      throw this.#error ?? error;
    } finally {
      this.close();
      this.#hold(0);
    }
  }

  /** Resolves once all requests that came are answered, or nobody is there to be answered. */
  async idle(): Promise<void> {
    await this.#answering?.catch(() => {}); // the run has the same rejection
  }

  /** Closes the connection now; what is in work goes on, for nobody. */
  close(): void {
    this.#state = "closed";
    this.#timeLimit.close();
    this.#connection.close();
    this.#leave?.();
  }

  /** The answer that is in work, or `undefined` once nobody can take it. */
  async #untilClosed(
    frame: Promise<Uint8Array>,
  ): Promise<Uint8Array | undefined> {
    try {
      return await new Promise((resolve, reject) => {
        this.#leave = () => resolve(undefined);
        frame.then(resolve, reject);
      });
    } finally {
      this.#leave = undefined;
    }
  }

  #hold(bytes: number): void {
    const { room } = this.#options;
    const before = this.#held;
    this.#held = bytes;
    if (room === undefined || room.move(before, bytes)) return;
    throw new FrameError(
      "read a request",
      `${room.used} bytes of unfinished requests are held for all GoAkt peers`,
      "fewer were expected",
    );
  }

  async #carryOut(effects: ServerEffect[]): Promise<void> {
    // A step hands out one request at most, as its last effect.
    for (let at = 0; at < effects.length; at++) {
      const effect = effects[at] as ServerEffect; // below the length
      if (effect.kind === "failed") {
        await this.#flush();
        throw effect.error;
      }
      if (effect.kind === "send") {
        this.#out.push(effect.frame);
        this.#outBytes += effect.frame.length;
        if (this.#outBytes >= WRITE_BYTES) await this.#flush();
        continue;
      }
      if (this.#state !== "running") break;
      this.#partialSince = undefined;
      let frame = this.#options.handle(effect.request);
      if (frame instanceof Promise) {
        await this.#flush();
        const answer = await this.#untilClosed(frame);
        if (answer === undefined) return;
        frame = answer;
      }
      effects = this.#core.step({ kind: "answered", frame });
      at = -1;
    }
    await this.#flush();
  }

  async #flush(): Promise<void> {
    const [first, ...rest] = this.#out;
    if (first === undefined) return;
    const bytes = rest.length === 0 ? first : concatBytes(this.#out);
    this.#out = [];
    this.#outBytes = 0;
    this.#doing = "writing";
    this.#timeLimit.expect(this.#options.stallTimeout ?? SERVER_STALL_TIMEOUT);
    await this.#connection.write(bytes);
    this.#timeLimit.rest();
    this.#doing = "reading";
  }

  #expectRead(): void {
    const {
      idleTimeout = SERVER_IDLE_TIMEOUT,
      stallTimeout = SERVER_STALL_TIMEOUT,
    } = this.#options;
    // Bytes of a frame that trickle in do not move the limit.
    if (this.#core.isPartial) this.#partialSince ??= this.#options.clock.now();
    else this.#partialSince = undefined;
    if (this.#partialSince === undefined) this.#timeLimit.expect(idleTimeout);
    else this.#timeLimit.until(this.#partialSince + stallTimeout);
  }

  #expire = (): void => {
    if (this.#doing === "writing") {
      this.#error = new DisconnectedError(
        this.#connection.remote,
        "answer",
        "it has not taken its answers in time",
      );
    } else if (this.#partialSince !== undefined) {
      this.#error = new FrameError(
        "read a request",
        "the rest of it did not come in time",
        "all of it was expected",
      );
    }
    this.close();
  };
}
