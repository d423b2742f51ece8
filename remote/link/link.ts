/**
 * One connection between two nodes, from the first message for it to its end.
 * @module
 */

import type { Addressee } from "../../actor/events/dead_letters.ts";
import type { Silence } from "../../actor/errors.ts";
import type { Mail, ReplyTo } from "../../actor/protocol/message.ts";
import type { BaseRef } from "../../actor/reference/ref.ts";
import {
  type ControlRequest,
  exchange,
  type RemoteWaitOptions,
} from "../node/control_request.ts";
import { chooseCompression } from "../codec/compression.ts";
import { DisconnectedError } from "../errors.ts";
import { endedByPeer, lastFrames, sayFarewell } from "./farewell.ts";
import type { NodeIdentity, Session } from "../handshake/handshake.ts";
import type { PeerIdentity } from "../handshake/identity.ts";
import { Idleness } from "./idleness.ts";
import type { IncomingMessage } from "./incoming.ts";
import type { LinkOptions } from "./link_options.ts";
import { dropUnsendable, sendOver } from "./link_sending.ts";
import { Losses } from "./losses.ts";
import { OpenAsks } from "./open_asks.ts";
import { Outbound } from "./outbound.ts";
import { Reading, type ReadingHost } from "./reading.ts";
import type { Ending } from "../node/redials.ts";
import { Requests } from "./requests.ts";
import type { Route } from "./route.ts";
import { silenceOfAsk } from "./silence.ts";
import type { Connection } from "../transport/transport.ts";
import { examine, type VitalOptions } from "./vitals.ts";
import type { DecodedFrame, Failure } from "../wire/fields.ts";
import { FrameKind } from "../wire/kinds.ts";

/** Takes messages that were meant for a link. */
export type Heir = (mail: Mail, target: Addressee) => void;

/** One connection: messages out or in, answers the other way. Of no use again after its end. */
export class Link implements ReadingHost {
  readonly outbound: Outbound;
  readonly requests: Requests;
  /** Asks of the peer that have no answer yet. */
  readonly asks: OpenAsks = new OpenAsks();
  /** Takes the ends of actors that are watched over the link; not set while none is. */
  onTerminated: ((frame: DecodedFrame) => void) | undefined = undefined;
  readonly #options: LinkOptions;
  readonly #reading: Reading;
  readonly #idleness: Idleness;
  #connection: Connection | undefined = undefined;
  /** Settles with the end of what the peer sends. */
  #read: Promise<void> | undefined = undefined;
  #session: Session | undefined = undefined;
  /** Where the link is in its life; while it is parting both sides finish what they owe. */
  #state: "connecting" | "open" | "parting" | "closed" = "connecting";
  /** Resolves when it has parted in peace, or ended otherwise. */
  #parted: Promise<void> | undefined = undefined;
  #ending: Ending = "unheard";
  #lastHeard: number | undefined = undefined;
  #onClosed: (() => void)[] = [];

  constructor(options: LinkOptions) {
    this.#options = options;
    const { budget, maxMessageBytes, runtime, node, meter } = options;
    this.requests = new Requests(
      node,
      (correlation) => this.outbound.cancel(correlation),
      meter,
    );
    this.outbound = new Outbound({
      budget,
      maxMessageBytes,
      meter,
      clock: runtime.clock,
      onFailure: (error) => this.close(error),
      onUnsendable: (message, error) =>
        dropUnsendable(this, options, message, error),
    });
    this.#reading = new Reading(this, this.outbound, options);
    this.#idleness = new Idleness(options.idleTimeout);
    meter?.state("connecting");
  }

  /** Whether new messages may be sent over it. */
  get isUsable(): boolean {
    return this.#state === "open" || this.#state === "connecting";
  }

  /** Whether it has not ended. */
  get isAlive(): boolean {
    return this.#state !== "closed";
  }

  /** Who the peer is, as far as that is proved; not known before the handshake is over. */
  get identity(): PeerIdentity | undefined {
    return this.#session?.identity;
  }

  /** Who the peer says it is; `undefined` before the handshake. */
  get peer(): NodeIdentity | undefined {
    return this.#session?.peer;
  }

  /** When the peer was last heard, of a link that has ended; `undefined` when it was not. */
  get lastHeard(): number | undefined {
    return this.#lastHeard;
  }

  /** How it has ended. */
  get ending(): Ending {
    return this.#ending;
  }

