/**
 * GoAkt peers of a node, in both directions.
 * @module
 */

import { describe } from "../../actor/errors.ts";
import { Ration } from "../../actor/logging/ration.ts";
import { MissingRef } from "../../actor/reference/local_ref.ts";
import type { Pid } from "../../actor/reference/pid.ts";
import type { ProtocolData } from "../../actor/protocol/protocol.ts";
import type { Addressee } from "../../actor/events/dead_letters.ts";
import type { Mail } from "../../actor/protocol/message.ts";
import { BaseRef } from "../../actor/reference/ref.ts";
import type { ControlRequest } from "../node/control_request.ts";
import { ConnectError, HandshakeError } from "../errors.ts";
import type { RemoteMeters } from "../metrics/meter.ts";
import type { NodeAddress } from "../node/peer.ts";
import type { SystemInternals } from "../../actor/system/system.ts";
import { UNKNOWN_PROTOCOL } from "../remote_ref.ts";
import { placeOf } from "../transport/places.ts";
import type { Listener, Transport } from "../transport/transport.ts";
import type { CallOptions } from "./client/endpoint.ts";
import { GoaktClient, type PeerPlace } from "./client/goakt_client.ts";
import { control } from "./client/control.ts";
import type { GoaktClientOptions } from "./client/options.ts";
import type { ReachLog } from "./client/reachability.ts";
import { codecRoomError } from "./compression/codec_budget.ts";
import { BrokenStreamError } from "./compression/compressed_connection.ts";
import { type Compression, COMPRESSIONS } from "./compression/compression.ts";
import { Accepted } from "./server/accepted.ts";
import { GoaktServer, type GoaktServerOptions } from "./server/goakt_server.ts";
import type { GreetingConnection } from "./server/greeting_connection.ts";
import { LocalHost, type NodePlace } from "./server/local_host.ts";

/** What a node does with GoAkt peers. */
export interface GoaktOptions extends Omit<GoaktClientOptions, "limit"> {
  /**
   * How connections that this node opens are compressed; the peer must be set to the same. Those that peers
   * open are answered in the way that they chose.
   * @default "zstd"
   */
  compression?: Compression;
  /**
   * How connections may be compressed that peers open; others are closed at their first bytes. Brotli is not
   * accepted for ten minutes from a place whose Brotli was broken three times, see `docs/security.md`.
   * @default ["none", "zstd", "gzip", "brotli"]
   */
  accepts?: readonly Compression[];
  /**
   * Other names or addresses that Go nodes know this node by, besides where it listens and what it advertises:
   * they send what they have dialled, and it is compared as text.
   * @default none
   */
  aliases?: readonly string[];
  /**
   * How long a peer's connection may be silent before it is closed, in milliseconds. Go clients do not try
   * again on a connection that was closed while they kept it, for 30 s.
   * @default 1200000
   */
  serverIdleTimeout?: number;
  /**
   * Connections that peers may have open, at most.
   * @default 4096
   */
  maxServed?: number;
  /**
   * Bytes of requests of all peers together that have begun to come and are not whole, at most.
   * @default 268435456 (256 MiB)
   */
  maxUnfinishedBytes?: number;
  /**
   * Bytes of memory that the compression of the connections that peers have opened may take, at most; and as many
   * for those that this node opens. One that finds no room ends. The last eighth is for addresses that hold less
   * than a sixteenth. A connection takes 1.6 MiB by zstd and Brotli, 0.5 by gzip; 5.3 once a Brotli stream has
   * become long, and up to 9.2 by zstd when the peer asks for a larger window than GoAkt does.
   * @default 2147483648 (2 GiB)
   */
  maxCodecBytes?: number;
}

/** What a {@linkcode Goakt} is made with. */
export interface GoaktParts {
  /** The actor system. */
  internals: SystemInternals;
  /** How peers are reached. */
  transport: Transport;
  /** Where this node answers. */
  place: NodePlace;
  /** Bytes of the largest frame. */
  limit: number;
  /** How long a part of a frame may wait for the rest, in milliseconds. */
  stallTimeout: number;
  /** How long an attempt to connect may take, in milliseconds. */
  connectTimeout: number;
  /** What the user said. */
  options: GoaktOptions;
  /** Makes what counts, in a node with metrics. */
  meters?: RemoteMeters | undefined;
  /** Says which peers cannot be reached. */
  reachLog: ReachLog;
}

