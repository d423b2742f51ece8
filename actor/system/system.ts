/**
 * Actor systems: where actors live.
 * @module
 */

import { counted } from "../time/activity.ts";
import type { Cell } from "../cell/cell.ts";
import { StoppedError } from "../errors.ts";
import type { EventStream } from "../events/event_stream.ts";
import { type SpawnGroup, spawnGroup } from "../routing/group.ts";
import { showAs } from "../logging/inspect.ts";
import type { KindRegistry } from "../protocol/kind.ts";
import { type Log, SinkLog } from "../logging/log.ts";
import type { Pid } from "../reference/pid.ts";
import { type SpawnPool, spawnPool } from "../routing/pool.ts";
import type { AnyProtocol } from "../protocol/protocol.ts";
import type { ActorRef } from "../reference/ref.ts";
import type { ResourceKey } from "./resources.ts";
import type { Runtime } from "./runtime.ts";
import type { Scheduler } from "../time/scheduler.ts";
import type { DrainOptions } from "./shutdown.ts";
import type { ShutdownHookOptions, ShutdownHookRun } from "./shutdown_hooks.ts";
import {
  type ActorSnapshot,
  snapshotOf,
  type SystemSnapshot,
} from "../cell/snapshot.ts";
import type { Spawn } from "../cell/spawn.ts";
import { SystemCore } from "./system_core.ts";
import type { ActorSystemOptions } from "./system_options.ts";
import type { Topics } from "../events/topics.ts";
import { reinstate, restart } from "../cell/transitions.ts";

/** What upper layers reach of a system. */
export interface SystemInternals {
  /** What all its actors share. */
  readonly runtime: Runtime;
  /** Its kinds. */
  readonly kinds: KindRegistry;
  /** The living actor at a path. */
  find(path: string): Cell | undefined;
  /** How many actors live, those that are starting or stopping included. */
  count(): number;
}

/** Reaches into a system; for the layers above, not for users. */
export let internalsOf: (system: ActorSystem) => SystemInternals;

/**
 * Where actors live. A process may have any number of them; they share nothing.
 *
 * @example
 * ```ts
 * import { ActorSystem, ask, protocol, tell } from "@troupe/troupe/actor";
 *
 * const Counter = protocol("counter", {
 *   increment: tell<{ by: number }>(),
 *   get: ask<void, number>(),
 * });
 *
 * await using system = new ActorSystem("shop");
 * const counter = system.spawn(Counter, () => {
 *   let count = 0;
 *   return {
 *     increment: ({ by }) => void (count += by),
 *     get: () => count,
 *   };
 * }, { name: "till" });
 * counter.tell(Counter.increment({ by: 2 }));
 * console.assert(await counter.ask(Counter.get()) === 2);
 * ```
 */
export class ActorSystem implements AsyncDisposable {
  /** The name of the system. */
  readonly name: string;
  /** Creates a top-level actor. */
  readonly spawn: Spawn;
  /** Creates a top-level router with actors of its own. */
  readonly spawnPool: SpawnPool;
  /** Creates a top-level router to actors that exist. */
  readonly spawnGroup: SpawnGroup;
  readonly #core: SystemCore;

  /**
   * Makes a system; it runs at once.
   *
   * @param name A letter or digit and then letters, digits, `-` or `_`.
   * @param options Kinds, defaults and what is injected.
   * @throws {TypeError} When the name is not allowed or two kinds share a name.
   * @throws {RangeError} When a number is out of its range.
   */
  constructor(name: string, options: ActorSystemOptions = {}) {
    const core = new SystemCore(this, name, options);
    this.name = name;
    this.#core = core;
    const spawn = (args: readonly unknown[]) => core.spawnTop(args);
    // The overloads of Spawn are read from the arguments one by one.
    this.spawn = ((...args: unknown[]) => spawn(args)) as Spawn;
    this.spawnPool =
      ((...args: unknown[]) => spawnPool(spawn, args)) as unknown as SpawnPool;
    this.spawnGroup =
      ((...args: unknown[]) =>
        spawnGroup(spawn, args)) as unknown as SpawnGroup;
  }

  /** What happens in the system, as it happens. */
  get events(): EventStream {
    return this.#core.runtime.events;
  }

