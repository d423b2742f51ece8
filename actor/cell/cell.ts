/**
 * One running actor.
 * @module
 */

import { type AskLink, takeChained } from "../asks/ask_chain.ts";
import { CellContext } from "./cell_context.ts";
import {
  type CellSpec,
  type CellState,
  isEnding,
  type Owner,
  Rare,
  type Turn,
} from "./cell_state.ts";
import { type ChildKey, childName } from "./children.ts";
import { DeathWatch } from "../supervision/death_watch.ts";
import type { HandlerTable, Instance } from "../protocol/handlers.ts";
import { takeTurn } from "./handling.ts";
import { LocalRef } from "../reference/local_ref.ts";
import { Interleaving } from "./interleaving.ts";
import { type Mailbox, UnboundedMailbox } from "../mailboxes/mailbox.ts";
import { displace, makeMailbox } from "../mailboxes/guarded.ts";
import {
  Envelope,
  type Mail,
  type Message,
  messageOf,
} from "../protocol/message.ts";
import type { ActorMeter } from "../metrics/meter.ts";
import { Residency } from "../time/passivation.ts";
import { Pid } from "../reference/pid.ts";
import type { ProtocolData } from "../protocol/protocol.ts";
import {
  type BaseRef,
  type Terminated,
  type Watcher,
  wrongProtocol,
} from "../reference/ref.ts";
import { Resources } from "../system/resources.ts";
import type { Runtime } from "../system/runtime.ts";
import { SimulatedRef } from "../system/simulation.ts";
import { checkStashCapacity } from "./stash.ts";
import { isSignal, POISON, terminatedMail } from "./signals.ts";
import type { Supervisor } from "../supervision/supervisor.ts";
import type { TimerOwner } from "../time/timers.ts";
import { abandon, end, endLeftBehind } from "./ending.ts";
import { started } from "./start_waits.ts";

/** One running actor: who it is and how it is reached. What it does with its mail, and what happens rarely is in the files that it imports. */
export class Cell implements Owner, Watcher, TimerOwner {
  readonly runtime: Runtime;
  readonly owner: Owner;
  readonly protocol: ProtocolData;
  readonly supervisor: Supervisor;
  readonly key: ChildKey;
  readonly number: number;
  /** The reference that everybody is given; a router sets its own before anybody has it. */
  ref: LocalRef;
  /** The living children; none until the first is spawned. */
  children: Map<ChildKey, Cell> | undefined = undefined;
  /** Where the actor is in its life; changed by the transitions. */
  state: CellState = "new";
  /** Whether it runs, will or waits; changed here and by the transitions. */
  turn: Turn = "idle";
  /** Makes an instance; replaced when the actor has stopped, so that what it captured can go. */
  create: () => object;
  /** What waits; made when the first mail comes, closed when a stop begins. */
  mailbox: Mailbox | undefined = undefined;
  /** What handles; there is one from the start to the stop hook. */
  instance: Instance | undefined = undefined;
  /** The handlers of the instance. */
  table: HandlerTable | undefined = undefined;
  /** The mail that is being handled. */
  mail: Mail | undefined = undefined;
  /** The ask that it began last and that is open; the others follow it. */
  newestAsk: AskLink | undefined = undefined;
  /** What handlers are given, once one was called. */
  contextOrNone: CellContext | undefined = undefined;
  /** What few actors need; not there as long as none of it was needed. */
  rareOrNone: Rare | undefined = undefined;

  constructor(
    runtime: Runtime,
    owner: Owner,
    { protocol, create, supervisor, name, options, kind }: CellSpec,
  ) {
    this.runtime = runtime;
    this.owner = owner;
    this.protocol = protocol;
    this.supervisor = supervisor;
    this.number = runtime.nextNumber();
    this.key = name ?? this.number;
    this.create = create;
    this.ref = runtime.simulation === undefined
      ? new LocalRef(this)
      : new SimulatedRef(this, runtime.simulation);
    if (options !== undefined) this.rare.options = options;
    if (options?.stashCapacity !== undefined) {
      checkStashCapacity(options.stashCapacity);
    }
    if (options?.reentrancy !== undefined || protocol.hasReadOnly) {
      this.rare.interleaving = new Interleaving(options?.reentrancy);
    }
    if (runtime.meters !== undefined) {
      this.rare.meter = runtime.meters.spawned(kind ?? protocol.name);
    }
    const mailbox = options?.mailbox;
    if (mailbox !== undefined || runtime.meters !== undefined) {
      this.mailbox = makeMailbox(this, mailbox);
    }
    const dependencies = options?.dependencies;
    if (dependencies !== undefined) {
      this.rare.dependencies = new Resources("dependency", dependencies);
    }
    const passivation = options?.passivation ?? "never";
    if (passivation !== "never") { // last: what throws above must leave nobody to watch over
      this.rare.residency = new Residency(this, passivation);
    }
    this.wake();
  }

