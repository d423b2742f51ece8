/**
 * The numbers of our lanes' frames: kinds, tables, outcomes, and the tags of the fields.
 * Their meaning is in docs/wire.md.
 * @module
 */

import type { Outcome } from "../../actor/errors.ts";

/** What a frame is for. */
export const FrameKind = {
  TELL: 1,
  ASK: 2,
  REPLY: 3,
  FAILURE: 4,
  CANCEL: 5,
  ACK: 6,
  LOOKUP: 7,
  LOOKUP_REPLY: 8,
  SPAWN: 9,
  SPAWNED: 10,
  STOP: 11,
  STOPPED: 12,
  CHUNK: 13,
  PING: 14,
  PONG: 15,
  GOODBYE: 16,
  WATCH: 17,
  WATCHED: 18,
  UNWATCH: 19,
  TERMINATED: 20,
  LINK: 21,
  LINKED: 22,
  UNLINK: 23,
  UNLINKED: 24,
  RESPAWN: 25,
  RESPAWNED: 26,
  REINSTATE: 27,
  REINSTATED: 28,
  STATE: 29,
  STATE_REPLY: 30,
} as const;

/** Which table a definition belongs to. */
export const DefinitionKind = { ADDRESS: 1, TYPE_NAME: 2 } as const;

/** The outcomes of a failure in the order of their numbers on the wire. */
export const OUTCOMES: readonly Outcome[] = [
  "not_delivered",
  "unknown",
  "done",
];

/** The outcome of a failure that is an error which the message declares; otherwise the same as `"done"`. */
export const REJECTED: number = OUTCOMES.length;

/** Tags (field number and wire type) of `Frame`, in the order in which the fields are written. */
export const Tag = {
  KIND: 0x08,
  RECEIVER: 0x10,
  SENDER: 0x18,
  TYPE: 0x20,
  CORRELATION: 0x28,
  REMAINING: 0x30,
  ACK: 0x38,
  DEFINITION: 0x42,
  HEADER: 0x4a,
  ADDRESS: 0x52,
  CHUNK: 0x5a,
  FAILURE: 0x62,
  SPAWN: 0x6a,
  COMPRESSION: 0x72,
  PAYLOAD: 0x7a,
} as const;
