/**
 * From links to the metrics of remoting. There is none of it where a node has no metrics.
 * @module
 */

import { ActorError } from "../../actor/errors.ts";
import type { EventBus } from "../../actor/events/event_stream.ts";
import { MetricsGuard } from "../../actor/metrics/metrics_guard.ts";
import { disown } from "../../actor/cell/thenable.ts";
import type { Clock } from "../../internal/clock.ts";
import { RemoteError } from "../errors.ts";
import type { NodeIdentity } from "../handshake/handshake.ts";
import type { LinkState, PeerMetrics, RemoteMetrics } from "./metrics.ts";
import { formatAddress } from "../transport/transport.ts";

/** The metrics of one node. */
export class RemoteMeters {
  readonly #metrics: RemoteMetrics;
  readonly #guard: MetricsGuard;
  readonly #clock: Clock;

  constructor(metrics: RemoteMetrics, events: EventBus, clock: Clock) {
    this.#metrics = metrics;
    this.#guard = new MetricsGuard(events, "the metrics of remoting");
    this.#clock = clock;
  }

  /** A meter for a new link, to or from the peer at `host:port`. */
  link(peer: string): LinkMeter {
    let target: PeerMetrics | undefined;
    this.#guard.run(() => target = this.#metrics.forPeer(peer));
    return new LinkMeter(this.#guard, target, this.#clock);
  }

  /** A connection from `place` was closed unread. */
  refusedConnection(place: string): void {
    this.#guard.run(() => this.#metrics.refusedConnection?.(place));
  }
}

/** Under which name a peer that has dialled is counted. */
export function peerName({ host, port }: NodeIdentity): string {
  return port === 0 ? "clients" : formatAddress(host, port);
}

/** Counts and times what passes over one link. What happens once for each message makes no closure. */
export class LinkMeter {
  readonly #guard: MetricsGuard;
  readonly #target: PeerMetrics | undefined;
  readonly #clock: Clock;
  #state: LinkState | undefined = undefined;
  #waiting = 0;
  #sent = 0;
  #received = 0;

  constructor(
    guard: MetricsGuard,
    target: PeerMetrics | undefined,
    clock: Clock,
  ) {
    this.#guard = guard;
    this.#target = target;
    this.#clock = clock;
  }

  /** The time, for {@linkcode LinkMeter.answered}. */
  now(): number {
    return this.#clock.now();
  }

  /** The link is in another state; `undefined` is its end. */
  state(to: LinkState | undefined): void {
    const from = this.#state;
    if (from === to) return;
    this.#state = to;
    this.#record((target) => target.link(from, to));
  }

  /** So many bytes of messages wait or are not acknowledged. */
  waiting(bytes: number): void {
    const change = bytes - this.#waiting;
    if (change === 0) return;
    this.#waiting = bytes;
    try {
      disown(this.#target?.waiting(change));
    } catch (error) {
      this.#guard.report(error);
    }
  }

  /** Bytes were given to the connection, and with them so many messages since the link began. */
  wrote(messages: number, bytes: number): void {
    const count = messages - this.#sent;
    this.#sent = messages;
    this.#record((target) => target.sent(count, bytes));
  }

  /** Bytes have come, and with them so many messages since the link began. */
  read(messages: number, bytes: number): void {
    const count = messages - this.#received;
    this.#received = messages;
    this.#record((target) => target.received(count, bytes));
  }

  /** An ask has its reply, whose time began at `since`. */
  answered(protocol: string, since: number): void {
    const duration = Math.max(0, this.#clock.now() - since);
    try {
      disown(this.#target?.answered(protocol, duration));
    } catch (error) {
      this.#guard.report(error);
    }
  }

  /** A message or a request has failed. */
  failed(error: unknown): void {
    const code = codeOf(error);
    this.#record((target) => target.failed(code));
  }

  /** There was no room for a message. */
  refused(): void {
    this.#record((target) => target.failed("overloaded_error"));
  }

  /** An answer has come for which nobody waits. */
  late(): void {
    this.#record((target) => target.lateReply());
  }

  #record(call: (target: PeerMetrics) => unknown): void {
    const target = this.#target;
    if (target !== undefined) this.#guard.run(() => call(target));
  }
}

function codeOf(error: unknown): string {
  if (error instanceof RemoteError) return error.remoteCode;
  return error instanceof ActorError ? error.code : "aborted";
}
