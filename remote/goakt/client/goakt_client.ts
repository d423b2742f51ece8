/**
 * This node as a client of GoAkt peers.
 * @module
 */

import type { ActorError } from "../../../actor/errors.ts";
import type { Pid } from "../../../actor/reference/pid.ts";
import type { ProtocolData } from "../../../actor/protocol/protocol.ts";
import type { Runtime } from "../../../actor/system/runtime.ts";
import { DisconnectedError, RemoteError } from "../../errors.ts";
import type { RemoteMeters } from "../../metrics/meter.ts";
import { formatAddress, type Transport } from "../../transport/transport.ts";
import {
  formatGoaktAddress,
  isAddressable,
  NO_SENDER,
  parseGoaktAddress,
} from "../address.ts";
import {
  RemoteLookupRequestSchema,
  RemoteLookupResponseSchema,
  RemoteReinstateRequestSchema,
  RemoteReinstateResponseSchema,
  RemoteReSpawnRequestSchema,
  RemoteReSpawnResponseSchema,
  RemoteSpawnRequestSchema,
  RemoteSpawnResponseSchema,
  RemoteStopRequestSchema,
  RemoteStopResponseSchema,
} from "../gen/internalpb/remoting_pb.ts";
import { CodecBudget } from "../compression/codec_budget.ts";
import type { Compression } from "../compression/compression.ts";
import type { Payload } from "../payload.ts";
import { messageBytes } from "./message_bytes.ts";
import { PROBE_NAME, TEXT } from "../refusal.ts";
import { type CallOptions, Endpoint } from "./endpoint.ts";
import { GoaktRef, type GoaktRefHost } from "./goakt_ref.ts";
import { clientSettings, type GoaktClientOptions } from "./options.ts";
import type { ReachLog } from "./reachability.ts";

/** What a {@linkcode GoaktClient} is made with. */
export interface GoaktClientParts {
  /** What the actors of this node share. */
  runtime: Runtime;
  /** How peers are reached. */
  transport: Transport;
  /** Limits. */
  options?: GoaktClientOptions;
  /**
   * Bytes of memory that the compression of all connections may take, at most.
   * @default {CODEC_BYTES}
   */
  codecBytes?: number | undefined;
  /** Makes what counts, in a node with metrics. */
  meters?: RemoteMeters | undefined;
  /** Says which peers cannot be reached; nobody does when it is not given. */
  reachLog?: ReachLog | undefined;
}

/** Where a peer is. */
export interface PeerPlace {
  /** Its host, as it is bound there: GoAkt compares the text. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
}

/** Bytes that an address and its framing take besides the payload, about. */
const OVERHEAD = 128;

/** All GoAkt peers that this node talks to. Owns the connections. */
export class GoaktClient implements GoaktRefHost {
  readonly runtime: Runtime;
  readonly #transport: Transport;
  readonly #settings: Required<GoaktClientOptions>;
  readonly #codecs: CodecBudget;
  readonly #meters: RemoteMeters | undefined;
  readonly #reachLog: ReachLog | undefined;
  /** By `host:port`; an entry goes when nothing of it is open. */
  readonly #endpoints: Map<string, Endpoint> = new Map();
  #state: "open" | "closed" = "open";
  #onForgotten: (place: PeerPlace) => void = () => {};

  /** Opens nothing yet. */
  constructor(parts: GoaktClientParts) {
    const { runtime, transport, options, codecBytes, meters } = parts;
    this.runtime = runtime;
    this.#codecs = new CodecBudget(codecBytes);
    this.#meters = meters;
    this.#reachLog = parts.reachLog;
    this.#transport = transport;
    this.#settings = clientSettings(options);
  }

