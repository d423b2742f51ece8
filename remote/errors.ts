/**
 * What can go wrong between nodes, as classes that a caller can act on.
 * @module
 */

import {
  ActorError,
  type ActorErrorOptions,
  type Outcome,
} from "../actor/errors.ts";
import type { Pid } from "../actor/reference/pid.ts";

/** No connection to the node could be made. Nothing was sent, so the same call may be made again. */
export class ConnectError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "connect_error";
  /** The `host:port` that was dialled. */
  readonly node: string;

  /** Names the node and what the attempt ended with. */
  constructor(
    node: string,
    found: string,
    options: Pick<ActorErrorOptions, "cause"> = {},
  ) {
    super(
      `Cannot connect to "${node}": ${found}, a listening node was expected`,
      {
        ...options,
        outcome: "not_delivered",
        retryable: true,
      },
    );
    this.node = node;
  }
}

/** A connection ended while something was waiting for it. */
export class DisconnectedError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "disconnected_error";
  /** The `host:port` of the peer. */
  readonly node: string;
  /** Why the connection ended. */
  readonly found: string;

  /**
   * Names what was waiting (`action`, for example `complete the ask of "counter.get" to`), the peer and
   * why the connection ended. With the outcome `"not_delivered"` the same call may be made again.
   */
  constructor(
    node: string,
    action: string,
    found: string,
    options: Pick<ActorErrorOptions, "cause"> & { outcome?: Outcome } = {},
  ) {
    const { outcome = "unknown" } = options;
    super(
      `Cannot ${action} "${node}": ${found}, an open connection was expected`,
      {
        ...options,
        outcome,
        retryable: outcome === "not_delivered",
      },
    );
    this.node = node;
    this.found = found;
  }
}

/** Two nodes could not agree to talk: other versions, another system, a refusal, or no handshake at all. */
export class HandshakeError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "handshake_error";
  /** The `host:port` of the peer. */
  readonly node: string;
  /** Why, as a word that programs can compare, for example `"version"`; a peer's refusal brings its own. */
  readonly reason: string;
  /** What was found. */
  readonly found: string;
  /** What would have been right. */
  readonly wanted: string;

  /** Names the peer, why in one word (`reason`), and what was found and wanted. */
  constructor(
    node: string,
    reason: string,
    found: string,
    wanted: string,
    options: Pick<ActorErrorOptions, "cause" | "retryable"> = {},
  ) {
    super(`Cannot shake hands with "${node}": ${found}, ${wanted}`, {
      ...options,
      outcome: "not_delivered",
    });
    this.node = node;
    this.reason = reason;
    this.found = found;
    this.wanted = wanted;
  }
}

/** Bytes that are no frame, or a frame that breaks a limit. The connection it came from is closed. */
export class FrameError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "frame_error";

  /** Says what could not be done (`action`, for example `read a frame`), what was found and what wanted. */
  constructor(
    action: string,
    found: string,
    wanted: string,
    options: Pick<ActorErrorOptions, "cause"> = {},
  ) {
    super(`Cannot ${action}: ${found}, ${wanted}`, {
      ...options,
      outcome: "not_delivered",
    });
  }
}

/** A body or reply that its codec cannot encode, or bytes that it cannot decode. */
export class CodecError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "codec_error";
  /** The codec's format: `"json"`, `"bytes"`, `"protobuf"`. */
  readonly format: string;
  /** Where in the value, for example `"$.items[3].when"`; `"$"` is the value itself. */
  readonly path: string;
  /** What was there. */
  readonly found: string;
  /** What would have been right. */
  readonly wanted: string;

  /** Names the format, the place, and what was found and wanted there. */
  constructor(
    action: "encode" | "decode",
    format: string,
    path: string,
    found: string,
    wanted: string,
    options: Pick<ActorErrorOptions, "cause"> & { outcome?: Outcome } = {},
  ) {
    super(
      `Cannot ${action} "${path}" as ${format}: found ${found}, ${wanted}`,
      options,
    );
    this.format = format;
    this.path = path;
    this.found = found;
    this.wanted = wanted;
  }
}

