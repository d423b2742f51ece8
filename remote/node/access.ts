/**
 * Who may do what on this node.
 * @module
 */

import type { Message } from "../../actor/protocol/message.ts";
import type { Pid } from "../../actor/reference/pid.ts";
import type { Clock } from "../../internal/clock.ts";
import { DeniedError, RateError } from "../errors.ts";
import type { RefusalReason } from "../handshake/handshake_acceptor.ts";
import type { PeerIdentity, PeerRole } from "../handshake/identity.ts";
import { Rates } from "../link/rates.ts";

/** What a peer asks of this node. */
export type PeerAction =
  | "tell"
  | "ask"
  | "lookup"
  | "spawn"
  | "stop"
  | "respawn"
  | "reinstate"
  | "watch"
  | "link"
  | "state"
  | "other";

/** What {@linkcode Authorize} judges, besides who and whom. */
export interface PeerRequest {
  /** What is to be done with the target. */
  readonly action: PeerAction;
  /** The name of the message's type; empty for a look-up or a stop, the name of the kind or protocol for a spawn. */
  readonly type: string;
  /** The message's body after decoding; `undefined` where there is none. */
  readonly body: unknown;
}

/**
 * Says whether a peer may do something. It runs for every message and request of a peer, so it must be quick;
 * what it throws counts as no.
 *
 * @param identity Who the peer is, as this node has found out.
 * @param target Whom it is about.
 * @param request What is asked.
 * @returns Whether it is allowed.
 */
export type Authorize = (
  identity: PeerIdentity,
  target: Pid,
  request: PeerRequest,
) => boolean;

/** How much a peer that is no node may do. */
export interface ClientLimits {
  /**
   * Messages and requests of one client a second, and at once; more are refused.
   * @default {1000}
   */
  messages?: number;
  /**
   * Bytes of them a second, and at once, as they came: frames, compressed where they are; more are refused. What
   * is larger than that passes after a rest, and others wait until its bytes would be there again.
   * @default {67108864} (64 MiB)
   */
  bytes?: number;
  /**
   * Connections that one client opens a second, and at once; more are refused.
   * @default {10}
   */
  connections?: number;
}

/** Settings of an {@linkcode Access}. */
export interface AccessOptions {
  /** The paths that clients reach; one that ends with `/*` stands for everything below. */
  readonly exposed: readonly string[];
  /** What else is asked. */
  readonly authorize: Authorize | undefined;
  /** How much clients may do. */
  readonly clientLimits: Required<ClientLimits>;
}

/** What those who are no nodes may ask for. */
const ACTIONS: Readonly<Record<PeerRole, readonly PeerAction[] | undefined>> = {
  node: undefined, // everything
  "dc-gateway": ["tell", "ask", "lookup"],
  client: ["tell", "ask", "lookup"],
  observer: ["lookup"],
};

/** Decides about every message and request of peers. */
export class Access {
  readonly #options: AccessOptions;
  readonly #rates: Rates;
  /** Reports a hook that threw. */
  readonly #warn: (text: string, cause: unknown) => void;

  constructor(
    options: AccessOptions,
    clock: Clock,
    warn: (text: string, cause: unknown) => void,
  ) {
    this.#options = options;
    this.#rates = new Rates(options.clientLimits, clock);
    this.#warn = warn;
  }

  /** Whether a peer is asked no questions at all. */
  isFree({ role }: PeerIdentity): boolean {
    return role === "node" && this.#options.authorize === undefined;
  }

  /** Why a peer may not connect now, if so. */
  admit(identity: PeerIdentity): RefusalReason | undefined {
    if (identity.role === "node") return undefined;
    if (this.#rates.connect(nameOf(identity))) return undefined;
    const { connections } = this.#options.clientLimits;
    return {
      code: "rate",
      found: `${identity.role} "${identity.node}" connects too often`,
      wanted: `at most ${connections} connections a second were expected`,
    };
  }

  /** What stands against a request of `size` bytes before it is looked at closely, if anything. */
  enter(
    identity: PeerIdentity,
    action: PeerAction,
    target: Pid,
    size: number,
  ): DeniedError | RateError | undefined {
    const { role } = identity;
    const actions = ACTIONS[role];
    if (actions === undefined) return undefined;
    const excess = this.#rates.send(nameOf(identity), size);
    if (excess !== undefined) {
      return new RateError(
        identity,
        this.#options.clientLimits[excess],
        excess,
      );
    }
    if (!actions.includes(action)) {
      return new DeniedError(action, target, identity, "that role may not");
    }
    if (this.#isExposed(target.path)) return undefined;
    return new DeniedError(action, target, identity, "it is not exposed");
  }

  /** Whether the user says no, if so. */
  judge(
    identity: PeerIdentity,
    target: Pid,
    request: PeerRequest,
  ): DeniedError | undefined {
    const { authorize } = this.#options;
    if (authorize === undefined) return undefined;
    const { action } = request;
    try {
      if (authorize(identity, target, request) === true) return undefined;
    } catch (cause) {
      this.#warn("the hook that authorizes threw, which counts as no", cause);
    }
    return new DeniedError(action, target, identity, "it is not authorized");
  }

  /** The same for a message that has been decoded. */
  judgeMessage(
    identity: PeerIdentity,
    action: PeerAction,
    target: Pid,
    { type, body }: Message,
  ): DeniedError | undefined {
    if (this.#options.authorize === undefined) return undefined;
    return this.judge(identity, target, { action, type, body });
  }

  #isExposed(path: string): boolean {
    return this.#options.exposed.some((pattern) =>
      pattern.endsWith("/*")
        ? path.startsWith(pattern.slice(0, -1))
        : path === pattern
    );
  }
}

/** The name by which peers are told apart. */
export function nameOf(
  { proof, role, system, node, uri }: PeerIdentity,
): string {
  return uri ?? `${proof} ${role} ${system} ${node}`;
}