  get path(): string {
    return this.owner.prefix + childName(this.key);
  }

  get prefix(): string {
    return `${this.path}/`;
  }

  get pid(): Pid {
    const { name, incarnation, network } = this.runtime;
    return new Pid({
      system: name,
      host: network?.host ?? "",
      port: network?.port ?? 0,
      path: this.path,
      incarnation: `${incarnation}.${this.number}`,
    });
  }

  /** What has the hooks: the instance, or the one that the actor began with before it changed its behavior. */
  get hooks(): Instance | undefined {
    return this.rareOrNone?.behaviors?.original.instance ?? this.instance;
  }

  /** What the instance is given besides the message; one of its own for each message that may interleave. */
  get context(): CellContext {
    if (
      this.rareOrNone?.interleaving !== undefined && this.mail !== undefined
    ) {
      return this.contextOrNone = new CellContext(this, this.mail);
    }
    return this.contextOrNone ??= new CellContext(this);
  }

  /** What few actors need; asking for it makes it. */
  get rare(): Rare {
    return this.rareOrNone ??= new Rare();
  }

  /** Counts what it does, in a system with metrics. */
  get meter(): ActorMeter | undefined {
    return this.rareOrNone?.meter;
  }

  /** Whether {@linkcode Cell.rare} was needed already. */
  get hasRare(): boolean {
    return this.rareOrNone !== undefined;
  }

  /** Takes mail, or makes a dead letter of it and returns false. */
  deliver(mail: Mail): boolean {
    const isPlain = !(mail instanceof Envelope);
    const message = isPlain ? mail : mail.message;
    if (message.protocol !== this.protocol && !isSignal(message)) {
      throw wrongProtocol(message.type, message.protocol, this);
    }
    const chain = isPlain ? undefined : mail.replyTo?.chain;
    if (chain !== undefined) {
      const isTaken = takeChained(this, chain, mail as Envelope); // it has a chain
      if (isTaken !== undefined) return isTaken;
    }
    let mailbox = this.mailbox;
    if (mailbox === undefined) mailbox = this.mailbox = new UnboundedMailbox();
    const victim = mailbox.enqueue(mail);
    if (victim !== undefined && !displace(this, victim, mail)) return false;
    if (this.turn === "idle") this.wake();
    return true;
  }

  /** Makes a dead letter of mail that came too late, or for nobody. */
  refuse(mail: Mail): void {
    const ending = this.rareOrNone?.ending;
    const isStarted = ending?.reason !== "not_started";
    this.runtime.deadLetters.take(
      mail,
      this,
      isStarted ? "stopped" : "not_started",
      isStarted ? undefined : ending?.error,
    );
  }

  /** Has the dispatcher run this actor unless it will anyway, or waits. */
  wake(): void {
    if (this.turn !== "idle") return;
    this.turn = "queued";
    this.runtime.dispatcher.schedule(this);
  }

  /** How many handlers wait while others may begin. */
  get inFlight(): number {
    return this.rareOrNone?.interleaving?.flights.size ?? 0;
  }

  /** Whether it runs and has nothing to do, and nothing that it waits for. */
  get isIdle(): boolean {
    return this.turn === "idle" && this.state === "running" &&
      this.inFlight === 0;
  }

  /** Whether a stop has begun. */
  get isEnding(): boolean {
    return isEnding(this.state);
  }

  /** Whether it is handling `mail`, or is in a hook when it is `undefined`. */
  isBusyWith(mail: Mail | undefined): boolean {
    if (
      this.mail === mail && (this.turn === "busy" || this.turn === "awaiting")
    ) return true;
    return this.rareOrNone?.interleaving?.has(mail) ?? false;
  }

  /** Whether an ask of its own that led back to it with `message` would be handled. */
  admits(message: Message): boolean {
    const interleaving = this.rareOrNone?.interleaving;
    if (interleaving === undefined || this.state !== "running") return false;
    const { mail } = this;
    const isCurrent = mail !== undefined && !interleaving.has(mail) &&
      (this.turn === "busy" || this.turn === "awaiting");
    return interleaving.admitsChain(
      message,
      isCurrent ? messageOf(mail) : undefined,
    );
  }

