/**
 * What a link is made from.
 * @module
 */

import type { Runtime } from "../../actor/system/runtime.ts";
import type { MessageCompression } from "../codec/compression.ts";
import type { UnfinishedRoom } from "./unfinished_room.ts";
import type { IncomingMessage } from "./incoming.ts";
import type { Link } from "./link.ts";
import type { LinkMeter } from "../metrics/meter.ts";
import type { DecodedFrame } from "../wire/fields.ts";

/** What a link tells whoever made it. */
export interface LinkOwner {
  /** A message of the peer, valid until this returns. */
  message(link: Link, message: IncomingMessage): void;
  /** Whether the peer may not send a message, which it has been told then; asked before one is expanded. */
  refuses(link: Link, message: IncomingMessage): boolean;
  /** A request of the peer that is not a message, valid until this returns. */
  request(link: Link, frame: DecodedFrame): void;
  /** The peer wishes to part: nothing new is sent to it over this link. */
  parting(link: Link): void;
  /** The link is of no more use; the reason is `undefined` when it ended in peace. */
  closed(link: Link, reason: unknown): void;
  /** What goes on after the end of a link until the peer has been told why; `stop` ends it. */
  farewell(task: Promise<void>, stop: () => void): void;
}

/** Settings of a {@linkcode Link}. */
export interface LinkOptions {
  /** What the actors of the node share. */
  runtime: Runtime;
  /** Who made it. */
  owner: LinkOwner;
  /**
   * `"dialler"`: sends messages and requests, and is sent answers. `"acceptor"`: the other way round.
   */
  role: "dialler" | "acceptor";
  /** The peer as `host:port`, for errors. */
  node: string;
  /** Bytes of messages that wait or are not acknowledged, at most. */
  budget: number;
  /** Bytes of the largest payload, in either direction. */
  maxMessageBytes: number;
  /** How large messages to the peer are compressed. */
  compression?: MessageCompression;
  /** How long nothing may come from the peer before the link is ended, in milliseconds. */
  silenceTimeout: number;
  /** After how many milliseconds without messages and requests whoever dialled closes it. */
  idleTimeout: number;
  /** Room for the beginnings of large messages, of all links together. */
  unfinished?: UnfinishedRoom;
  /** Counts and times, in a node with metrics. */
  meter: LinkMeter | undefined;
}
