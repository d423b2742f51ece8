/**
 * Who is silent when no reply comes.
 * @module
 */

import type { Silence } from "../actor/errors.ts";

/** What is known of a peer and of what it was sent. */
export interface Heard {
  /** The peer as `host:port`. */
  readonly node: string;
  /** When something last came from it; `undefined` while there is no connection. */
  readonly heardAt: number | undefined;
  /** When the ask was sent. */
  readonly askedAt: number;
  /** The time. */
  readonly now: number;
  /** How long a living peer is silent at most, in milliseconds: it is asked for a sign of life earlier. */
  readonly patience: number;
  /** Whether the peer says that it has handed the message on; `undefined` for what it answers itself. */
  readonly isTaken: boolean | undefined;
}

/** Tells apart an actor that does not reply, a node that does not take messages, and a way that is cut. */
export function silenceOf(heard: Heard): Silence {
  const { node, heardAt, askedAt, now, patience, isTaken } = heard;
  if (heardAt === undefined) {
    return {
      of: "network",
      found: `there is no connection to its node "${node}" yet`,
    };
  }
  const silent = Math.round(now - heardAt);
  const isHeard = isTaken === true || heardAt > askedAt;
  if (!isHeard || silent > patience) {
    return {
      of: "network",
      found: `nothing came from its node "${node}" for ${silent} ms`,
    };
  }
  const found = `its node "${node}" was heard ${silent} ms ago`;
  return isTaken === true
    ? { of: "actor", found: `${found} and has taken the message` }
    : isTaken === false
    ? { of: "node", found: `${found} and has not taken the message` }
    : { of: "node", found: `${found} and has not answered` };
}
