/**
 * The watched actors of one other node.
 * @module
 */

import type { Pid } from "../../actor/reference/pid.ts";
import type {
  BaseRef,
  Terminated,
  Watcher,
} from "../../actor/reference/ref.ts";
import type { Clock, Timer } from "../../internal/clock.ts";
import { DisconnectedError, RemoteError } from "../errors.ts";
import type { Link } from "../link/link.ts";
import { type NodeAddress, NoLaneError } from "../node/peer.ts";
import type { RemoteRef } from "../remote_ref.ts";
import { formatAddress } from "../transport/transport.ts";
import type { DecodedFrame } from "../wire/fields.ts";
import { FrameKind } from "../wire/kinds.ts";
import { readTermination } from "./termination.ts";
import { unwatchable } from "./unwatchable.ts";
import { WatchedActor } from "./watched_actor.ts";
import { WatchReply } from "./watch_reply.ts";

/** What the watches of a node need of their own node. */
export interface NodeWatchHost {
  /** The source of time. */
  readonly clock: Clock;
  /** Milliseconds that a node may be out of reach. */
  readonly nodeDownTimeout: number;
  /**
   * The link for requests.
   *
   * @throws {DisconnectedError} When this node sends no more.
   */
  controlLink(address: NodeAddress): Link;
}

/** An actor of the other node that is not to feel the end of one of this node any more, and is not told so yet. */
interface Unlink {
  readonly address: string;
  readonly own: string;
}

const encoder = new TextEncoder();

/**
 * Watches actors of one node over the control link, anew over the next link when that is lost. A node that cannot
 * be reached for too long is down, and all who watch are told so. Each watcher is told once.
 */
export class NodeWatch {
  readonly #host: NodeWatchHost;
  readonly #address: NodeAddress;
  readonly #onEmpty: () => void;
  /** By the identity of the reference; an entry goes with its last watcher, or the actor's end. */
  readonly #actors: Map<unknown, WatchedActor> = new Map();
  /** Those that the current link has a number for. */
  readonly #numbers: Map<number, WatchedActor> = new Map();
  /** An entry goes when the other node has answered, or is down. */
  readonly #unlinks: Map<string, Unlink> = new Map();
  #link: Link | undefined = undefined;
  /** The run of the other node that the watches are for. */
  #run: string | undefined = undefined;
  /** Ends the time in which the other node must be reached. */
  #deadline: Timer | undefined = undefined;
  /** Whether the other node has answered over the current link. */
  #state: "waiting" | "reached" = "waiting";

  constructor(
    host: NodeWatchHost,
    address: NodeAddress,
    onEmpty: () => void,
  ) {
    this.#host = host;
    this.#address = address;
    this.#onEmpty = onEmpty;
  }

  /** How many actors are watched. */
  get size(): number {
    return this.#actors.size;
  }

  watch(ref: RemoteRef, watcher: Watcher, linked: BaseRef | undefined): void {
    let actor = this.#actors.get(ref.identity);
    const isNew = actor === undefined;
    actor ??= new WatchedActor(ref.pid);
    this.#actors.set(ref.identity, actor);
    actor.watchers.set(watcher, { ref, linked });
    if (linked !== undefined) {
      this.#unlinks.delete(linkKey(actor.pid, linked.pid.toJSON()));
    }
    const link = this.#link;
    if (link === undefined) return this.#connect(); // which sends all there is
    this.#hold(link);
    if (!link.isUsable) return; // the next one is told
    if (isNew) this.#sendWatch(link, actor);
    if (linked !== undefined) this.#sendLink(link, actor, linked);
  }