/** What of the settings of a node concerns Go nodes. */
export interface GoaktSettings
  extends Pick<GoaktParts, "transport" | "stallTimeout" | "connectTimeout"> {
  /** What the user said; `null` for no Go nodes. */
  goakt: GoaktOptions | null;
  /** Bytes of the largest frame. */
  maxMessageBytes: number;
}

/** Lines in ten seconds about connections of peers that ended. */
const MOST_ENDINGS = 10;
/** How a handshake with a GoAkt node ends: without a word, or with the end of its compressed stream. */
const REASONS_OF_GOAKT: readonly string[] = ["closed", "compression"];

/** The GoAkt vocabulary of one node. Owns the connections that speak it. */
export class Goakt {
  /** This node as a client. */
  readonly client: GoaktClient;
  /** This node as peers see it; layers above plug themselves in here. */
  readonly host: LocalHost;
  readonly #server: GoaktServer;
  readonly #internals: SystemInternals;
  readonly #accepted: Accepted;
  /** One line in ten seconds of connections without room; of the others the number is told. */
  readonly #shortages: Ration;
  /** The same of those that ended for another reason, ten lines of them. */
  readonly #endings: Ration;
  #state: "open" | "closed" = "open";

  constructor(parts: GoaktParts) {
    const { internals, transport, place, limit, options, meters } = parts;
    const {
      accepts = COMPRESSIONS,
      aliases = [],
      serverIdleTimeout,
      maxServed,
      maxUnfinishedBytes,
      maxCodecBytes,
      connectTimeout = parts.connectTimeout,
      ...client
    } = options;
    this.#internals = internals;
    const { clock, events } = internals.runtime;
    this.#shortages = new Ration(clock, 1, (count, places) => {
      const what = count === 1 ? "connection" : "connections";
      const text =
        `${count} more ${what} of GoAkt peers ended, as there is no room to compress them: ${places}`;
      events.publish({ type: "warning", text });
    });
    this.#endings = new Ration(clock, MOST_ENDINGS, (count, places) => {
      const what = count === 1 ? "connection" : "connections";
      const text = `${count} more ${what} of GoAkt peers ended: ${places}`;
      events.publish({ type: "warning", text });
    });
    this.#accepted = new Accepted(accepts, clock);
    this.client = new GoaktClient({
      runtime: internals.runtime,
      transport,
      options: { ...client, connectTimeout, limit },
      codecBytes: maxCodecBytes,
      meters,
      reachLog: parts.reachLog,
    });
    this.host = new LocalHost(internals, {
      place: { ...place, aliases: [...(place.aliases ?? []), ...aliases] },
      sender: (pid) => this.sender(pid),
      reply: (to, payload) => this.client.tellPayload(to, payload),
    });
    const limits: GoaktServerOptions = {
      limit,
      stallTimeout: parts.stallTimeout,
      ...(serverIdleTimeout !== undefined && {
        idleTimeout: serverIdleTimeout,
      }),
      ...(maxServed !== undefined && { maxConnections: maxServed }),
      ...(maxUnfinishedBytes !== undefined && {
        roomBytes: maxUnfinishedBytes,
      }),
      ...(maxCodecBytes !== undefined && { codecBytes: maxCodecBytes }),
    };
    this.#server = new GoaktServer(this.host, limits);
  }

  /** What a node that has begun to listen needs for Go nodes; nothing when it does not want them. */
  static of(
    internals: SystemInternals,
    listener: Pick<Listener, "hostname" | "port">,
    self: { readonly host: string; readonly port: number },
    { goakt, maxMessageBytes, ...options }: GoaktSettings,
    reachLog: ReachLog,
    meters?: RemoteMeters,
  ): Goakt | undefined {
    if (goakt === null) return undefined;
    return new Goakt({
      ...options,
      internals,
      place: {
        host: self.host,
        port: self.port,
        aliases: [listener.hostname],
        boundPort: listener.port,
      },
      limit: maxMessageBytes,
      options: goakt,
      reachLog,
      meters,
    });
  }

  /** How many connections are open or being opened. */
  get connections(): number {
    return this.client.connections + this.#server.connections;
  }

  /** A reference to an actor of a GoAkt peer. */
  ref(protocol: ProtocolData, pid: Pid): BaseRef {
    return this.client.ref(protocol, pid);
  }

  /**
   * Whether a node with which no handshake came about is a GoAkt node: it must have ended the connection, with
   * nothing but the end of a compressed stream, and answer a lookup.
   *
   * @returns The error to report when it is none.
   */
  async examine(
    place: PeerPlace,
    error: unknown,
    signal: AbortSignal,
  ): Promise<"goakt" | { readonly error: unknown }> {
    const mayBe = error instanceof HandshakeError &&
      REASONS_OF_GOAKT.includes(error.reason);
    if (!mayBe) return { error };
    try {
      const options = { timeout: this.client.patience, signal };
      const isGoakt = await this.client.probe(place, options);
      return isGoakt ? "goakt" : { error };
    } catch (cause) {
      // Nobody listens any more: the node has ended in the middle of the handshake.
      if (cause instanceof ConnectError) return { error: cause };
      return { error: unansweredLookup(error, cause, this.client.compression) };
    }
  }

  /** Takes a message that was accepted for the lanes of a node that turned out to be a GoAkt node. */
  inherit(mail: Mail, target: Addressee): void {
    const protocol = target instanceof BaseRef
      ? target.protocol
      : UNKNOWN_PROTOCOL;
    this.client.ref(protocol, target.pid).inherit(mail);
  }

  /** Has a GoAkt node do what nodes themselves do. */
  control(
    node: NodeAddress,
    request: ControlRequest,
    options: CallOptions,
  ): Promise<string> {
    return control(this.client, node, request, options);
  }

  /** A reference to whoever sent a message over the GoAkt vocabulary. */
  sender(pid: Pid): BaseRef {
    const { runtime } = this.#internals;
    const isOwn = pid.system === runtime.name &&
      this.host.answersTo(pid.host, pid.port);
    if (!isOwn) return this.ref(UNKNOWN_PROTOCOL, pid);
    const cell = this.#internals.find(pid.path);
    return cell === undefined
      ? new MissingRef(runtime, pid, UNKNOWN_PROTOCOL)
      : cell.ref;
  }

  /** Takes over a connection when a GoAkt peer has opened it; false when the peer is another. */
  take({ taken, remote, identity }: GreetingConnection): boolean {
    if (taken === undefined) return false;
    const { events } = this.#internals.runtime;
    const { connection, compression } = taken;
    const place = placeOf(remote);
    const warn = (why: string, cause?: unknown) => {
      if (this.#state === "closed") return;
      const isShort = codecRoomError(cause) !== undefined;
      const ration = isShort ? this.#shortages : this.#endings;
      if (!ration.admits(() => `from "${place}"`)) return;
      const text = `the connection of GoAkt peer "${remote}" ended: ${why}`;
      events.publish({
        type: "warning",
        text,
        ...(cause !== undefined && { cause }),
      });
    };
    const refusal = this.#accepted.refusal(compression, place);
    if (refusal !== undefined) {
      connection.close();
      warn(refusal);
      return true;
    }
    this.#server.serve(connection, compression, identity).catch((cause) => {
      if (cause instanceof BrokenStreamError) {
        this.#accepted.broken(compression, place);
      }
      warn(describe(cause), cause);
    });
    return true;
  }

  /**
   * Lets requests in work be answered, in both directions, and closes all connections; those to peers once
   * `before` has resolved, since it may still need them. What peers ask for meanwhile is refused.
   */
  async drain(before: Promise<unknown>): Promise<void> {
    this.host.remoting = "off";
    const served = this.#server.drain();
    await before;
    await Promise.all([served, this.client.drain()]);
  }

  /** Closes all connections now; resolves when nothing of them is left. */
  async close(): Promise<void> {
    this.#state = "closed";
    this.#shortages.sumUp();
    this.#endings.sumUp();
    this.client.close();
    this.#server.close();
    await this.#server.drain();
  }
}

/** The error for a node that neither shook hands nor answered as a GoAkt node. */
function unansweredLookup(
  error: HandshakeError,
  unanswered: unknown,
  compression: Compression,
): HandshakeError {
  const { node, reason, found, cause = unanswered, retryable } = error;
  const wanted =
    'a "troupe.remote.v1.Welcome" or the answer of a GoAkt node was expected';
  const also =
    `${found}, and a lookup (${compression}) was not answered either, as by a GoAkt node whose compression is not "${compression}"`;
  return new HandshakeError(node, reason, also, wanted, { cause, retryable });
}