  /** Ends a wait for a promise. */
  goOn(): void {
    if (this.state === "stopped") return endLeftBehind(this);
    if (this.turn !== "awaiting") return;
    this.turn = "idle";
    this.wake();
  }

  /** Handles mail until none is left, the turn is over, or something must be waited for. */
  run(): void {
    takeTurn(this);
  }

  /** Ends the actor after the message that it is handling; what waits goes to the dead letters. */
  stop(): void {
    end(this, "stopping", "stopped", undefined);
  }

  /** Ends the actor after the messages that wait now, and its children likewise. */
  drain(): void {
    if (isEnding(this.state)) return;
    if (this.state === "suspended") end(this, "draining", "stopped", undefined);
    else this.deliver(POISON);
  }

  /** Ends the actor without waiting for anything. */
  abandon(): void {
    abandon(this);
  }

  /** Resolves once the actor has started. */
  started(): Promise<void> {
    return started(this);
  }

  /** Calls `run` once the actor has stopped. */
  whenStopped(run: () => void): void {
    if (this.state === "stopped") run();
    else (this.rare.stopWaiters ??= []).push(run);
  }

  /** Whether this actor is `other` or has it above itself. */
  isWithin(other: Cell): boolean {
    if (other === this) return true;
    return this.owner instanceof Cell && this.owner.isWithin(other);
  }

  /** Tells handlers that wait that their work is no longer wanted. */
  cancel(reason: () => unknown): void {
    this.contextOrNone?.cancel(reason);
    const flights = this.rareOrNone?.interleaving?.flights;
    for (const { context } of flights ?? []) context.cancel(reason);
  }

  /** Lets go of everything that a stopped actor does not need. */
  release(): void {
    const { meter } = this;
    const ending = this.rareOrNone?.ending;
    this.rareOrNone = undefined;
    if (meter !== undefined) this.rare.meter = meter;
    if (ending?.reason === "not_started") this.rare.ending = ending;
    this.create = endedCreate;
    this.instance = undefined;
    this.table = undefined;
    this.contextOrNone = undefined;
    this.mail = undefined;
    this.children = undefined;
  }

  addWatcher(watcher: Watcher): void {
    if (this.state === "stopped") {
      watcher.terminated({ pid: this.pid, reason: "missing" }, this.ref);
    } else {
      this.#watch.addWatcher(watcher);
    }
  }

  removeWatcher(watcher: Watcher): void {
    this.rareOrNone?.watch?.removeWatcher(watcher);
  }

  watch(ref: BaseRef): void {
    if (isEnding(this.state)) return; // nobody would be told
    if (this.#watch.begin(ref)) ref.watch(this);
  }

  unwatch(ref: BaseRef): void {
    if (this.rareOrNone?.watch?.end(ref)) ref.unwatch(this);
  }

  terminated(terminated: Terminated, ref: BaseRef): void {
    if (!isEnding(this.state)) {
      this.deliver(terminatedMail({ terminated, ref }));
    }
  }

  childEnded(child: Cell): void {
    this.children?.delete(child.key);
    const rare = this.rareOrNone;
    rare?.failed?.delete(child);
    if (rare?.passedOn === child) rare.passedOn = undefined;
    if (this.children?.size === 0) rare?.residency?.recheck();
    if (this.turn === "awaiting_children" && this.children?.size === 0) {
      this.turn = "idle";
      this.wake();
    }
  }

  childDecided(child: Cell): void {
    const rare = this.rareOrNone;
    rare?.failed?.delete(child);
    if (rare?.passedOn === child) rare.passedOn = undefined;
  }

  /** What an actor that is to take its place is made from. */
  get spec(): CellSpec {
    const { protocol, create, supervisor, key } = this;
    const { options } = this.rare;
    const name = typeof key === "string" ? key : undefined;
    return {
      protocol,
      create,
      supervisor,
      name,
      kind: this.meter?.kind,
      options,
    };
  }

  childFailed(child: Cell, error: unknown): void {
    if (isEnding(this.state)) return child.stop(); // nobody is left to decide
    (this.rare.failed ??= new Map()).set(child, error);
    this.wake();
  }

  get #watch(): DeathWatch {
    return this.rare.watch ??= new DeathWatch();
  }
}

/** Takes the place of a factory whose actor has ended, so that what it captured can go. */
function endedCreate(): never {
  throw new Error("an ended actor is not started again");
}
