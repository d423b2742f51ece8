/**
 * What an actor system does behind its public face.
 * @module
 */

import { systemClock } from "../../internal/clock.ts";
import { randomIncarnation, systemRandom } from "../../internal/random.ts";
import { Cell } from "../cell/cell.ts";
import { isEnding } from "../cell/cell_state.ts";
import { type ChildKey, findCell } from "../cell/children.ts";
import { StoppedError } from "../errors.ts";
import { exitOn } from "./exit_signals.ts";
import { KindRegistry } from "../protocol/kind.ts";
import { LocalRef, MissingRef } from "../reference/local_ref.ts";
import { LogSink } from "../logging/log.ts";
import { consoleLogger, EventLogger } from "../logging/logger.ts";
import { checkSystemName } from "../reference/name.ts";
import { Pid } from "../reference/pid.ts";
import type { AnyProtocol, ProtocolData } from "../protocol/protocol.ts";
import {
  type ActorRef,
  type BaseRef,
  baseRef,
  protocolData,
} from "../reference/ref.ts";
import { Resources } from "./resources.ts";
import { Root } from "./root.ts";
import { Runtime } from "./runtime.ts";
import { selectCells } from "../reference/selection.ts";
import { Shutdown } from "./shutdown.ts";
import type { SystemSnapshot } from "../cell/snapshot.ts";
import { addCell, spawnCell } from "../cell/spawn.ts";
import { oneForOne } from "../supervision/supervisor.ts";
import type { ActorSystem } from "./system.ts";
import type { ActorSystemOptions } from "./system_options.ts";
import { TopicHub } from "../events/topics.ts";

/** The parts of a system, put together, and what is done with its actors. */
export class SystemCore {
  readonly runtime: Runtime;
  readonly root: Root;
  readonly kinds: KindRegistry;
  readonly shutdown: Shutdown;
  readonly topics: TopicHub;
  readonly #begun: number;

  /**
   * Puts the parts of `system` together.
   *
   * @throws {TypeError} When the name is not allowed or two kinds share a name.
   * @throws {RangeError} When a number is out of its range.
   */
  constructor(system: ActorSystem, name: string, options: ActorSystemOptions) {
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
      eviction,
      propagator,
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
    this.#begun = clock.now();
    this.kinds = new KindRegistry(kinds);
    this.root = new Root((child, error) => this.shutdown.fail(child, error));
    const sink = logger === null
      ? undefined
      : new LogSink(logger, logLevel, name);
    this.runtime = new Runtime({
      system,
      commands: {
        spawn: (parent, args) => this.#spawnBelow(parent, args),
        stop: (ref, caller) => this.stop(ref, caller),
        drain: (caller) => this.shutdown.drain({}, caller),
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
      eviction,
      propagator,
    });
    this.topics = new TopicHub(this.runtime.events);
    const log = logger === null
      ? undefined
      : new EventLogger(logger, this.runtime.events, clock, sink);
    this.shutdown = new Shutdown(this.runtime, this.root, () => {
      ignoreSignals();
      log?.close();
      this.topics.close();
    });
    for (const hook of hooks) this.shutdown.hooks.add(hook);
    const ignoreSignals = exitOn(
      signals,
      () => this.shutdown.drain({}, this.caller),
    );
  }

  /** The actor whose handler runs at this moment. */
  get caller(): Cell | undefined {
    const { current } = this.runtime.dispatcher;
    return current instanceof Cell ? current : undefined;
  }

  /** The address of the system itself. */
  get pid(): Pid {
    const { name, network } = this.runtime;
    return new Pid({
      system: name,
      host: network?.host ?? "",
      port: network?.port ?? 0,
      path: "",
    });
  }

  /** The living actor at a path. */
  find(path: string): Cell | undefined {
    return findCell(this.root.children, path);
  }

  /** How many actors live. */
  count(): number {
    return selectCells(this.root.children, "**").length;
  }

  /** How the system is. */
  snapshot(): SystemSnapshot {
    const { name, clock, asks, deadLetters } = this.runtime;
    return {
      name,
      state: this.shutdown.state,
      uptime: clock.now() - this.#begun,
      actors: this.count(),
      openAsks: asks.size,
      deadLetters: deadLetters.count,
    };
  }

  /** The living actors whose path matches a pattern and that speak a protocol. */
  select<P extends AnyProtocol>(protocol: P, pattern: string): ActorRef<P>[] {
    const wanted = protocolData(protocol);
    return selectCells(this.root.children, pattern)
      .filter((cell) => cell.protocol === wanted)
      .map((cell) => checked(cell, wanted));
  }

  /** A reference to the living actor at a path. */
  refAt<P extends AnyProtocol>(
    protocol: P,
    path: string,
  ): ActorRef<P> | undefined {
    const cell = this.find(path);
    return cell === undefined
      ? undefined
      : checked(cell, protocolData(protocol));
  }

  /** A reference to the actor at an address. */
  ref<P extends AnyProtocol>(protocol: P, address: Pid | string): ActorRef<P> {
    const pid = typeof address === "string" ? Pid.parse(address) : address;
    const data = protocolData(protocol);
    const { name, network } = this.runtime;
    if (
      pid.system !== name || pid.host !== (network?.host ?? "") ||
      pid.port !== (network?.port ?? 0)
    ) {
      if (network === undefined) {
        throw new TypeError(
          `Cannot refer to "${pid}": it is not of this system, which has no remoting; start it first`,
        );
      }
      return network.resolve(protocol, pid) as BaseRef<P>;
    }
    const cell = this.find(pid.path);
    if (cell === undefined || !pid.matches(cell.pid)) {
      return new MissingRef(this.runtime, pid, data);
    }
    return checked(cell, data);
  }

  /** Creates a top-level actor. */
  spawnTop(args: readonly unknown[]): BaseRef {
    const { state } = this.shutdown;
    if (state !== "running") {
      throw new StoppedError(
        this.pid,
        "spawn an actor in",
        `the system is ${state}`,
      );
    }
    return spawnCell(this.runtime, {
      owner: this.root,
      children: this.root.children,
    }, ...args).ref;
  }

  #spawnBelow(parent: Cell, args: readonly unknown[]): BaseRef {
    return spawnCell(this.runtime, {
      owner: parent,
      children: childrenOf(parent),
    }, ...args).ref;
  }

