/**
 * One connection of a GoAkt peer, without the connection: bytes in, requests and answers out.
 * @module
 */

import { FrameError } from "../../errors.ts";
import { MAX_FRAME_BYTES } from "../../frame.ts";
import { decodeMetadata, type Metadata } from "../../metadata.ts";
import { FrameReader } from "../frame_reader.ts";

/** A request that came whole. */
export interface ServerRequest {
  /** The full name of its message. */
  readonly name: string;
  /** Its headers and deadline. */
  readonly metadata: Metadata;
  /** Its protobuf bytes. */
  readonly body: Uint8Array;
}

/** What happens to a connection. */
export type ServerEvent =
  /** Bytes came. */
  | { readonly kind: "received"; readonly bytes: Uint8Array }
  /** The request was carried out, or refused. */
  | { readonly kind: "answered"; readonly frame: Uint8Array };

/** What to do about it. */
export type ServerEffect =
  /** Carry a request out; its answer must come before anything else is handled. */
  | { readonly kind: "handle"; readonly request: ServerRequest }
  /** Write a frame. */
  | { readonly kind: "send"; readonly frame: Uint8Array }
  /** Close the connection: what came is no request. */
  | { readonly kind: "failed"; readonly error: FrameError };

/** What a {@linkcode ServerCore} knows. */
export interface ServerCoreOptions {
  /** Whether there is a request of that name. */
  knows(name: string): boolean;
  /**
   * Bytes of the largest frame.
   * @default {MAX_FRAME_BYTES}
   */
  limit?: number;
}

const NO_METADATA: Metadata = { headers: new Map(), deadline: 0n };

/** Takes the requests of one connection one after the other, so that the answers are in their order. */
export class ServerCore {
  readonly #options: ServerCoreOptions;
  readonly #reader: FrameReader;
  #state: "waiting" | "handling" | "failed" = "waiting";

  /** Waits for the first request. */
  constructor(options: ServerCoreOptions) {
    this.#options = options;
    this.#reader = new FrameReader(options.limit ?? MAX_FRAME_BYTES);
  }

  /** Whether a request is being carried out. */
  get isHandling(): boolean {
    return this.#state === "handling";
  }

  /** How many bytes wait, of requests that are not whole or not in work yet. */
  get held(): number {
    return this.#reader.size;
  }

  /** Whether a part of a request waits for the rest. */
  get isPartial(): boolean {
    return this.#state === "waiting" && this.#reader.size > 0;
  }

  /** Returns what to do about `event`, in order; nothing once it has failed. */
  step(event: ServerEvent): ServerEffect[] {
    if (this.#state === "failed") return [];
    if (event.kind === "received") {
      this.#reader.push(event.bytes);
      return this.#state === "handling" ? [] : this.#next();
    }
    if (this.#state !== "handling") {
      throw new TypeError(
        "Cannot answer a request: none is in work, one was expected",
      );
    }
    this.#state = "waiting";
    return [{ kind: "send", frame: event.frame }, ...this.#next()];
  }

  #next(): ServerEffect[] {
    try {
      const frame = this.#reader.next();
      if (frame === undefined) return [];
      const { name, metadata, body } = frame;
      if (!this.#options.knows(name)) throw unknownRequest(name);
      this.#state = "handling";
      const request: ServerRequest = {
        name,
        metadata: metadata === undefined
          ? NO_METADATA
          : decodeMetadata(metadata),
        body,
      };
      return [{ kind: "handle", request }];
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#state = "failed";
      return [{ kind: "failed", error }];
    }
  }
}

function unknownRequest(name: string): FrameError {
  const shown = name.slice(0, 100).replace(/[^\x20-\x7e]/g, "\u{fffd}");
  return new FrameError(
    "answer a GoAkt peer",
    `its request is a "${shown}"`,
    "a request of GoAkt v3.14 was expected",
  );
}