  /** Who has opened it. */
  get role(): LinkOptions["role"] {
    return this.#options.role;
  }

  /** The peer as `host:port`. */
  get node(): string {
    return this.#options.node;
  }

  /** Ends the link when it is idle. Asks a silent peer for a sign of life, and ends that of one that gives none. */
  examine(options: VitalOptions, now: number, awake: number): void {
    if (this.#connection === undefined || this.#state === "closed") return;
    const { owner, role } = this.#options;
    if (role === "dialler" && this.#state === "open" && this.#isIdle(now)) {
      return owner.parting(this);
    }
    const { heardAt, stalledSince } = this.#reading;
    const { writingSince } = this.outbound;
    const signs = { heardAt, stalledSince, writingSince };
    const verdict = examine(this.node, signs, options, now, awake);
    switch (verdict.kind) {
      case "ask":
        return this.outbound.frame({ kind: FrameKind.PING, correlation: 1 });
      case "refuse":
        return this.refuse(verdict.error);
      case "close":
        return this.close(verdict.error);
    }
  }

  /** Whether neither messages nor requests have passed for so long that it may be closed. */
  #isIdle(now: number): boolean {
    const { outbound, requests } = this;
    const isBusy = outbound.inFlight > 0 || requests.size > 0 ||
      this.onTerminated !== undefined;
    const activity = outbound.messages + requests.newest;
    return this.#idleness.look(isBusy, activity, now);
  }

  /** Begins to read and write. The connection belongs to the link from now on. */
  open(connection: Connection, session: Session): void {
    if (this.#state === "closed") return connection.close();
    this.#connection = connection;
    this.#session = session;
    if (this.#state === "connecting") {
      this.#state = "open";
      this.#options.meter?.state("open");
    }
    const { compression } = this.#options;
    this.outbound.attach(
      connection,
      session.maxFrameBytes,
      chooseCompression(
        compression ?? "none",
        session.compressions,
        connection,
      ),
    );
    this.#read = this.#reading.run(connection, session).then(
      () => this.#ended(),
      (error) => this.close(error),
    );
  }

