/**
 * The connections to one GoAkt peer.
 * @module
 */

import type { Clock } from "../../../internal/clock.ts";
import { Deque } from "../../../internal/deque.ts";
import { OverloadedError } from "../../errors.ts";
import type { RemoteMeters } from "../../metrics/meter.ts";
import type { Transport } from "../../transport/transport.ts";
import type { CodecBudget } from "../compression/codec_budget.ts";
import { compressed } from "../compression/compressed_connection.ts";
import { TimeLimit } from "../time_limit.ts";
import { Exchange } from "./exchange.ts";
import type { GoaktClientOptions } from "./options.ts";
import type { Reachability } from "./reachability.ts";

/**
 * How long more connections than are kept may be idle, in milliseconds: many that become so in one turn of the
 * event loop are used again in the next.
 */
const SURPLUS_IDLE = 100;
const AT_ONCE: Promise<void> = Promise.resolve();

/** What a {@linkcode Pool} is made with. */
export interface PoolOptions {
  /** The host of the peer. */
  host: string;
  /** The port of the peer. */
  port: number;
  /** Both, for errors. */
  node: string;
  /** How it is reached. */
  transport: Transport;
  /** The source of time. */
  clock: Clock;
  /** Limits. */
  settings: Required<GoaktClientOptions>;
  /** Bounds what the compression of all connections takes. */
  codecs: CodecBudget;
  /** Makes what counts, in a node with metrics. */
  meters?: RemoteMeters | undefined;
  /** Told of what becomes of the connections. */
  reach: Reachability;
}

/** Somebody who waits for a connection. */
export interface Waiter {
  /** A connection, for this one's use until it is given back. */
  take(exchange: Exchange): void;
  /** There is none. */
  fail(error: unknown): void;
  /** Whether nobody waits any more; it is then passed over. */
  readonly isGone: boolean;
}

interface Idle {
  readonly exchange: Exchange;
  /** On the clock. Not known before the end of the turn: most are in use again by then. */
  since: number | undefined;
}

/** Hands out connections, each to one user at a time, the one that was used last first. Owns them all. */
export class Pool {
  readonly #options: PoolOptions;
  readonly #idle: Idle[] = [];
  readonly #all: Set<Exchange> = new Set();
  readonly #waiters: Deque<Waiter> = new Deque();
  readonly #sweeper: TimeLimit;
  readonly #dials: AbortController = new AbortController();
  /** Attempts to connect that are under way. */
  #dialling = 0;
  #stamping: "no" | "expected" = "no";
  #state: "open" | "closed" = "open";
  #onIdle: () => void;
  /** Told when all connections are idle. */
  #onRest: (() => void)[] = [];

  /** Opens nothing yet; `onIdle` is called when the last connection has gone. */
  constructor(options: PoolOptions, onIdle: () => void) {
    this.#options = options;
    this.#onIdle = onIdle;
    this.#sweeper = new TimeLimit(options.clock, this.#sweep);
  }

  /** How many connections are open or being opened. */
  get size(): number {
    return this.#all.size + this.#dialling;
  }

  /** Gives `waiter` a connection as soon as there is one. */
  acquire(waiter: Waiter): void {
    const { node, settings } = this.#options;
    const idle = this.#idle.pop();
    if (idle !== undefined) return waiter.take(idle.exchange);
    if (this.#waiters.size >= settings.maxWaiting) {
      return waiter.fail(new OverloadedError(node, "wait for a connection"));
    }
    this.#waiters.push(waiter);
    this.#open();
  }

