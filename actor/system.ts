/**
 * Actor systems: where actors live.
 * @module
 */

import { type Clock, systemClock } from "../internal/clock.ts";
import {
  type Random,
  randomIncarnation,
  systemRandom,
} from "../internal/random.ts";
import { Cell } from "./cell.ts";
import { isEnding } from "./cell_state.ts";
import { type ChildKey, findCell } from "./children.ts";
import { StoppedError } from "./errors.ts";
import { exitOn, type ExitSignal } from "./exit_signals.ts";
import type { EventStream } from "./event_stream.ts";
import { type SpawnGroup, spawnGroup } from "./group.ts";
import { type AnyKind, KindRegistry } from "./kind.ts";
import { LocalRef, MissingRef } from "./local_ref.ts";
import { type Log, type LogLevel, LogSink, SinkLog } from "./log.ts";
import { consoleLogger, EventLogger, type Logger } from "./logger.ts";
import type { Metrics } from "./metrics.ts";
import { checkSystemName } from "./name.ts";
import { Pid } from "./pid.ts";
import { type SpawnPool, spawnPool } from "./pool.ts";
import type { AnyProtocol, ProtocolData } from "./protocol.ts";
import { type ActorRef, type BaseRef, baseRef, protocolData } from "./ref.ts";
import {
  type ProvidedResource,
  type ResourceKey,
  Resources,
} from "./resources.ts";
import { Root } from "./root.ts";
import type { Scheduler } from "./scheduler.ts";
import { selectCells } from "./selection.ts";
import { Runtime } from "./runtime.ts";
import { type DrainOptions, Shutdown } from "./shutdown.ts";
import type {
  ShutdownHook,
  ShutdownHookOptions,
  ShutdownHookRun,
} from "./shutdown_hooks.ts";
import type { SimulatedWire } from "./simulation.ts";
import { addCell, type Spawn, spawnCell } from "./spawn.ts";
import { reinstate, restart } from "./transitions.ts";
import { TopicHub, type Topics } from "./topics.ts";
import { oneForOne, type Supervisor } from "./supervisor.ts";

/** What is done before the actors of a system stop. */
export interface ShutdownOptions {
  /**
   * In this order, one after the other.
   * @default none
   */
  hooks?: readonly ShutdownHook[];
}

/** Options of an {@linkcode ActorSystem}. */
export interface ActorSystemOptions {
  /**
   * The kinds that actors can be created from by name.
   * @default none
   */
  kinds?: Iterable<AnyKind>;
  /**
   * How long an ask waits when it does not say, in milliseconds.
   * @default 5000
   */
  askTimeout?: number;
  /**
   * The policy of actors that name none.
   * @default oneForOne()
   */
  supervisor?: Supervisor;
  /**
   * Where failures, warnings, (at most 10 in 10 s) dead letters and what actors write with
   * {@linkcode Context.log} go; `null` for nowhere.
   * @default standard error
   */
  logger?: Logger | null;
  /**
   * The lowest level of what is written.
   * @default "info"
   */
  logLevel?: LogLevel;
  /**
   * Where figures about actors go, such as a {@linkcode MemoryMetrics}. Without it nothing is counted or
   * timed.
   * @default none
   */
  metrics?: Metrics;
  /**
   * For tests: every message and reply is encoded and decoded on its way, so that what would not reach
   * another node does not reach an actor here. `simulateRemote` of `@troupe/troupe/testing` is what to
   * give.
   * @default none: messages are passed as they are
   */
  simulateRemote?: SimulatedWire;
  /**
   * What all actors may use, for {@linkcode Context.extension}; see {@linkcode provide}.
   * @default none
   */
  extensions?: Iterable<ProvidedResource>;
  /**
   * What is done before the actors stop; {@linkcode ActorSystem.onShutdown} adds to it.
   * @default nothing
   */
  shutdown?: ShutdownOptions;
  /**
   * Signals of the operating system at which the system is drained and the program then exits: with
   * code 0, or with 1 when a shutdown hook failed. A second signal ends it at once, with 1. Give it to
   * one system of a program.
   * @default none
   */
  signals?: readonly ExitSignal[];
  /**
   * The source of time.
   * @default the platform's
   */
  clock?: Clock;
  /**
   * The time by the calendar, for schedules by the calendar, in milliseconds since the beginning of 1970.
   * @default Date.now
   */
  wall?: () => number;
  /**
   * The source of randomness.
   * @default the platform's
   */
  random?: Random;
}

/** What upper layers reach of a system. */
export interface SystemInternals {
  /** What all its actors share. */
  readonly runtime: Runtime;
  /** Its kinds. */
  readonly kinds: KindRegistry;
  /** The living actor at a path. */
  find(path: string): Cell | undefined;
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
  #topics: TopicHub;
  #runtime: Runtime;
  #root: Root;
  #kinds: KindRegistry;
  #shutdown: Shutdown;

