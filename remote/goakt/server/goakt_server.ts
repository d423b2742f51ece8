/**
 * All connections that GoAkt peers have opened to this node.
 * @module
 */

import { ActorError } from "../../../actor/errors.ts";
import type { Caller } from "../../../actor/protocol/caller.ts";
import type { CertifiedIdentity } from "../../handshake/identity.ts";
import { Shares } from "../../node/shares.ts";
import { placeOf } from "../../transport/places.ts";
import type { Connection } from "../../transport/transport.ts";
import { CodecBudget } from "../compression/codec_budget.ts";
import { compressed } from "../compression/compressed_connection.ts";
import type { Compression } from "../compression/compression.ts";
import type { GoaktHost } from "./host.ts";
import { UnfinishedRoom } from "../../link/unfinished_room.ts";
import { ServedConnection, type ServeOptions } from "./served_connection.ts";
import { carryOut, isRequest } from "./services.ts";

/** Limits of a {@linkcode GoaktServer}. */
export interface GoaktServerOptions
  extends Pick<ServeOptions, "limit" | "idleTimeout" | "stallTimeout"> {
  /**
   * Connections at the same time, at most; more are refused.
   * @default {MAX_SERVED}
   */
  maxConnections?: number;
  /**
   * Bytes of unfinished requests of all connections together, at most.
   * @default {UNFINISHED_BYTES}
   */
  roomBytes?: number;
  /**
   * Bytes of memory that the compression of all connections may take, at most.
   * @default {CODEC_BYTES}
   */
  codecBytes?: number;
}

/** How many connections are served at the same time, unless told otherwise. */
const MAX_SERVED: number = 4_096;

/** Serves connections. Owns them. */
export class GoaktServer {
  readonly #host: GoaktHost;
  readonly #options: GoaktServerOptions;
  readonly #served: Map<ServedConnection, Promise<void>> = new Map();
  readonly #room: UnfinishedRoom;
  readonly #codecs: CodecBudget;
  readonly #shares: Shares;
  #state: "running" | "draining" = "running";

  constructor(host: GoaktHost, options: GoaktServerOptions = {}) {
    this.#host = host;
    this.#room = new UnfinishedRoom(options.roomBytes);
    this.#codecs = new CodecBudget(options.codecBytes);
    this.#options = options;
    this.#shares = new Shares(options.maxConnections ?? MAX_SERVED);
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#served.size;
  }

  /**
   * Answers the requests of a peer until it has had enough.
   *
   * @param connection The connection, at its beginning.
   * @param compression How it is compressed, in both directions.
   * @param certified Who its certificate says that the peer is.
   * @throws {FrameError} When the peer sent what is no request.
   * @throws {DisconnectedError} When the connection was lost, or is no such stream.
   * @throws {ActorError} When there are as many connections as allowed, or there is no room to compress one more.
   */
  async serve(
    connection: Connection,
    compression: Compression,
    certified?: CertifiedIdentity | undefined,
  ): Promise<void> {
    const { limit, idleTimeout, stallTimeout } = this.#options;
    if (this.#state === "draining") return connection.close();
    const place = placeOf(connection.remote);
    const full = this.#shares.fullFor(place);
    if (full !== undefined) {
      connection.close();
      throw new TooManyPeersError(full);
    }
    const host = this.#host;
    const caller = callerOver(connection, certified);
    const packed = compressed(connection, compression, this.#codecs);
    const served = new ServedConnection(packed, {
      ...(limit !== undefined && { limit }),
      ...(idleTimeout !== undefined && { idleTimeout }),
      ...(stallTimeout !== undefined && { stallTimeout }),
      room: this.#room,
      clock: host.runtime.clock,
      knows: isRequest,
      handle: (request) => carryOut(host, request, caller, limit),
    });
    const run = served.run();
    this.#served.set(served, run);
    this.#shares.take(place);
    try {
      await run;
    } finally {
      this.#served.delete(served);
      this.#shares.giveBack(place);
    }
  }

  /**
   * Takes no more connections, and closes those that are open once no request is in work on any of them. What
   * comes until then is answered as the host sees fit. Resolves when all are closed.
   */
  async drain(): Promise<void> {
    this.#state = "draining";
    const served = [...this.#served.keys()];
    await Promise.all(served.map((connection) => connection.idle()));
    this.close();
    await Promise.allSettled(this.#served.values());
  }

  /** Closes all connections now. */
  close(): void {
    this.#state = "draining";
    for (const served of [...this.#served.keys()]) served.close();
  }
}

/** Who makes the requests of a connection: without a certificate that is whoever its address belongs to. */
function callerOver(
  { remote }: Connection,
  certified: CertifiedIdentity | undefined,
): Caller {
  if (certified === undefined) {
    return { proof: "none", role: "node", system: "", node: placeOf(remote) };
  }
  const { role, system, node, uri } = certified;
  return { proof: "certificate", role, system, node, uri };
}

/** There are as many connections of GoAkt peers as allowed. */
class TooManyPeersError extends ActorError {
  override readonly code = "too_many_peers_error";

  constructor(found: string) {
    super(
      `Cannot serve a GoAkt peer: ${found}, fewer were expected`,
      { retryable: true },
    );
  }
}