  /** How many connections are open or being opened. */
  get connections(): number {
    let count = 0;
    for (const endpoint of this.#endpoints.values()) count += endpoint.size;
    return count;
  }

  /** Calls `run` whenever nothing is open to a peer any more. */
  onForgotten(run: (place: PeerPlace) => void): void {
    this.#onForgotten = run;
  }

  /**
   * Looks up a name that no GoAkt node has an actor of, and that nodes of ours refuse.
   *
   * @returns Whether the answer is that of a GoAkt node.
   * @throws {DisconnectedError} When there is none.
   */
  async probe(place: PeerPlace, options: CallOptions): Promise<boolean> {
    try {
      await this.lookup(place, PROBE_NAME, { ...options, isProbe: true });
      return true;
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      return error.text !== TEXT.notGoakt;
    }
  }

  /** How long an answer may be waited for that is not needed sooner, in milliseconds. */
  get patience(): number {
    return this.#settings.answerTimeout;
  }

  /** How connections are compressed. */
  get compression(): Compression {
    return this.#settings.compression;
  }

  /** A reference to an actor of a GoAkt peer. */
  ref(protocol: ProtocolData, pid: Pid): GoaktRef {
    return new GoaktRef(this, pid, protocol);
  }

  endpoint(
    { host, port }: PeerPlace,
    key: string = formatAddress(host, port),
  ): Endpoint | undefined {
    if (this.#state === "closed") return undefined;
    let endpoint = this.#endpoints.get(key);
    if (endpoint === undefined) {
      endpoint = new Endpoint({
        host,
        port,
        transport: this.#transport,
        clock: this.runtime.clock,
        settings: this.#settings,
        codecs: this.#codecs,
        meters: this.#meters,
        reachLog: this.#reachLog,
        onIdle: (idle) => {
          if (idle.isIdle && this.#endpoints.get(key) === idle) {
            this.#endpoints.delete(key);
            this.#onForgotten({ host, port });
          }
        },
      });
      this.#endpoints.set(key, endpoint);
    }
    return endpoint;
  }

  ended({ host, port }: PeerPlace, action: string): ActorError {
    return new DisconnectedError(
      formatAddress(host, port),
      action,
      "remoting of this node has ended",
      { outcome: "not_delivered" },
    );
  }

  /** Tells a payload to an address, from nobody; a loss is a warning. */
  tellPayload(to: string, payload: Payload): void {
    const lost = (error: unknown) =>
      this.runtime.events.publish({
        type: "warning",
        text: `a "${payload.typeName}" to "${to}" is lost`,
        cause: error,
      });
    const { address, flaw } = parseGoaktAddress(to);
    const endpoint = address && this.endpoint(address);
    if (address === undefined || endpoint === undefined) {
      return lost(flaw ?? "remoting of this node has ended");
    }
    const bytes = messageBytes(NO_SENDER, to, payload);
    const size = payload.bytes.length + OVERHEAD;
    if (!endpoint.tell({ receiver: to, bytes, size, lost })) {
      lost("there is no room");
    }
  }

  /** The address of an actor of a peer, or `undefined` when nobody lives there. */
  async lookup(
    place: PeerPlace,
    name: string,
    options: CallOptions,
  ): Promise<string | undefined> {
    try {
      const { address } = await this.#endpoint(place, "look up").call({
        request: RemoteLookupRequestSchema,
        fields: { ...at(place), name },
        response: RemoteLookupResponseSchema,
        action: `look up "${name}"`,
      }, options);
      return address;
    } catch (error) {
      if (
        error instanceof RemoteError && error.remoteCode === "stopped_error"
      ) return undefined;
      throw error;
    }
  }

  /** Creates an actor of a kind that the peer has registered. One that is there already is as good. */
  async spawn(
    place: PeerPlace,
    kind: string,
    name: string,
    options: CallOptions,
  ): Promise<void> {
    await this.#endpoint(place, "spawn").call({
      request: RemoteSpawnRequestSchema,
      fields: {
        ...at(place),
        actorName: name,
        actorType: kind.trim().toLowerCase(),
        relocatable: false,
      },
      response: RemoteSpawnResponseSchema,
      action: `spawn "${name}" of kind "${kind}"`,
    }, options);
  }

  /** Restarts an actor of a peer. */
  async respawn(
    place: PeerPlace,
    name: string,
    options: CallOptions,
  ): Promise<void> {
    await this.#endpoint(place, "respawn").call({
      request: RemoteReSpawnRequestSchema,
      fields: { ...at(place), name },
      response: RemoteReSpawnResponseSchema,
      action: `respawn "${name}"`,
    }, options);
  }

  /** Ends an actor of a peer. */
  async stop(
    place: PeerPlace,
    name: string,
    options: CallOptions,
  ): Promise<void> {
    await this.#endpoint(place, "stop").call({
      request: RemoteStopRequestSchema,
      fields: { ...at(place), name },
      response: RemoteStopResponseSchema,
      action: `stop "${name}"`,
    }, options);
  }

  /** Lets a suspended actor of a peer go on. */
  async reinstate(
    place: PeerPlace,
    name: string,
    options: CallOptions,
  ): Promise<void> {
    await this.#endpoint(place, "reinstate").call({
      request: RemoteReinstateRequestSchema,
      fields: { ...at(place), name },
      response: RemoteReinstateResponseSchema,
      action: `reinstate "${name}"`,
    }, options);
  }

  async confirm(pid: Pid): Promise<void> {
    const timeout = this.runtime.asks.defaultTimeout;
    const found = await this.lookup(pid, pid.path, { timeout });
    if (found !== undefined) return;
    throw new RemoteError(
      formatAddress(pid.host, pid.port),
      `wait for the start of "${pid}"`,
      {
        code: "stopped_error",
        text: "there is no such actor",
        outcome: "not_delivered",
        retryable: false,
      },
    );
  }

  senderOf(pid: Pid | undefined): string {
    const { network, name } = this.runtime;
    if (pid === undefined || network === undefined) return NO_SENDER;
    const { system, host, port, path } = pid;
    const isReachable = isAddressable(path) && host !== "" &&
      (system !== name || port !== 0);
    return isReachable
      ? formatGoaktAddress({ system, host, port, path })
      : NO_SENDER;
  }

  /** Takes nothing new, waits for what was sent and asked, and ends all connections. */
  async drain(): Promise<void> {
    this.#state = "closed";
    const endpoints = [...this.#endpoints.values()];
    await Promise.all(endpoints.map((endpoint) => endpoint.drained()));
    this.close();
  }

  /** Ends all connections; what waits fails. */
  close(): void {
    this.#state = "closed";
    for (const [key, endpoint] of [...this.#endpoints]) {
      endpoint.close(
        new DisconnectedError(
          key,
          "wait for",
          "remoting of this node has ended",
        ),
      );
    }
    this.#endpoints.clear();
  }

  #endpoint(place: PeerPlace, action: string): Endpoint {
    const endpoint = this.endpoint(place);
    if (endpoint === undefined) throw this.ended(place, `${action} on`);
    return endpoint;
  }
}

/** The parts of a place that requests carry. */
function at({ host, port }: PeerPlace): { host: string; port: number } {
  return { host, port };
}
