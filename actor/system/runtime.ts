/**
 * What all actors of a system share.
 * @module
 */

import type { Clock } from "../../internal/clock.ts";
import type { Random } from "../../internal/random.ts";
import { Alarms } from "../time/alarms.ts";
import type { Cell } from "../cell/cell.ts";
import { AskRegistry } from "../asks/asks.ts";
import { DeadLetters } from "../events/dead_letters.ts";
import { Dispatcher } from "./dispatcher.ts";
import { EventBus } from "../events/event_stream.ts";
import { type EvictionOptions, Evictor } from "../time/eviction.ts";
import type { LogSink } from "../logging/log.ts";
import { Meters } from "../metrics/meter.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { Outlets } from "./outlets.ts";
import type { NetworkPort } from "./ports.ts";
import type { Propagator } from "../propagation/propagation.ts";
import type { AnyProtocol } from "../protocol/protocol.ts";
import type { ActorRef, BaseRef } from "../reference/ref.ts";
import type { Resources } from "./resources.ts";
import { SystemScheduler } from "../time/scheduler.ts";
import type { SimulatedWire } from "./simulation.ts";
import type { Supervisor } from "../supervision/supervisor.ts";
import type { ActorSystem } from "./system.ts";

/** What an actor asks of its system. */
export interface Commands {
  /** Creates an actor below `parent` from the arguments of a spawn. */
  spawn(parent: Cell, args: readonly unknown[]): BaseRef;
  /** Ends the actor behind `ref`, at the wish of `caller`, whose own end is not waited for. */
  stop(ref: ActorRef<AnyProtocol>, caller: Cell | undefined): Promise<void>;
  /** Drains the system, at the wish of `caller`, whose own end is not waited for. */
  drain(caller: Cell | undefined): Promise<void>;
}

/** What a runtime is made of. */
export interface RuntimeParts {
  /** The system itself. */
  system: ActorSystem;
  /** What its actors may ask of it. */
  commands: Commands;
  /** The name of the system. */
  name: string;
  /** The run of the node. */
  incarnation: string;
  /** The source of time. */
  clock: Clock;
  /** The time by the calendar, in milliseconds since the beginning of 1970. */
  wall: () => number;
  /** The source of randomness. */
  random: Random;
  /** The timeout of an ask that names none, in milliseconds. */
  askTimeout: number;
  /** The policy of actors that name none. */
  supervisor: Supervisor;
  /** What all its actors may use. */
  extensions: Resources;
  /** Where its actors write; nowhere when it is not there. */
  log: LogSink | undefined;
  /** Where figures go, when somebody wants them. */
  metrics: Metrics | undefined;
  /** The wire that its messages pass as if they came from other nodes. */
  simulation: SimulatedWire | undefined;
  /** How many actors that may passivate it holds. */
  eviction: EvictionOptions | undefined;
  /** Which headers go from message to message; none without it. */
  propagator: Propagator | undefined;
}

/** The shared parts of a system: who runs, who waits, what is lost, who wants to know. */
export class Runtime {
  readonly system: ActorSystem;
  readonly commands: Commands;
  readonly name: string;
  readonly incarnation: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly supervisor: Supervisor;
  readonly extensions: Resources;
  readonly dispatcher: Dispatcher;
  readonly events: EventBus;
  readonly deadLetters: DeadLetters;
  readonly asks: AskRegistry;
  /** Everything that happens at a time, on one timer. */
  readonly alarms: Alarms;
  readonly scheduler: SystemScheduler;
  /** Keeps the number of actors that may passivate below a limit; not there without one. */
  readonly evictor: Evictor | undefined;
  /** Where its actors write; nowhere when it is not there. */
  readonly log: LogSink | undefined;
  /** The wire that its messages pass as if they came from other nodes. */
  readonly simulation: SimulatedWire | undefined;
  /** Which headers go from message to message; none without it. */
  readonly propagator: Propagator | undefined;
  /** Counts and times; not there when nobody wants figures. */
  readonly meters: Meters | undefined;
  /** What holds messages that are to leave before the system ends. */
  readonly outlets: Outlets = new Outlets();
  /** Plugged in by the remoting layer while it runs. */
  network: NetworkPort | undefined = undefined;
  #spawned = 0;

  constructor(
    {
      system,
      commands,
      name,
      incarnation,
      clock,
      wall,
      random,
      askTimeout,
      supervisor,
      extensions,
      log,
      metrics,
      simulation,
      eviction,
      propagator,
    }: RuntimeParts,
  ) {
    this.system = system;
    this.commands = commands;
    this.name = name;
    this.incarnation = incarnation;
    this.clock = clock;
    this.random = random;
    this.supervisor = supervisor;
    this.extensions = extensions;
    this.log = log;
    this.simulation = simulation;
    this.propagator = propagator;
    this.dispatcher = new Dispatcher(clock);
    this.events = new EventBus();
    this.meters = metrics && new Meters(metrics, this.events, clock);
    this.deadLetters = new DeadLetters(this.events, this.meters);
    this.asks = new AskRegistry(clock, askTimeout);
    this.alarms = new Alarms(clock, (cause) =>
      this.events.publish({
        type: "warning",
        text: "something that was to happen at a time failed",
        cause,
      }));
    this.scheduler = new SystemScheduler(this.alarms, wall);
    this.evictor = eviction && new Evictor(this.alarms, eviction);
  }

  /** A number that no other actor of this run has. */
  nextNumber(): number {
    return ++this.#spawned;
  }
}
