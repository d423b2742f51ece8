/**
 * Routers: actors whose reference passes messages on to others.
 *
 * A router decides in the moment of the delivery, on the way into its mailbox, so that a message waits in one
 * mailbox only: that of the routee. What concerns the router itself takes the ordinary way.
 * @module
 */

import { Deque } from "../../internal/deque.ts";
import type { Cell } from "../cell/cell.ts";
import { isEnding } from "../cell/cell_state.ts";
import { NoRouteesError } from "../errors.ts";
import type { Instance } from "../protocol/handlers.ts";
import { LocalRef } from "../reference/local_ref.ts";
import type { Mailbox } from "../mailboxes/mailbox.ts";
import { type Mail, messageOf } from "../protocol/message.ts";
import type { AnyProtocol } from "../protocol/protocol.ts";
import { type ActorRef, type BaseRef, baseRef } from "../reference/ref.ts";
import {
  beginRouting,
  type Routees,
  type Routing,
  type RoutingStrategy,
} from "./strategy.ts";
import { isLifecycle } from "../cell/signals.ts";
import type { Supervisor } from "../supervision/supervisor.ts";

/**
 * A reference whose messages go to one of several actors, or to all, as the strategy of the router chooses. A
 * reply comes from the routee straight to the asker. An actor that has ended, or is ending, is never chosen. While
 * nobody lives, asks reject with a {@linkcode NoRouteesError} and other messages are dead letters.
 */
export interface Router<P extends AnyProtocol> extends ActorRef<P> {
  /** Who lives behind it, in the order of their places. */
  readonly routees: readonly ActorRef<P>[];
}

/** What all routers can be given. */
export interface RouterOptions<P extends AnyProtocol> {
  /**
   * The name among the siblings, as for any actor.
   * @default a name that nobody else can have
   */
  name?: string;
  /**
   * Who gets a message.
   * @default roundRobin()
   */
  strategy?: RoutingStrategy<P>;
  /**
   * What happens when a failure of a routee is escalated to the router. When it restarts, so do the actors of a
   * pool, and what comes meanwhile is held.
   * @default the system's
   */
  supervisor?: Supervisor;
}

/** The actors behind a router. */
export interface Members extends Routees {
  /** Who lives. */
  readonly living: readonly BaseRef[];
  /** The router has started, or restarted. */
  begin(): void;
  /** The router ends. */
  close(): void;
}

/** One router: who is behind it, and its work. */
export class RouterCore<M extends Members = Members> {
  /** The actor that it is. */
  readonly cell: Cell;
  /** The actors behind it. */
  readonly members: M;
  /** User mail that waits for the end of a restart. */
  readonly #held: Deque<Mail> = new Deque<Mail>();
  readonly #routing: Routing;

  constructor(cell: Cell, members: M, strategy: RoutingStrategy<never>) {
    const { clock, random, asks } = cell.runtime;
    this.cell = cell;
    this.members = members;
    this.#routing = beginRouting(strategy, {
      clock,
      random,
      asks,
      router: cell.ref,
    });
    const waiting = cell.mailbox;
    const mailbox = new RoutingMailbox(this, this.#held);
    cell.mailbox = mailbox;
    for (
      let mail = waiting?.dequeue();
      mail !== undefined;
      mail = waiting?.dequeue()
    ) mailbox.enqueue(mail as Mail); // mailboxes are given nothing else
  }

  /** Passes `mail` on, or holds it until the routees are there again. */
  take(mail: Mail): boolean {
    if (this.cell.state !== "restarting") return this.route(mail);
    this.#held.push(mail);
    return true;
  }

  /** Passes `mail` on, or makes a dead letter of it. */
  route(mail: Mail): boolean {
    let error: unknown;
    try {
      const isTaken = this.#routing.route(mail, this.members);
      if (isTaken !== undefined) return isTaken;
      error = new NoRouteesError(this.cell.pid, messageOf(mail).type);
    } catch (thrown) {
      error = thrown; // by a function of the strategy: nobody can be chosen
    }
    this.cell.runtime.deadLetters.take(mail, this.cell, "no_routees", error);
    return false;
  }

  /** The routees are there: passes on what was held. */
  begin(): void {
    this.members.begin();
    for (
      let mail = this.#held.shift();
      mail !== undefined;
      mail = this.#held.shift()
    ) this.route(mail);
  }
}

/** Lets user mail through to the routees, and keeps what concerns the life of the router. */
class RoutingMailbox implements Mailbox {
  readonly #core: RouterCore;
  readonly #held: Deque<Mail>;
  readonly #own: Deque<Mail> = new Deque<Mail>();

  constructor(core: RouterCore, held: Deque<Mail>) {
    this.#core = core;
    this.#held = held;
  }

  get size(): number {
    return this.#own.size + this.#held.size;
  }

  enqueue(mail: Mail): undefined {
    if (isLifecycle(messageOf(mail))) this.#own.push(mail);
    else this.#core.take(mail); // what it cannot pass on is a dead letter already
  }

  /** Held mail comes out here only when the router ends. */
  dequeue(): Mail | undefined {
    return this.#own.shift() ?? this.#held.shift();
  }
}

/** A reference to a router; passes messages on without a turn of the router. */
export class RouterRef<M extends Members = Members> extends LocalRef {
  readonly #core: RouterCore<M>;

  constructor(core: RouterCore<M>) {
    super(core.cell);
    this.#core = core;
  }

  /** The actors behind the router; for the library only. */
  get members(): M {
    return this.#core.members;
  }

  get routees(): readonly BaseRef[] {
    return this.#core.members.living;
  }

  override deliver(mail: Mail): boolean {
    const { cell } = this;
    const { state, protocol } = cell;
    // Other protocols, signals, and a router that restarts or ends take the ordinary way.
    return messageOf(mail).protocol === protocol &&
        (state === "running" || (state !== "restarting" && !isEnding(state)))
      ? this.#core.route(mail)
      : super.deliver(mail);
  }
}

/** Creates an actor; the arguments are those of {@linkcode Spawn}. */
export type SpawnCall = (args: readonly unknown[]) => BaseRef;

/**
 * Creates a router.
 *
 * @param spawn Creates the actor that it is.
 * @param protocol What it speaks.
 * @param options Its name and its supervisor.
 * @param attach Makes a router of an actor; called again should the actor be given a successor.
 * @returns The reference that `attach` made.
 */
export function spawnRouter<R extends RouterRef>(
  spawn: SpawnCall,
  protocol: AnyProtocol,
  options: { name?: string; supervisor?: Supervisor },
  attach: (cell: Cell) => { readonly core: RouterCore; readonly ref: R },
): R {
  let current: { readonly core: RouterCore; readonly ref: R } | undefined;
  const attached = (cell: Cell) => {
    if (current?.core.cell === cell) return current;
    current = attach(cell);
    cell.ref = current.ref; // all who ask for the reference get the one that routes
    return current;
  };
  const create = (): Instance => ({
    onStart: (ctx) => {
      const { self } = ctx as { self: unknown };
      attached((baseRef(self) as LocalRef).cell).core.begin(); // an actor's own reference is local
    },
    onRestart: () => {},
    onStop: () => current?.core.members.close(),
    receive: (message) => current?.core.route(message as Mail), // only what came before the router was made
  });
  const { name, supervisor } = options;
  const { cell } = spawn([protocol, create, {
    ...(name === undefined ? {} : { name }),
    ...(supervisor === undefined ? {} : { supervisor }),
  }]) as LocalRef; // what is spawned here is local
  try {
    return attached(cell).ref;
  } catch (error) {
    cell.stop();
    throw error;
  }
}
