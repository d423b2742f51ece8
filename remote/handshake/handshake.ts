/**
 * How two nodes agree to talk, without any input or output: what happens, and what to do about it.
 *
 * ```text
 * dialler  -- Hello ------------------> acceptor
 *          <- Welcome, or Refusal -----
 * ```
 *
 * With a shared key two more messages come between: a Challenge, and the dialler's Proof.
 *
 * Each message travels in a frame of `frame.ts`; what follows the welcome is not.
 * @module
 */

import type { HandshakeError } from "../errors.ts";
import type { CertifiedPeer, PeerIdentity, PeerRole } from "./identity.ts";
import type { SharedKey } from "./shared_key.ts";

/** How long a handshake may take unless told otherwise, in milliseconds. */
export const HANDSHAKE_TIMEOUT = 5_000;

/** How large a message of the handshake may be, in bytes with its frame. */
export const HANDSHAKE_BYTES: number = 4 * 1024;

/** The smallest limit for frames that a node may set: 16 KiB. The largest is `MAX_FRAME_BYTES`. */
export const MIN_FRAME_LIMIT: number = 16 * 1024;

/** The versions of our protocol that this code speaks. */
export const VERSIONS: VersionRange = { min: 1, max: 1 };

/** All versions from `min` to `max`. */
export interface VersionRange {
  /** The lowest version. */
  readonly min: number;
  /** The highest version. */
  readonly max: number;
}

/** What a connection is for: `"control"` is kept free of user traffic, which goes over `"data"`. */
export type Lane = "control" | "data";

/** The lanes in the order of their numbers on the wire. */
export const LANES: readonly Lane[] = ["control", "data"];

/** Who a node says it is. */
export interface NodeIdentity {
  /** The name of its actor system. */
  readonly system: string;
  /** Where it can be reached. */
  readonly host: string;
  /** Where it can be reached; 0 when it does not listen. */
  readonly port: number;
  /** One run of the node; differs after every start. */
  readonly incarnation: string;
}

/** What both ends of a handshake say about their own node. */
export interface HandshakeOptions {
  /** The own node. */
  self: NodeIdentity;
  /**
   * The largest frame that the own node reads, in bytes, from 16 KiB to 16 MiB.
   * @default {16777216}
   */
  maxFrameBytes?: number;
  /**
   * The versions that the own node speaks.
   * @default {VERSIONS}
   */
  versions?: VersionRange;
  /**
   * Name and version of the own software, for diagnostics of the peer.
   * @default {"troupe"}
   */
  software?: string;
  /**
   * How messages to the own node may be compressed, by number.
   * @default {[]}
   */
  compressions?: readonly number[];
  /**
   * What the own node is to others.
   * @default {"node"}
   */
  role?: PeerRole;
  /**
   * What both ends must prove that they know; nothing is to be proved when it is not given.
   */
  key?: SharedKey | undefined;
}

/** What an end of a handshake knows of its connection. */
export interface HandshakeConnection {
  /** What the transport has found out about the peer. */
  certified?: CertifiedPeer | undefined;
}

/** What a node says of its settings. */
export interface PeerSettings {
  /** The largest frame that it reads, in bytes. */
  readonly maxFrameBytes: number;
  /** The highest version that it speaks, unless that is above the own highest one. */
  readonly maxVersion: number;
}

/** What both ends know once they have agreed. */
export interface Session {
  /** The other node, as it says itself. */
  readonly peer: NodeIdentity;
  /** Who the other node is, as far as that is proved. */
  readonly identity: PeerIdentity;
  /** What the connection is for. */
  readonly lane: Lane;
  /** The `host:port` that the dialler used for the listener. */
  readonly dialled: string;
  /** The version that both speak. */
  readonly version: number;
  /** The largest frame in bytes that both read. */
  readonly maxFrameBytes: number;
  /** How messages to the peer may be compressed, by number. */
  readonly compressions: readonly number[];
  /** What the peer says of its own settings. */
  readonly settings: PeerSettings;
  /** Name and version of the peer's software, as it says itself. */
  readonly software: string;
  /** What the acceptor calls the connection; nobody else but the dialler knows it. */
  readonly token: Uint8Array;
  /** What the connection was called that the dialler has given up for this one; empty for none. */
  readonly replaces: Uint8Array;
  /** What came behind the peer's last message of the handshake: the beginning of the frames. */
  readonly rest: Uint8Array<ArrayBuffer>;
}

/** What can happen during a handshake. `"opened"` comes first, and once. */
export type HandshakeEvent =
  | { readonly kind: "opened" }
  /** What was to be sent has been taken by the connection. */
  | { readonly kind: "sent" }
  | { readonly kind: "received"; readonly bytes: Uint8Array }
  /** No more will come, with the error of the connection if there was one. */
  | { readonly kind: "ended"; readonly cause?: unknown }
  /** Time is up, after that many milliseconds. */
  | { readonly kind: "timeout"; readonly after: number };

/**
 * What to do next, in order. When something was sent and nothing follows it, `"sent"` is the next
 * event, or `"ended"`. After `"established"` or `"failed"` nothing more happens.
 */
export type HandshakeEffect =
  | { readonly kind: "send"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: "established"; readonly session: Session }
  | { readonly kind: "failed"; readonly error: HandshakeError };

/** One end of a handshake. */
export interface Handshake {
  /** Returns what to do about `event`; nothing once the handshake is over. Never throws. */
  step(event: HandshakeEvent): HandshakeEffect[];
}

/** `version 1` or `versions 1 to 3`. */
export function formatVersions({ min, max }: VersionRange): string {
  return min === max ? `version ${min}` : `versions ${min} to ${max}`;
}
