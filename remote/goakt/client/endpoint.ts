/**
 * One GoAkt peer, as the target of requests.
 * @module
 */

import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Clock } from "../../../internal/clock.ts";
import { Slab } from "../../../internal/slab.ts";
import type { LinkMeter, RemoteMeters } from "../../metrics/meter.ts";
import { formatAddress, type Transport } from "../../transport/transport.ts";
import type { CodecBudget } from "../compression/codec_budget.ts";
import type { GoaktClientOptions } from "./options.ts";
import { Pool } from "./pool.ts";
import { Reachability, type ReachLog } from "./reachability.ts";
import {
  type RequestOptions,
  type RequestTarget,
  sendRequest,
  type SentRequest,
} from "./request.ts";
import { type Tell, TellLane } from "./tell_lane.ts";

/** The frames of small requests are parts of buffers of this size. */
const SLAB_BYTES = 16 * 1024;

/** Options of a request that is awaited. */
export interface CallOptions {
  /** How long to wait for the answer, in milliseconds. */
  timeout: number;
  /** Ends the wait with the signal's reason. What was asked for may still be done. */
  signal?: AbortSignal | undefined;
  /**
   * Whether the request is to find out what the peer is, so that a connection which ends with it is the caller's to
   * tell.
   */
  isProbe?: boolean;
}

/** What an {@linkcode Endpoint} is made with. */
export interface EndpointOptions {
  /** The host of the peer. */
  host: string;
  /** The port of the peer. */
  port: number;
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
  /** Says whether it can be reached. */
  reachLog?: ReachLog | undefined;
  /** Called when nothing of it is left open. */
  onIdle(endpoint: Endpoint): void;
}

/** A peer: its pool of connections, and its tells. */
export class Endpoint {
  /** Counts asks and what fails, in a node with metrics. */
  readonly meter: LinkMeter | undefined;
  /** What requests need to know of it. */
  readonly target: RequestTarget;
  readonly #pool: Pool;
  readonly #tells: TellLane;
  /** How much longer than its own time the answer to an ask may take, in milliseconds. */
  readonly answerTimeout: number;

  /** Opens nothing yet. */
  constructor(options: EndpointOptions) {
    const { host, port, clock, transport, settings, codecs, meters } = options;
    const node = formatAddress(host, port);
    this.meter = meters?.link(node);
    this.answerTimeout = settings.answerTimeout;
    const reach = new Reachability(node, options.reachLog);
    this.#pool = new Pool(
      { host, port, node, clock, transport, settings, codecs, meters, reach },
      () => options.onIdle(this),
    );
    const { limit } = settings;
    const { meter } = this;
    const slab = new Slab(SLAB_BYTES);
    this.target = { pool: this.#pool, node, clock, limit, meter, slab };
    this.#tells = new TellLane(this.target, settings);
  }

  /** How many connections are open or being opened. */
  get size(): number {
    return this.#pool.size;
  }

  /** Whether nothing is open and nothing waits. */
  get isIdle(): boolean {
    return this.#pool.size === 0 && this.#tells.bytes === 0;
  }

  /** Takes a tell; false when there is no room for a new one. */
  tell(tell: Tell, state: "new" | "accepted" = "new"): boolean {
    return this.#tells.send(tell, state);
  }

  /** Resolves when there is room for tells; `undefined` when there is some now. */
  ready(): Promise<void> | undefined {
    return this.#tells.ready();
  }

  /**
   * Sends a request that was just made for this peer and concerns `receiver`, behind what was told to that before.
   */
  send(receiver: string, request: SentRequest): void {
    const tell = this.#tells.unsettled(receiver);
    if (tell === undefined) return request.start();
    this.#tells.behind(tell, () => request.startLater());
  }

  /**
   * Sends a request and waits for the answer.
   *
   * @throws {RemoteError} When the peer refused.
   * @throws {DisconnectedError} When it did not answer, or hung up.
   * @throws {ConnectError} When it cannot be reached.
   */
  call<Req extends DescMessage, Res extends DescMessage>(
    options: Omit<RequestOptions<Req, Res>, "timeout" | "isProbe">,
    { timeout, signal, isProbe = false }: CallOptions,
  ): Promise<MessageShape<Res>> {
    const { promise, resolve, reject } = Promise.withResolvers<
      MessageShape<Res>
    >();
    if (signal?.aborted) return Promise.reject(signal.reason);
    let sent: SentRequest | undefined;
    const onAbort = () => {
      sent?.giveUp();
      reject(signal?.reason);
    };
    try {
      sent = sendRequest(this.target, { ...options, timeout, isProbe }, {
        succeed: resolve,
        fail: reject,
      });
    } catch (error) {
      return Promise.reject(error);
    }
    if (signal === undefined) return promise;
    signal.addEventListener("abort", onAbort);
    return promise.finally(() => signal.removeEventListener("abort", onAbort));
  }

  /** Resolves when no request waits for its answer. */
  drained(): Promise<void> {
    return this.#pool.drained();
  }

  /** Ends all connections. */
  close(error: unknown): void {
    this.#pool.close(error);
  }
}