  /** Takes a connection back. */
  release(exchange: Exchange): void {
    if (!exchange.isOpen) return;
    if (exchange.waiting > 0) return exchange.close();
    const waiter = this.#nextWaiter();
    if (waiter !== undefined) return waiter.take(exchange);
    if (this.#state === "closed") return exchange.close();
    this.#idle.push({ exchange, since: undefined });
    this.#rest();
    if (this.#stamping === "expected") return;
    this.#stamping = "expected";
    void AT_ONCE.then(this.#stamp);
  }

  /** Resolves when all connections are idle, and nobody waits for one. */
  drained(): Promise<void> {
    if (this.#isResting) return Promise.resolve();
    return new Promise((resolve) => this.#onRest.push(resolve));
  }

  /** Closes all connections; who waits for one fails with `error`. */
  close(error: unknown): void {
    this.#state = "closed";
    this.#sweeper.close();
    this.#dials.abort(error);
    this.#failWaiters(error);
    for (const exchange of [...this.#all]) exchange.close(error);
  }

  /** Opens a connection when those that are being opened are fewer than those who wait. */
  #open(): void {
    const { maxConnections } = this.#options.settings;
    if (this.#dialling >= this.#waiters.size) return;
    if (this.size >= maxConnections) return;
    this.#dialling++;
    void this.#dial();
  }

  async #dial(): Promise<void> {
    const { host, port, node, transport, clock, settings } = this.#options;
    const { compression, limit, connectTimeout: timeout } = settings;
    const { signal } = this.#dials;
    const { reach } = this.#options;
    const meter = this.#options.meters?.link(node);
    meter?.state("connecting");
    try {
      const connection = await transport.connect({
        hostname: host,
        port,
        timeout,
        signal,
      });
      const { codecs } = this.#options;
      const packed = compressed(connection, compression, codecs);
      const exchange = new Exchange(packed, {
        node,
        clock,
        limit,
        compression,
        meter,
        reach,
        onClosed: this.#forget,
      });
      this.#dialling--;
      this.#all.add(exchange);
      if (signal.aborted) return exchange.close(signal.reason);
      this.release(exchange);
    } catch (error) {
      this.#dialling--;
      meter?.state(undefined);
      if (this.#state === "open") reach.failed("unanswered", error);
      // Whoever else waits would only wait for the same failure, unless there is a connection that becomes free.
      if (this.size === 0) this.#failWaiters(error);
      this.#settle();
    }
  }

  #failWaiters(error: unknown): void {
    for (
      let waiter = this.#nextWaiter();
      waiter !== undefined;
      waiter = this.#nextWaiter()
    ) waiter.fail(error);
  }

  #nextWaiter(): Waiter | undefined {
    for (;;) {
      const waiter = this.#waiters.shift();
      if (waiter === undefined || !waiter.isGone) return waiter;
    }
  }

  #forget = (exchange: Exchange): void => {
    this.#all.delete(exchange);
    const at = this.#idle.findIndex((idle) => idle.exchange === exchange);
    if (at >= 0) this.#idle.splice(at, 1);
    if (this.#state === "open") this.#open();
    this.#settle();
  };

  get #isResting(): boolean {
    return this.#waiters.size === 0 && this.size === this.#idle.length;
  }

  #rest(): void {
    if (this.#onRest.length === 0 || !this.#isResting) return;
    for (const resolve of this.#onRest.splice(0)) resolve();
  }

  #settle(): void {
    this.#rest();
    if (this.size > 0) return;
    this.#sweeper.close();
    this.#onIdle();
  }

  /** Closes what has not been used for too long; the oldest come first. */
  #sweep = (): void => {
    const now = this.#options.clock.now();
    for (const { exchange, since = now } of [...this.#idle]) {
      if (now - since >= this.#patience) exchange.close();
    }
    this.#expectSweep();
  };

  /** Notes since when those are idle that have become so. They are the last ones. */
  #stamp = (): void => {
    this.#stamping = "no";
    let now: number | undefined = undefined;
    for (let index = this.#idle.length - 1; index >= 0; index--) {
      const idle = this.#idle[index];
      if (idle === undefined || idle.since !== undefined) break;
      idle.since = now ??= this.#options.clock.now();
    }
    if (now !== undefined) this.#expectSweep();
  };

  #expectSweep(): void {
    const since = this.#idle[0]?.since;
    if (since !== undefined) this.#sweeper.until(since + this.#patience);
  }

  /** How long the connection that has been idle longest may stay so. */
  get #patience(): number {
    const { maxIdle, idleTimeout } = this.#options.settings;
    const isSurplus = this.#idle.length > maxIdle;
    return isSurplus ? Math.min(SURPLUS_IDLE, idleTimeout) : idleTimeout;
  }
}