  /** Sending messages later, and again and again. */
  get scheduler(): Scheduler {
    return this.#core.runtime.scheduler;
  }

  /** Writes lines that name the system to its logger, for code that is no actor. */
  get log(): Log {
    return new SinkLog(this.#core.runtime.log);
  }

  /** Publishing to whoever has subscribed. */
  get topics(): Topics {
    return this.#core.topics;
  }

  /** How many messages were not handled since the system began. */
  get deadLetters(): number {
    return this.#core.runtime.deadLetters.count;
  }

  /**
   * What the system was given under a key.
   *
   * @throws {TypeError} When it was given nothing under it.
   */
  extension<T>(key: ResourceKey<T>): T {
    return this.#core.runtime.extensions.get(key);
  }

  /** Whether the system takes new actors. */
  get state(): "running" | "draining" | "stopped" {
    return this.#core.shutdown.state;
  }

  /** The failure that ended the system, when one was escalated up to it. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#core.shutdown.failure;
  }

  /**
   * The living actor at a path of this system.
   *
   * @param protocol What it speaks.
   * @param path The names from the top-level actor down, joined by `/`.
   * @returns A reference, or `undefined` when there is no such actor.
   * @throws {TypeError} When it speaks another protocol.
   */
  find<P extends AnyProtocol>(
    protocol: P,
    path: string,
  ): ActorRef<P> | undefined {
    return this.#core.refAt(protocol, path);
  }

  /**
   * The living actors whose path matches a pattern and that speak a protocol; others are left out.
   *
   * @param protocol What they speak.
   * @param pattern Names joined by `/`. A `*` stands for any part of a name, so that `parent/*` means
   * all children of `parent`; the name `**` stands for any number of names, also none.
   * @returns References: parents before children, siblings in the order in which they were spawned.
   * @throws {TypeError} When a name in the pattern is empty.
   */
  select<P extends AnyProtocol>(protocol: P, pattern: string): ActorRef<P>[] {
    return this.#core.select(protocol, pattern);
  }

  /**
   * A reference to the actor at an address, in this system or, with remoting, in another. An address
   * of this system where nobody lives gives a reference whose messages are dead letters.
   *
   * @param protocol What it speaks.
   * @param address `goakt://system@host:port/path`, or the same as data.
   * @returns A reference; nothing is sent.
   * @throws {TypeError} When the address has another form, when the actor here speaks another
   * protocol, or when it is on another node and this system has no remoting.
   */
  ref<P extends AnyProtocol>(protocol: P, address: Pid | string): ActorRef<P> {
    return this.#core.ref(protocol, address);
  }

  /**
   * Ends an actor after the message that it is handling; what waits goes to the dead letters. Its
   * children end before it. Called from inside the actor, before its handler's first `await`, or
   * through {@linkcode Context.stop}, it resolves at once.
   *
   * @param ref Which actor, of this system.
   * @returns Resolves once it has stopped.
   * @throws {TypeError} When it is an actor of another system.
   */
  stop(ref: ActorRef<AnyProtocol>): Promise<void> {
    return this.#core.stop(ref, this.#core.caller);
  }

  /**
   * Gives an actor a fresh instance once the message that it is handling is done, as its supervisor would
   * after a failure; also an actor that is suspended. Its reference, its address and its mail stay.
   *
   * @param ref Which actor, of this system.
   * @returns Resolves once the fresh instance has started.
   * @throws {StoppedError} When the actor has stopped, or stops before that.
   * @throws {TypeError} When it is an actor of another system.
   */
  restart(ref: ActorRef<AnyProtocol>): Promise<void> {
    const cell = this.#core.local(ref, "restart");
    restart(cell, undefined);
    return this.#core.caller === cell ? Promise.resolve() : cell.started();
  }

  /**
   * Stops an actor, and creates one in its place with the same factory, name and options. It is another
   * actor: messages to the old reference are dead letters, and what waited was not handled.
   *
   * @param ref Which actor, of this system.
   * @returns A reference to the new actor.
   * @throws {StoppedError} When the actor has stopped already, or its parent or the system is ending.
   * @throws {NameTakenError} When somebody else took the name meanwhile.
   * @throws {TypeError} When it is an actor of another system, or the calling actor or one above it.
   */
  respawn<P extends AnyProtocol>(ref: ActorRef<P>): Promise<ActorRef<P>> {
    return this.#core.respawn(ref);
  }

  /**
   * Lets a suspended actor go on with its state; does nothing to an actor that is not suspended.
   *
   * @param ref Which actor, of this system.
   * @throws {TypeError} When it is an actor of another system.
   */
  reinstate(ref: ActorRef<AnyProtocol>): void {
    reinstate(this.#core.local(ref, "reinstate"));
  }

  /**
   * What an actor is doing, what waits for it and, in a system with metrics, what it has done so far.
   *
   * @param ref Which actor, of this system; also one that has stopped.
   * @returns A copy: it does not change.
   * @throws {TypeError} When it is an actor of another system.
   */
  inspect(ref: ActorRef<AnyProtocol>): ActorSnapshot;
  /** How the system itself is. Looks at every actor: not for every message. */
  inspect(): SystemSnapshot;
  inspect(ref?: ActorRef<AnyProtocol>): ActorSnapshot | SystemSnapshot {
    return ref === undefined
      ? this.#core.snapshot()
      : snapshotOf(this.#core.local(ref, "inspect"));
  }

  /**
   * Keeps an actor from passivating, also from eviction, until {@linkcode ActorSystem.resumePassivation} or
   * a restart of the actor. Does nothing to an actor that never passivates.
   *
   * @param ref Which actor, of this system.
   * @throws {TypeError} When it is an actor of another system.
   */
  pausePassivation(ref: ActorRef<AnyProtocol>): void {
    const cell = this.#core.local(ref, "pause the passivation of");
    cell.rareOrNone?.residency?.pause();
  }

  /**
   * Lets an actor passivate again; the time without messages begins anew.
   *
   * @param ref Which actor, of this system.
   * @throws {TypeError} When it is an actor of another system.
   */
  resumePassivation(ref: ActorRef<AnyProtocol>): void {
    const cell = this.#core.local(ref, "resume the passivation of");
    cell.rareOrNone?.residency?.resume();
  }

  /**
   * Ends the system: no new top-level actors; the shutdown hooks run; each actor handles the mail that
   * waits for it then and stops, children before parents. What is sent later goes to the dead letters. Then the
   * outboxes of the system get what time is left to deliver what they hold. Remoting ends
   * last, once other nodes have what the actors sent them. Idempotent. Called
   * from inside an actor, before its handler's first `await`, or through {@linkcode Context.drain},
   * it does not wait for that actor.
   *
   * @param options How long to wait.
   * @returns Resolves once all actors have stopped, or the time is over.
   * @throws {ShutdownHookError} When a shutdown hook failed; the actors have stopped all the same.
   */
  drain(options: DrainOptions = {}): Promise<void> {
    return this.#core.shutdown.drain(options, this.#core.caller);
  }

  /**
   * Adds what is done at the beginning of a drain, before any actor stops, behind the hooks that were
   * added earlier. Hooks run one after the other; actors handle messages meanwhile, but no new top-level
   * actors are spawned.
   *
   * @param name Its name, for errors and warnings.
   * @param run What it does; the drain waits for it, as long as its time allows.
   * @param options What follows when it throws.
   * @returns Takes the hook out again.
   * @throws {StoppedError} When the system is ending.
   * @throws {RangeError} When a number is out of its range.
   */
  onShutdown(
    name: string,
    run: ShutdownHookRun,
    options: ShutdownHookOptions = {},
  ): Disposable {
    if (this.state !== "running") {
      throw new StoppedError(
        this.#core.pid,
        `add shutdown hook "${name}" to`,
        `the system is ${this.state}`,
      );
    }
    return this.#core.shutdown.hooks.add({ ...options, name, run });
  }

  /** Drains the system. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
  }

  static {
    showAs(ActorSystem, (system) => {
      const { size } = system.#core.root.children;
      return `ActorSystem "${system.name}" (${system.state}, ${
        counted(size, "top-level actor")
      }, ${counted(system.deadLetters, "dead letter")})`;
    });
    internalsOf = (system) => ({
      runtime: system.#core.runtime,
      kinds: system.#core.kinds,
      find: (path) => system.#core.find(path),
      count: () => system.#core.count(),
    });
  }
}