  unwatch(ref: RemoteRef, watcher: Watcher, why: "unwanted" | "ended"): void {
    const actor = this.#actors.get(ref.identity);
    const watching = actor?.watchers.get(watcher);
    if (actor === undefined || watching === undefined) return;
    actor.watchers.delete(watcher);
    const { linked } = watching;
    if (linked !== undefined && why === "unwanted") {
      this.#unlink(actor.pid, linked.pid);
    }
    if (actor.watchers.size > 0) return;
    this.#actors.delete(ref.identity);
    if (actor.number !== 0) {
      this.#numbers.delete(actor.number);
      this.#link?.outbound.frame({
        kind: FrameKind.UNWATCH,
        correlation: actor.number,
      });
    }
    this.#settle();
  }

  /** Tells all who watch that nothing is known any more. */
  close(): void {
    this.#down(
      new DisconnectedError(
        this.#node,
        "watch actors of",
        "remoting of this node has ended",
      ),
    );
  }

  get #node(): string {
    return formatAddress(this.#address.host, this.#address.port);
  }

  /** Takes the next link, and tells it of all watches. */
  #connect(): void {
    let link: Link;
    try {
      link = this.#host.controlLink(this.#address);
    } catch (error) {
      return this.#down(error);
    }
    this.#link = link;
    this.#state = "waiting";
    this.#hold(link);
    for (const actor of this.#actors.values()) {
      this.#sendWatch(link, actor);
      for (const { linked } of actor.watchers.values()) {
        if (linked !== undefined) this.#sendLink(link, actor, linked);
      }
    }
    for (const [key, unlink] of this.#unlinks) {
      this.#sendUnlink(link, key, unlink);
    }
    link.whenClosed(() => this.#lost(link));
  }

  /** Keeps a link as long as something is watched over it, and expects that the other node answers. */
  #hold(link: Link): void {
    link.onTerminated ??= (frame) => this.#terminated(link, frame);
    if (this.#state === "waiting") this.#expect(this.#host.nodeDownTimeout);
  }

  /** The other node must be reached within `time` milliseconds. */
  #expect(time: number): void {
    this.#deadline ??= this.#host.clock.setTimer(time, () => {
      const { nodeDownTimeout } = this.#host;
      const found = `it was out of reach for ${nodeDownTimeout} ms`;
      this.#down(new DisconnectedError(this.#node, "watch actors of", found));
    });
  }

  #lost(link: Link): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#numbers.clear();
    for (const actor of this.#actors.values()) actor.number = 0;
    if (this.#isEmpty) return this.#settle();
    const { clock, nodeDownTimeout } = this.#host;
    const silence = clock.now() - (link.lastHeard ?? clock.now());
    this.#expect(Math.max(0, nodeDownTimeout - silence));
    this.#connect();
  }

  #sendWatch(link: Link, actor: WatchedActor): void {
    const address = (actor.exact ?? actor.pid).toJSON();
    const action = `watch "${actor.pid}"`;
    const request = link.requests.openControl(
      new WatchReply(
        (exact) => this.#watched(link, actor, exact),
        (error) => this.#unwatchable(link, actor, error),
      ),
      FrameKind.WATCHED,
      action,
    );
    const { correlation } = request;
    actor.number = correlation;
    this.#numbers.set(correlation, actor);
    link.outbound.frame({ kind: FrameKind.WATCH, correlation, address });
  }

  #sendLink(link: Link, actor: WatchedActor, linked: BaseRef): void {
    const address = (actor.exact ?? actor.pid).toJSON();
    const { correlation } = link.requests.openControl(
      new WatchReply(() => {}, () => {}), // the watch tells what there is to tell
      FrameKind.LINKED,
      `link "${linked.pid}" with "${actor.pid}"`,
    );
    link.outbound.frame({
      kind: FrameKind.LINK,
      correlation,
      address,
      payload: encoder.encode(linked.pid.toJSON()),
    });
  }

  #unlink(pid: Pid, linked: Pid): void {
    const own = linked.toJSON();
    const key = linkKey(pid, own);
    const unlink = { address: pid.toJSON(), own };
    this.#unlinks.set(key, unlink);
    if (this.#link !== undefined) this.#sendUnlink(this.#link, key, unlink);
  }

  #sendUnlink(link: Link, key: string, unlink: Unlink): void {
    const over = () => {
      if (!link.isAlive || this.#unlinks.get(key) !== unlink) return;
      this.#unlinks.delete(key);
      this.#settle();
    };
    const { address, own } = unlink;
    const { correlation } = link.requests.openControl(
      new WatchReply(over, over),
      FrameKind.UNLINKED,
      `unlink "${own}" from "${address}"`,
    );
    link.outbound.frame({
      kind: FrameKind.UNLINK,
      correlation,
      address,
      payload: encoder.encode(own),
    });
  }

  /** The other node has answered, which it does for each watch, so it is there. */
  #reached(link: Link): void {
    this.#state = "reached";
    this.#deadline?.cancel();
    this.#deadline = undefined;
    const run = link.peer?.incarnation;
    if (this.#run === run) return;
    const before = this.#run;
    this.#run = run;
    if (before === undefined) return;
    const found = "it has been started anew";
    const error = new DisconnectedError(this.#node, "watch actors of", found);
    for (const actor of [...this.#actors.values()]) {
      if (actor.exact !== undefined) this.#end(actor, "node_down", error);
    }
  }

  #watched(link: Link, actor: WatchedActor, address: string): void {
    if (this.#link !== link) return;
    this.#reached(link);
    actor.found(address);
    if (this.#isCurrent(actor)) actor.live();
  }

  #unwatchable(link: Link, actor: WatchedActor, error: unknown): void {
    const isAnswer = link.isAlive || error instanceof NoLaneError;
    if (!isAnswer || this.#link !== link) return; // the link was lost, and the next one is asked
    if (link.isAlive) this.#reached(link);
    if (!this.#isCurrent(actor)) return;
    if (error instanceof NoLaneError) {
      return this.#end(actor, "node_down", unwatchable(actor.pid));
    }
    const isMissing = error instanceof RemoteError &&
      error.remoteCode === "stopped_error";
    this.#end(actor, isMissing ? "missing" : "node_down", error);
  }

  #terminated(link: Link, frame: DecodedFrame): void {
    const actor = this.#numbers.get(frame.correlation);
    if (actor === undefined || this.#link !== link) return; // unwatched meanwhile
    const action = `keep "${actor.pid}" running`;
    const { reason, error } = readTermination(frame, this.#node, action);
    this.#end(actor, reason, error);
  }

  #end(
    actor: WatchedActor,
    reason: Terminated["reason"],
    error: unknown,
  ): void {
    for (const [identity, known] of this.#actors) {
      if (known === actor) this.#actors.delete(identity);
    }
    this.#numbers.delete(actor.number);
    actor.tell(reason, error);
    this.#settle();
  }

  #down(error: unknown): void {
    const actors = [...this.#actors.values()];
    for (const { number } of actors) {
      if (number === 0) continue;
      this.#link?.outbound.frame({
        kind: FrameKind.UNWATCH,
        correlation: number,
      });
    }
    this.#actors.clear();
    this.#numbers.clear();
    this.#unlinks.clear();
    this.#settle();
    for (const actor of actors) actor.tell("node_down", error);
  }

  #isCurrent(actor: WatchedActor): boolean {
    return this.#numbers.get(actor.number) === actor;
  }

  get #isEmpty(): boolean {
    return this.#actors.size === 0 && this.#unlinks.size === 0;
  }

  /** Lets go of what is not needed while nothing is watched. */
  #settle(): void {
    if (!this.#isEmpty) return;
    this.#deadline?.cancel();
    this.#deadline = undefined;
    if (this.#link === undefined) this.#onEmpty();
    else this.#link.onTerminated = undefined;
  }
}

function linkKey(pid: Pid, own: string): string {
  return `${pid.toJSON()} ${own}`;
}
