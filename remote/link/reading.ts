/**
 * The loop that takes what a peer sends.
 * @module
 */

import { Streak } from "../../internal/turn.ts";
import { readable } from "../codec/compression.ts";
import { CHUNK_BYTES } from "./chunks.ts";
import { discard } from "./farewell.ts";
import type { Session } from "../handshake/handshake.ts";
import { Inbound, type InboundHandler } from "./inbound.ts";
import type { LinkOptions } from "./link_options.ts";
import type { Outbound } from "./outbound.ts";
import { Signals } from "./signals.ts";
import type { Connection } from "../transport/transport.ts";

/** Whom a {@linkcode Reading} works for. */
export interface ReadingHost extends InboundHandler {
  /** Whether it has not ended. */
  readonly isAlive: boolean;
  /** Ends it because of what the peer did. */
  refuse(error: unknown): void;
}

/** Reads one connection, acknowledges what was processed, and waits while the peer does not read its answers. */
export class Reading {
  readonly #host: ReadingHost;
  readonly #outbound: Outbound;
  readonly #options: LinkOptions;
  readonly #inbound: Inbound;
  readonly #streak: Streak;
  /** How many counted frames the peer was told of. */
  #acknowledged = 0;
  #stalledSince: number | undefined = undefined;
  #heardAt: number | undefined = undefined;
  /** Parts of large messages that have come, and when the last one did while more are missing. */
  #parts = 0;
  #partSince: number | undefined = undefined;
  /** When the frame began whose rest is missing, or had come on by another chunk, and how much of it was there then. */
  #frameSince: number | undefined = undefined;
  #frameBytes = 0;
  /** Whether the peer has sent anything since the handshake. */
  wasHeard = false;

  /** Gives what it reads to `host`, and acknowledges over `outbound`. */
  constructor(host: ReadingHost, outbound: Outbound, options: LinkOptions) {
    this.#host = host;
    this.#outbound = outbound;
    this.#options = options;
    this.#streak = new Streak(options.runtime.clock);
    const takes = options.role === "acceptor" ? "requests" : "answers";
    this.#inbound = new Inbound(
      host,
      options.maxMessageBytes,
      takes,
      options.unfinished,
      readable(options.compression ?? "none"),
    );
  }

  /** How many counted frames have been processed. */
  get counted(): number {
    return this.#inbound.counted;
  }

  /** Whether nothing waits for its rest: no frame, no large message. */
  get isWhole(): boolean {
    return this.#inbound.isWhole;
  }

  /**
   * Since when the rest is missing of a frame or a large message that the peer has begun, on the system's
   * clock; `undefined` when nothing is missing or this end is not reading.
   */
  get stalledSince(): number | undefined {
    return this.#stalledSince;
  }

  /** When something last came, on the system's clock; `undefined` when this end is not reading. */
  get heardAt(): number | undefined {
    return this.#heardAt;
  }

  /** Looks at nothing more. */
  close(): void {
    this.#stalledSince = undefined;
    this.#heardAt = undefined;
    this.#inbound.close();
  }

  /** Reads to the end of the connection. What comes of clients besides messages is counted. */
  async run(
    connection: Connection,
    { rest, identity }: Pick<Session, "rest" | "identity">,
  ): Promise<void> {
    const { role, runtime } = this.#options;
    const now = runtime.clock.now();
    this.#heardAt = now;
    if (role === "acceptor" && identity.role !== "node") {
      this.#inbound.signals = new Signals(identity, now);
    }
    if (rest.length > 0) this.#push(rest);
    while (this.#host.isAlive) {
      const chunk = await connection.read();
      if (chunk === undefined) return;
      this.#push(chunk);
      const pause = this.#streak.read(chunk.length, this.#heardAt ?? 0);
      if (pause !== undefined) await pause;
      if (role === "acceptor") await this.#keepUp();
    }
    await discard(connection); // so that the peer gets our last words
  }

  /** A peer that does not read its answers gets no more of them: its requests wait. */
  async #keepUp(): Promise<void> {
    const { budget, runtime } = this.#options;
    const outbound = this.#outbound;
    if (outbound.unwritten <= budget) return;
    const isStalled = this.#stalledSince !== undefined;
    this.#stalledSince = undefined;
    this.#heardAt = undefined;
    while (outbound.unwritten > budget && this.#host.isAlive) {
      await outbound.written();
    }
    if (!this.#host.isAlive) return;
    this.#heardAt = runtime.clock.now();
    if (!isStalled) return;
    this.#stalledSince = this.#heardAt;
    if (this.#partSince !== undefined) this.#partSince = this.#heardAt;
    if (this.#frameSince !== undefined) this.#frameSince = this.#heardAt;
  }

  /**
   * Since when a rest is missing, after so many bytes have come. Only a part is a sign of a large message: a peer
   * that says other things meanwhile does not keep its beginnings for ever.
   */
  #missing(now: number, came: number): number | undefined {
    const { isInMessage, parts } = this.#inbound;
    if (!isInMessage) this.#partSince = undefined;
    else if (parts !== this.#parts) this.#partSince = now;
    this.#parts = parts;
    this.#lookAtFrame(now, came);
    return this.#partSince ?? this.#frameSince;
  }

  /**
   * Notes how old the frame is that waits for its rest. Bytes that trickle in do not keep it young: as much as
   * honest peers put into one frame must come in the time that there is for the rest.
   */
  #lookAtFrame(now: number, came: number): void {
    const { unfinished } = this.#inbound;
    if (unfinished === 0) this.#frameSince = undefined;
    else if (
      unfinished <= came || // all of it came just now
      unfinished - this.#frameBytes >= CHUNK_BYTES
    ) {
      this.#frameSince = now;
      this.#frameBytes = unfinished;
    }
  }

  #push(chunk: Uint8Array): void {
    if (!this.#host.isAlive) return;
    const inbound = this.#inbound;
    const now = this.#options.runtime.clock.now();
    this.#heardAt = now;
    this.wasHeard = true;
    try {
      inbound.push(chunk, now);
    } catch (error) {
      return this.#host.refuse(error);
    }
    this.#options.meter?.read(inbound.counted, chunk.length);
    if (!this.#host.isAlive) return;
    this.#stalledSince = this.#missing(now, chunk.length);
    if (inbound.counted === this.#acknowledged) return;
    this.#acknowledged = inbound.counted;
    this.#outbound.acknowledge(inbound.counted);
  }
}