  /** Sends a message, or makes a dead letter of it and returns false. */
  send(route: Route, mail: Mail, target: BaseRef): boolean {
    return sendOver(this, this.#options, route, mail, target);
  }

  /**
   * Sends a request that is not a message.
   *
   * @returns The address in the answer.
   * @throws {RemoteError} When the peer reported a failure.
   * @throws {DisconnectedError} When the link ended before the answer.
   * @throws {AskTimeoutError} When no answer came in time.
   */
  request(
    request: ControlRequest,
    options: RemoteWaitOptions = {},
  ): Promise<string> {
    const { clock, asks } = this.#options.runtime;
    return exchange(
      this,
      request,
      clock,
      asks.defaultTimeout,
      options,
    );
  }

  /** What is known of why `ask`, which was sent over this link, has no answer. */
  silence(ask: ReplyTo): Silence | undefined {
    const { runtime: { clock }, silenceTimeout } = this.#options;
    const { node, outbound } = this;
    const { heardAt } = this.#reading;
    const now = clock.now();
    const patience = silenceTimeout / 2;
    return silenceOfAsk(ask, outbound, { node, heardAt, now, patience });
  }

  /** Ends the link. What was not acknowledged goes to the dead letters, whoever waits is told. */
  close(reason: unknown): void {
    if (this.#state === "closed") return;
    this.#connection?.close();
    this.#end(reason);
  }

  /**
   * Ends a link that never had a connection: `heir` takes the messages that wait for it, in order, and the
   * other requests fail with `reason`.
   */
  handOver(heir: Heir, reason: unknown): void {
    if (this.#session !== undefined || this.#state === "closed") return;
    this.requests.leaveAsks();
    this.#end(reason, heir);
  }

  /** Calls `run` once the link has ended. */
  whenClosed(run: () => void): void {
    if (this.isAlive) this.#onClosed.push(run);
    else run();
  }

  /** Ends the link because of what the peer did, and tells the peer so if it listens. */
  refuse(error: unknown): void {
    if (this.#state === "closed") return;
    // What was said before may not have been written yet, so it is said again.
    this.#leave(error, lastFrames(this.#reading.counted, error));
  }

  /** Ends the link with `bytes` as its last, and the connection when the peer has ended it, too. */
  #leave(reason: unknown, bytes: Uint8Array): void {
    const connection = this.#connection;
    const reading = this.#read;
    if (connection === undefined) return this.close(reason);
    const { owner, runtime: { clock } } = this.#options;
    const { writing } = this.outbound;
    this.#end(reason);
    owner.farewell(
      sayFarewell(connection, bytes, {
        clock,
        writing,
        ...(reading === undefined ? {} : { reading }),
      }),
      () => connection.close(),
    );
  }

  /**
   * Parts in peace, and resolves when the link has ended. Who dialled sends what waits, takes what it
   * asked for, and closes; who accepted asks the dialler to do so.
   */
  drain(): Promise<void> {
    return this.#parted ??= this.#part();
  }

  async #part(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "parting";
    this.#options.meter?.state("parting");
    if (this.#options.role === "acceptor") {
      this.outbound.frame({ kind: FrameKind.GOODBYE });
      return new Promise((resolve) => this.whenClosed(resolve));
    }
    await this.outbound.drained();
    await this.requests.drained();
    // Closed at once, the connection would be reset if the peer says a last thing, such as a sign of life.
    if (this.isAlive) this.#leave(undefined, new Uint8Array());
  }

  message(message: IncomingMessage): void {
    this.#options.owner.message(this, message);
  }

  refuses(message: IncomingMessage): boolean {
    return this.#options.owner.refuses(this, message);
  }

  command(frame: DecodedFrame): void {
    this.#options.owner.request(this, frame);
  }

  ping(correlation: number): void {
    // Who accepted reads no more while much is unwritten. Who dialled must read on, so it says nothing
    // instead while a write waits: what it writes is the sign of life.
    const isWriting = this.outbound.writingSince !== undefined;
    if (this.#options.role === "dialler" && isWriting) return;
    this.outbound.frame({ kind: FrameKind.PONG, correlation });
  }

  terminated(frame: DecodedFrame): void {
    this.onTerminated?.(frame);
  }

  answer(frame: DecodedFrame): void {
    this.requests.answer(frame);
  }

  wholeReply(correlation: number, payload: Uint8Array): void {
    this.requests.answerWhole(correlation, payload);
  }

  acknowledged(count: number): void {
    this.outbound.acknowledged(count);
    this.#options.meter?.waiting(this.outbound.inFlight);
  }

  goodbye(failure: Failure | undefined): void {
    const { node } = this;
    if (failure !== undefined) {
      this.close(endedByPeer(node, failure));
    } else if (this.#options.role === "dialler" && this.#parted === undefined) {
      this.#options.owner.parting(this);
    }
  }

  /** The state, the losses and the news of the end; the connection is the caller's. */
  #end(reason: unknown, heir?: Heir): void {
    const { runtime, owner, meter } = this.#options;
    this.#state = "closed";
    this.#ending = reason === undefined || heir !== undefined
      ? "peace"
      : this.#reading.wasHeard
      ? "heard"
      : "unheard";
    this.#lastHeard = this.#reading.heardAt;
    this.#reading.close();
    // Whoever sends again because of what follows must find another link.
    owner.closed(this, heir === undefined ? reason : undefined);
    const losses = new Losses(this.node, reason, this.#session !== undefined);
    this.outbound.close((mail, target, isWritten) => {
      if (heir !== undefined) return heir(mail, target);
      const why = isWritten ? "unknown" : "disconnected";
      const error = losses.ofMessage(target, isWritten);
      meter?.failed(error);
      runtime.deadLetters.take(mail, target, why, error);
    });
    this.requests.close(({ action }) => losses.ofRequest(action));
    this.asks.close();
    meter?.waiting(0);
    meter?.state(undefined);
    for (const resolve of this.#onClosed.splice(0)) resolve();
  }

  /** The peer has ended its direction. */
  #ended(): void {
    if (this.#state === "closed") return;
    const { isWhole } = this.#reading;
    const isOwed = this.outbound.inFlight > 0 || this.requests.size > 0;
    const isPeace = this.#options.role === "acceptor" ||
      (this.#state === "parting" && !isOwed);
    if (isWhole && isPeace) return this.close(undefined);
    const where = isWhole ? "" : " in the middle of a message";
    this.close(
      new DisconnectedError(
        this.node,
        "read from",
        `the peer has closed the connection${where}`,
      ),
    );
  }
}
