/**
 * References to actors of other nodes.
 * @module
 */

import type { AskRegistry } from "../actor/asks/asks.ts";
import type { Silence } from "../actor/errors.ts";
import {
  type Mail,
  messageOf,
  type ReplyTo,
} from "../actor/protocol/message.ts";
import type { Pid } from "../actor/reference/pid.ts";
import type { AnyProtocol, ProtocolData } from "../actor/protocol/protocol.ts";
import {
  BaseRef,
  READY,
  type Watcher,
  wrongProtocol,
} from "../actor/reference/ref.ts";
import type { Runtime } from "../actor/system/runtime.ts";
import { PoisonPill } from "../actor/cell/signals.ts";
import type { DisconnectedError } from "./errors.ts";
import { FAR_POISON, farPoison } from "./far_poison.ts";
import type { Link } from "./link/link.ts";
import type { CodecCache } from "./codec/message_codecs.ts";
import { Route } from "./link/route.ts";
import type { Watches } from "./watch/watches.ts";

/** What a reference needs of its node. */
export interface RefHost {
  /** What the actors of the node share. */
  readonly runtime: Runtime;
  /** The codecs of all protocols. */
  readonly codecs: CodecCache;
  /** The data link to the node of `pid`, or `undefined` when this node sends no more. */
  dataLink(pid: Pid): Link | undefined;
  /** The reference that reaches the actor at `pid` while its node is known to be a GoAkt node. */
  goaktRef(
    pid: Pid,
    protocol: ProtocolData,
    known: BaseRef | undefined,
  ): BaseRef | undefined;
  /** What actors of this node watch on others. */
  readonly watches: Watches;
  /** Waits until the actor at `pid` runs. */
  confirm(pid: Pid): Promise<void>;
  /** The error for what is asked of this node when it sends no more. */
  ended(pid: Pid, action: string): DisconnectedError;
}

/** Stands for the protocol of an actor that is known as a sender only. */
export const UNKNOWN_PROTOCOL: ProtocolData = {
  name: "unknown",
  messages: [],
  byType: new Map(),
  hasReadOnly: false,
  input: undefined,
};

/** A reference to an actor of another node. */
export class RemoteRef<P extends AnyProtocol = AnyProtocol> extends BaseRef<P> {
  readonly pid: Pid;
  readonly protocol: ProtocolData;
  readonly #host: RefHost;
  readonly #address: string;
  #route: Route | undefined = undefined;
  /** Used instead while the node is known to be a GoAkt node. */
  #other: BaseRef | undefined = undefined;

  constructor(host: RefHost, pid: Pid, protocol: ProtocolData) {
    super();
    this.#host = host;
    this.pid = pid;
    this.protocol = protocol;
    this.#address = laneAddress(pid);
  }

  get isLocal(): boolean {
    return false;
  }

  get asks(): AskRegistry {
    return this.#host.runtime.asks;
  }

  deliver(mail: Mail): boolean {
    const message = messageOf(mail);
    if (message === PoisonPill) return this.deliver(farPoison(mail));
    const { protocol, type } = message;
    if (
      protocol !== this.protocol && this.protocol !== UNKNOWN_PROTOCOL &&
      message !== FAR_POISON
    ) {
      throw wrongProtocol(type, protocol, this);
    }
    let route = this.#route;
    if (
      route === undefined || route.protocol !== protocol || !route.link.isUsable
    ) {
      const other = this.#elsewhere();
      if (other !== undefined) return other.deliver(mail);
      const link = this.#host.dataLink(this.pid);
      if (link === undefined) return this.#refuse(mail);
      route = this.#route = new Route(
        link,
        protocol,
        this.#host.codecs.of(protocol),
        this.#address,
      );
    }
    return route.link.send(route, mail, this);
  }

  started(): Promise<void> {
    return this.#host.confirm(this.pid);
  }

  ready(): Promise<void> {
    const other = this.#elsewhere();
    if (other !== undefined) return other.ready();
    const link = this.#host.dataLink(this.pid);
    if (link !== undefined) return link.outbound.ready() ?? READY;
    const action = `wait for room on the way to "${this.pid}" on`;
    return Promise.reject(this.#host.ended(this.pid, action));
  }

  override silence(ask: ReplyTo): Silence | undefined {
    return this.#route?.link.silence(ask);
  }

  override get identity(): string {
    return this.pid.toJSON();
  }

  watch(watcher: Watcher, linked?: BaseRef): void {
    this.#host.watches.watch(this, watcher, linked);
  }

  unwatch(watcher: Watcher, why: "unwanted" | "ended" = "unwanted"): void {
    this.#host.watches.unwatch(this, watcher, why);
  }

  override toString(): string {
    return this.pid.toString();
  }

  #elsewhere(): BaseRef | undefined {
    const { pid, protocol } = this;
    return this.#other = this.#host.goaktRef(pid, protocol, this.#other);
  }

  #refuse(mail: Mail): boolean {
    const error = this.#host.ended(
      this.pid,
      `deliver a message to "${this.pid}" on`,
    );
    this.#host.runtime.deadLetters.take(mail, this, "disconnected", error);
    return false;
  }
}

/** An actor of the peer as the peer's own lanes name it: `/path`, with `#incarnation` when one is meant. */
function laneAddress({ path, incarnation }: Pid): string {
  return incarnation === "" ? `/${path}` : `/${path}#${incarnation}`;
}