  /** Ends an actor at the wish of `caller`. */
  stop(ref: ActorRef<AnyProtocol>, caller: Cell | undefined): Promise<void> {
    if (baseRef(ref) instanceof MissingRef) return Promise.resolve();
    return this.shutdown.stop(this.local(ref, "stop"), caller);
  }

  /** Ends an actor and creates one in its place. */
  async respawn<P extends AnyProtocol>(ref: ActorRef<P>): Promise<ActorRef<P>> {
    const cell = this.local(ref, "respawn");
    const { spec, owner } = cell;
    if (isEnding(cell.state)) {
      throw new StoppedError(cell.pid, "respawn", `it is ${cell.state}`);
    }
    const { caller } = this;
    if (caller?.isWithin(cell)) {
      throw new TypeError(
        `Cannot respawn "${cell.pid}" from inside: it cannot stop before its handler returns, another actor was expected`,
      );
    }
    await this.shutdown.stop(cell, caller);
    const { state } = this.shutdown;
    if (state !== "running") {
      throw new StoppedError(cell.pid, "respawn", `the system is ${state}`);
    }
    const children = owner instanceof Cell
      ? childrenOf(owner)
      : this.root.children;
    const fresh = addCell(this.runtime, { owner, children }, spec);
    return fresh.ref as unknown as BaseRef<P>; // it speaks the protocol of the old one
  }

  /**
   * The actor behind a reference.
   *
   * @throws {TypeError} When it is an actor of another system.
   */
  local(ref: ActorRef<AnyProtocol>, action: string): Cell {
    const base = baseRef(ref);
    if (base instanceof LocalRef && base.cell.runtime === this.runtime) {
      return base.cell;
    }
    throw new TypeError(
      `Cannot ${action} "${ref.pid}": it is not of system "${this.runtime.name}", an actor of this system was expected`,
    );
  }
}

function childrenOf(parent: Cell): Map<ChildKey, Cell> {
  if (isEnding(parent.state)) {
    throw new StoppedError(
      parent.pid,
      "spawn an actor below",
      `it is ${parent.state}`,
    );
  }
  return parent.children ??= new Map<ChildKey, Cell>();
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
