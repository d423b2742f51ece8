/**
 * Who is silent when no reply comes.
 * @module
 */

import type { Silence } from "../../actor/errors.ts";
import type { ReplyTo } from "../../actor/protocol/message.ts";
import { Request } from "./requests.ts";

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

/** Knows what the peer has processed. */
export interface Taking {
  /** Whether it has processed an ask, which was the message of that position. */
  hasTaken(correlation: number, position: number): boolean;
}

/** What is known of an ask, or of a request to the node, that went over a link and has no answer. */
export function silenceOfAsk(
  ask: ReplyTo,
  taking: Taking,
  heard: Omit<Heard, "askedAt" | "isTaken">,
): Silence | undefined {
  const { carrier: request, deadline } = ask;
  if (!(request instanceof Request) || !("timeout" in ask)) return undefined;
  const { correlation, position, isAsk } = request;
  return silenceOf({
    ...heard,
    askedAt: deadline - Number(ask.timeout),
    isTaken: isAsk ? taking.hasTaken(correlation, position) : undefined,
  });
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