/** What a {@linkcode RemoteError} is made from: what the far node reported. */
export interface RemoteFailure {
  /** The far error's `code`, or its class name in snake_case. */
  readonly code: string;
  /** The far error's text. */
  readonly text: string;
  /** What the far node knows about the message. */
  readonly outcome: Outcome;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
}

/** A failure on another node. It carries the far error's code and text, never its stack. */
export class RemoteError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "remote_error";
  /** The `host:port` of the node that reported it. */
  readonly node: string;
  /** The far error's `code`, for example `"stopped_error"`. */
  readonly remoteCode: string;
  /** The far error's text as it was there. */
  readonly text: string;

  /** Names what failed (`action`, for example `complete the ask of "counter.get"`) and what the node said. */
  constructor(node: string, action: string, failure: RemoteFailure) {
    super(
      `Cannot ${action}: node "${node}" reported ${failure.code} "${failure.text}", success was expected`,
      { outcome: failure.outcome, retryable: failure.retryable },
    );
    this.node = node;
    this.remoteCode = failure.code;
    this.text = failure.text;
  }
}

/** A run of a node that another one has replaced. It is told so, and nothing of it is handled any more. */
export class QuarantinedError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "quarantined_error";
  /** The node as `system@host:port`. */
  readonly node: string;
  /** The run that was replaced. */
  readonly incarnation: string;

  /** Names the node and the run. */
  constructor(node: string, incarnation: string) {
    super(
      `Cannot talk to run "${incarnation}" of node "${node}": another run answers at that address, the run that answers there was expected`,
      { outcome: "not_delivered" },
    );
    this.node = node;
    this.incarnation = incarnation;
  }
}

/** There is no room on the way to the node: too much waits or is not acknowledged. Nothing was sent. */
export class OverloadedError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "overloaded_error";
  /** The `host:port` of the peer. */
  readonly node: string;

  /** Names what was to be done (`action`), the peer, and what there is too much of. */
  constructor(
    node: string,
    action: string,
    found = "too much is on the way to it",
    wanted = "room was expected; wait for ready()",
  ) {
    super(`Cannot ${action} on "${node}": ${found}, ${wanted}`, {
      outcome: "not_delivered",
      retryable: true,
    });
    this.node = node;
  }
}

/** A peer may not do what it asked for. Nothing was done. */
export class DeniedError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "denied_error";
  /** Whom it was about. */
  readonly target: Pid;

  /** Names what was asked (`action`), of whom, by whom, and what stands against it. */
  constructor(
    action: string,
    target: Pid,
    { role, node }: { role: string; node: string },
    found: string,
  ) {
    super(
      `Cannot ${
        VERBS[action] ?? action
      } "${target.path}" for ${role} "${node}": ${found}, a right to do so was expected`,
      { outcome: "not_delivered" },
    );
    this.target = target;
  }
}

/** What is done, where the name of the action does not say it. */
const VERBS: Readonly<Record<string, string>> = {
  lookup: "look up",
  state: "tell the state of",
  other: "do what is asked of",
};

/** What is refused, what was found and in what the limit is counted. */
const EXCESS = {
  messages: ["take another message", "many", ""],
  bytes: ["take another message", "much", " bytes"],
  signals: [
    "keep the connection",
    "many frames that are neither messages nor requests",
    "",
  ],
} as const;

/** A client asked for more than it may in a second. Nothing was done; it may try again a little later. */
export class RateError extends ActorError {
  /** The class in snake_case. */
  override readonly code = "rate_error";

  /** Names the client, its limit and what that is for; `signals` are frames that are no messages. */
  constructor(
    { role, node }: { role: string; node: string },
    limit: number,
    of: "messages" | "bytes" | "signals" = "messages",
  ) {
    const [action, found, wanted] = EXCESS[of];
    super(
      `Cannot ${action} of ${role} "${node}": it has sent too ${found}, at most ${limit}${wanted} a second were expected`,
      { outcome: "not_delivered", retryable: true },
    );
  }
}