  /**
   * Makes a system; it runs at once.
   *
   * @param name A letter or digit and then letters, digits, `-` or `_`.
   * @param options Kinds, defaults and what is injected.
   * @throws {TypeError} When the name is not allowed or two kinds share a name.
   */
  constructor(name: string, options: ActorSystemOptions = {}) {
    const {
      kinds = [],
      askTimeout = 5_000,
      supervisor = oneForOne(),
      logger = consoleLogger,
      logLevel = "info",
      metrics,
      simulateRemote,
      shutdown: { hooks = [] } = {},
      signals = [],
      extensions = [],
      clock = systemClock,
      wall = Date.now,
      random = systemRandom,
    } = options;
    checkSystemName(name);
    if (!(askTimeout > 0)) {
      throw new RangeError(
        `Cannot create system "${name}": askTimeout is ${askTimeout}, a number of milliseconds > 0 was expected`,
      );
    }
    this.name = name;
    this.#kinds = new KindRegistry(kinds);
    this.#root = new Root((child, error) => this.#shutdown.fail(child, error));
    const sink = logger === null
      ? undefined
      : new LogSink(logger, logLevel, name);
    this.#runtime = new Runtime({
      system: this,
      commands: {
        spawn: (parent, args) => this.#spawnBelow(parent, args),
        stop: (ref, caller) => this.#stop(ref, caller),
        drain: (caller) => this.#shutdown.drain({}, caller),
      },
      name,
      incarnation: randomIncarnation(),
      clock,
      wall,
      random,
      askTimeout,
      supervisor,
      extensions: new Resources("extension", extensions),
      log: sink,
      metrics,
      simulation: simulateRemote,
    });
    this.#topics = new TopicHub(this.#runtime.events);
    const log = logger === null
      ? undefined
      : new EventLogger(logger, this.#runtime.events, clock, sink);
    this.#shutdown = new Shutdown(
      this.#runtime,
      this.#root,
      () => {
        ignoreSignals();
        log?.close();
        this.#topics.close();
      },
    );
    for (const hook of hooks) this.#shutdown.hooks.add(hook);
    const ignoreSignals = exitOn(signals, () => this.drain());
    // The overloads of Spawn are read from the arguments one by one.
    this.spawn = ((...args: unknown[]) => this.#spawnTop(args)) as Spawn;
    const spawn = (args: readonly unknown[]) => this.#spawnTop(args);
    this.spawnPool =
      ((...args: unknown[]) => spawnPool(spawn, args)) as unknown as SpawnPool;
    this.spawnGroup =
      ((...args: unknown[]) =>
        spawnGroup(spawn, args)) as unknown as SpawnGroup;
  }

  /** What happens in the system, as it happens. */
  get events(): EventStream {
    return this.#runtime.events;
  }

  /** Sending messages later, and again and again. */
  get scheduler(): Scheduler {
    return this.#runtime.scheduler;
  }

  /** Writes lines that name the system to its logger, for code that is no actor. */
  get log(): Log {
    return new SinkLog(this.#runtime.log);
  }

  /** Publishing to whoever has subscribed. */
  get topics(): Topics {
    return this.#topics;
  }

  /** How many messages were not handled since the system began. */
  get deadLetters(): number {
    return this.#runtime.deadLetters.count;
  }

  /**
   * What the system was given under a key.
   *
   * @throws {TypeError} When it was given nothing under it.
   */
  extension<T>(key: ResourceKey<T>): T {
    return this.#runtime.extensions.get(key);
  }

  /** Whether the system takes new actors. */
  get state(): "running" | "draining" | "stopped" {
    return this.#shutdown.state;
  }

  /** The failure that ended the system, when one was escalated up to it. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#shutdown.failure;
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
    const cell = findCell(this.#root.children, path);
    return cell === undefined
      ? undefined
      : checked(cell, protocolData(protocol));
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
    const wanted = protocolData(protocol);
    return selectCells(this.#root.children, pattern)
      .filter((cell) => cell.protocol === wanted)
      .map((cell) => checked(cell, wanted));
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
    const pid = typeof address === "string" ? Pid.parse(address) : address;
    const data = protocolData(protocol);
    const { network } = this.#runtime;
    if (
      pid.system !== this.name || pid.host !== (network?.host ?? "") ||
      pid.port !== (network?.port ?? 0)
    ) {
      if (network === undefined) {
        throw new TypeError(
          `Cannot refer to "${pid}": it is not of this system, which has no remoting; start it first`,
        );
      }
      return network.resolve(protocol, pid) as BaseRef<P>;
    }
    const cell = findCell(this.#root.children, pid.path);
    if (cell === undefined || !pid.matches(cell.pid)) {
      return new MissingRef(this.#runtime, pid, data);
    }
    return checked(cell, data);
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
    return this.#stop(ref, this.#caller());
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
    const cell = this.#local(ref, "restart");
    restart(cell, undefined);
    return this.#caller() === cell ? Promise.resolve() : cell.started();
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
  async respawn<P extends AnyProtocol>(ref: ActorRef<P>): Promise<ActorRef<P>> {
    const cell = this.#local(ref, "respawn");
    const { spec, owner } = cell;
    if (isEnding(cell.state)) {
      throw new StoppedError(cell.pid, "respawn", `it is ${cell.state}`);
    }
    const caller = this.#caller();
    if (caller?.isWithin(cell)) {
      throw new TypeError(
        `Cannot respawn "${cell.pid}" from inside: it cannot stop before its handler returns, another actor was expected`,
      );
    }
    await this.#shutdown.stop(cell, caller);
    if (this.state !== "running") {
      throw new StoppedError(
        cell.pid,
        "respawn",
        `the system is ${this.state}`,
      );
    }
    const children = owner instanceof Cell
      ? this.#childrenOf(owner)
      : this.#root.children;
    const fresh = addCell(this.#runtime, { owner, children }, spec);
    return fresh.ref as unknown as BaseRef<P>; // it speaks the protocol of the old one
  }

  /**
   * Lets a suspended actor go on with its state; does nothing to an actor that is not suspended.
   *
   * @param ref Which actor, of this system.
   * @throws {TypeError} When it is an actor of another system.
   */
  reinstate(ref: ActorRef<AnyProtocol>): void {
    reinstate(this.#local(ref, "reinstate"));
  }

  /**
   * Ends the system: no new top-level actors; the shutdown hooks run; each actor handles the mail that
   * waits for it then and stops, children before parents. What is sent later goes to the dead letters. Idempotent. Called
   * from inside an actor, before its handler's first `await`, or through {@linkcode Context.drain},
   * it does not wait for that actor.
   *
   * @param options How long to wait.
   * @returns Resolves once all actors have stopped, or the time is over.
   * @throws {ShutdownHookError} When a shutdown hook failed; the actors have stopped all the same.
   */
  drain(options: DrainOptions = {}): Promise<void> {
    return this.#shutdown.drain(options, this.#caller());
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
        this.#rootPid,
        `add shutdown hook "${name}" to`,
        `the system is ${this.state}`,
      );
    }
    return this.#shutdown.hooks.add({ ...options, name, run });
  }

  /** Drains the system. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
  }

  static {
    internalsOf = (system) => ({
      runtime: system.#runtime,
      kinds: system.#kinds,
      find: (path) => findCell(system.#root.children, path),
    });
  }

  #caller(): Cell | undefined {
    const { current } = this.#runtime.dispatcher;
    return current instanceof Cell ? current : undefined;
  }

  #spawnTop(args: readonly unknown[]): BaseRef {
    if (this.state !== "running") {
      throw new StoppedError(
        this.#rootPid,
        "spawn an actor in",
        `the system is ${this.state}`,
      );
    }
    return spawnCell(this.#runtime, {
      owner: this.#root,
      children: this.#root.children,
    }, ...args).ref;
  }

  #spawnBelow(parent: Cell, args: readonly unknown[]): BaseRef {
    return spawnCell(this.#runtime, {
      owner: parent,
      children: this.#childrenOf(parent),
    }, ...args).ref;
  }

  #childrenOf(parent: Cell): Map<ChildKey, Cell> {
    if (isEnding(parent.state)) {
      throw new StoppedError(
        parent.pid,
        "spawn an actor below",
        `it is ${parent.state}`,
      );
    }
    return parent.children ??= new Map<ChildKey, Cell>();
  }

  #stop(ref: ActorRef<AnyProtocol>, caller: Cell | undefined): Promise<void> {
    const base = baseRef(ref);
    if (base instanceof MissingRef) return Promise.resolve();
    return this.#shutdown.stop(this.#local(ref, "stop"), caller);
  }

  #local(ref: ActorRef<AnyProtocol>, action: string): Cell {
    const base = baseRef(ref);
    if (base instanceof LocalRef && base.cell.runtime === this.#runtime) {
      return base.cell;
    }
    throw new TypeError(
      `Cannot ${action} "${ref.pid}": it is not of system "${this.name}", an actor of this system was expected`,
    );
  }

  get #rootPid(): Pid {
    const { network } = this.#runtime;
    return new Pid({
      system: this.name,
      host: network?.host ?? "",
      port: network?.port ?? 0,
      path: "",
    });
  }
}

function checked<P extends AnyProtocol>(
  cell: Cell,
  wanted: ProtocolData,
): BaseRef<P> {
  if (cell.protocol !== wanted) {
    const also = cell.protocol.name === wanted.name
      ? "another protocol that is also named"
      : "protocol";
    throw new TypeError(
      `Cannot refer to "${cell.pid}" as an actor of protocol "${wanted.name}": it speaks ${also} "${cell.protocol.name}"`,
    );
  }
  return cell.ref as unknown as BaseRef<P>; // the protocol is the same value, so it is the same type
}
