/**
 * One running actor.
 * @module
 */

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
import { DeathWatch } from "./death_watch.ts";
import { handleSignal, unhandled } from "./signal_handling.ts";
import { TURN_MESSAGES } from "./dispatcher.ts";
import { handleEscalation } from "./escalation.ts";
import { decideFor, report } from "./failures.ts";
import type { HandlerTable, Instance } from "./handlers.ts";
import { LocalRef } from "./local_ref.ts";
import { Deque } from "../internal/deque.ts";
import { type Flight, Interleaving, isReadOnly } from "./interleaving.ts";
import { type Mailbox, UnboundedMailbox } from "./mailbox.ts";
import { displace, makeMailbox } from "./mailboxes/guarded.ts";
import { Envelope, type Mail, type Message, type ReplyTo } from "./message.ts";
import type { ActorMeter } from "./meter.ts";
import { Pid } from "./pid.ts";
import type { ProtocolData } from "./protocol.ts";
import {
  type BaseRef,
  type Terminated,
  type Watcher,
  wrongProtocol,
} from "./ref.ts";
import { Reject } from "./reject.ts";
import { Resources } from "./resources.ts";
import type { Runtime } from "./runtime.ts";
import { SimulatedRef } from "./simulation.ts";
import { isSignal, POISON, POISON_INDEX, terminatedMail } from "./signals.ts";
import type { Supervisor } from "./supervisor.ts";
import { thenableOf, whenSettled } from "./thenable.ts";
import {
  abandon,
  advance,
  apply,
  canAdvance,
  end,
  endLeftBehind,
  started,
} from "./transitions.ts";

/** One running actor: its mail and its turn. What happens rarely is in the files that it imports. */
export class Cell implements Owner, Watcher {
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
  #context: CellContext | undefined = undefined;
  #rare: Rare | undefined = undefined;

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
    return this.#rare?.behaviors?.original.instance ?? this.instance;
  }

  /** What the instance is given besides the message; one of its own for each message that may interleave. */
  get context(): CellContext {
    if (this.#rare?.interleaving !== undefined && this.mail !== undefined) {
      return this.#context = new CellContext(this, this.mail);
    }
    return this.#context ??= new CellContext(this);
  }

  /** What few actors need; asking for it makes it. */
  get rare(): Rare {
    return this.#rare ??= new Rare();
  }

  /** Counts what it does, in a system with metrics. */
  get meter(): ActorMeter | undefined {
    return this.#rare?.meter;
  }

  /** Whether {@linkcode Cell.rare} was needed already. */
  get hasRare(): boolean {
    return this.#rare !== undefined;
  }

  /** Takes mail, or makes a dead letter of it and returns false. */
  deliver(mail: Mail): boolean {
    const message = mail instanceof Envelope ? mail.message : mail;
    if (message.protocol !== this.protocol && !isSignal(message)) {
      throw wrongProtocol(message.type, message.protocol, this);
    }
    if (this.turn === "awaiting" && this.#jumpsQueue(mail)) return true;
    let mailbox = this.mailbox;
    if (mailbox === undefined) mailbox = this.mailbox = new UnboundedMailbox();
    const victim = mailbox.enqueue(mail);
    if (victim !== undefined && !displace(this, victim, mail)) return false;
    if (this.turn === "idle") this.wake();
    return true;
  }

  /** Makes a dead letter of mail that came too late, or for nobody. */
  refuse(mail: Mail): void {
    const ending = this.#rare?.ending;
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

  /** Whether it is handling `mail`. */
  isBusyWith(mail: Mail): boolean {
    if (
      this.mail === mail && (this.turn === "busy" || this.turn === "awaiting")
    ) return true;
    return this.#rare?.interleaving?.has(mail) ?? false;
  }

  /** Whether an ask of its own that led back to it with `message` would be handled. */
  admits(message: Message): boolean {
    const interleaving = this.#rare?.interleaving;
    if (interleaving === undefined) return false;
    return interleaving.admitsChain ||
      (isReadOnly(message) && interleaving.admits(message));
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
    const { dispatcher } = this.runtime;
    this.turn = "busy";
    let left = TURN_MESSAGES;
    for (;;) {
      if (this.state !== "running" && !this.#advance()) break;
      const rare = this.#rare;
      if (rare?.failed !== undefined) {
        handleEscalation(this);
      } else {
        const mail = rare?.front?.shift() ??
          this.mailbox?.dequeue() as Mail | undefined; // gives back what it was given
        if (mail === undefined) break;
        if (rare?.interleaving?.admitsMail(this, mail) === false) {
          (rare.front ??= new Deque()).unshift(mail);
          this.turn = "awaiting";
          return;
        }
        const meter = rare?.meter;
        if (meter === undefined) this.#handle(mail);
        else {
          meter.begin(mail);
          this.#handle(mail);
          meter.end();
        }
      }
      const isOver = dispatcher.spend();
      if (this.turn !== "busy") return;
      if (--left === 0 || isOver) {
        this.turn = "queued";
        dispatcher.schedule(this);
        return;
      }
    }
    if (this.turn !== "busy") return;
    this.mail = undefined;
    this.turn = "idle";
    if (this.state !== "running" && canAdvance(this)) this.wake();
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
    this.#context?.cancel(reason);
    const flights = this.#rare?.interleaving?.flights;
    for (const { context } of flights ?? []) context.cancel(reason);
  }

  /** Lets go of everything that a stopped actor does not need. */
  release(): void {
    const { meter } = this;
    const ending = this.#rare?.ending;
    this.#rare = undefined;
    if (meter !== undefined) this.rare.meter = meter;
    if (ending?.reason === "not_started") this.rare.ending = ending;
    this.create = endedCreate;
    this.instance = undefined;
    this.table = undefined;
    this.#context = undefined;
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
    this.#rare?.watch?.removeWatcher(watcher);
  }

  watch(ref: BaseRef): void {
    if (isEnding(this.state)) return; // nobody would be told
    if (this.#watch.begin(ref)) ref.watch(this);
  }

  unwatch(ref: BaseRef): void {
    if (this.#rare?.watch?.end(ref)) ref.unwatch(this);
  }

  terminated(terminated: Terminated, ref: BaseRef): void {
    if (!isEnding(this.state)) {
      this.deliver(terminatedMail({ terminated, ref }));
    }
  }

  childEnded(child: Cell): void {
    this.children?.delete(child.key);
    const rare = this.#rare;
    rare?.failed?.delete(child);
    if (rare?.passedOn === child) rare.passedOn = undefined;
    if (this.turn === "awaiting_children" && this.children?.size === 0) {
      this.turn = "idle";
      this.wake();
    }
  }

  childDecided(child: Cell): void {
    const rare = this.#rare;
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

  /** Takes a step of the life; true when mail can be handled. */
  #advance(): boolean {
    if (this.#inFlight > 0) {
      this.turn = "awaiting"; // what is in work comes first
      return false;
    }
    advance(this);
    this.runtime.dispatcher.spend();
    return this.turn === "busy" && this.state === "running";
  }

  #handle(mail: Mail): void {
    this.mail = mail;
    let message;
    let replyTo: ReplyTo | undefined;
    if (mail instanceof Envelope) {
      message = mail.message;
      replyTo = mail.replyTo;
    } else {
      message = mail;
      replyTo = undefined;
    }
    const { index } = message;
    let reply: unknown;
    let awaited: PromiseLike<unknown> | undefined;
    try {
      if (index < 0) {
        if (index === POISON_INDEX) {
          return end(this, "draining", "stopped", undefined);
        }
        reply = handleSignal(this, mail);
      } else {
        const handler = this.table?.[index];
        if (handler !== undefined) {
          reply = handler.call(this.instance, message.body, this.context);
        } else if (this.instance?.receive !== undefined) {
          reply = this.instance.receive(message, this.context);
        } else {
          return unhandled(this, mail);
        }
      }
      if (typeof reply === "object") awaited = thenableOf(reply);
    } catch (error) {
      return this.#failed(
        error,
        message.type,
        this.#isStashed(mail) ? undefined : replyTo,
      );
    }
    if (awaited !== undefined) this.#await(awaited, message, replyTo);
    else if (replyTo !== undefined && !this.#isStashed(mail)) {
      replyTo.succeed(reply);
    }
  }

  /** Whether the handler has put `mail` aside, so that its reply is still to come. */
  #isStashed(mail: Mail | undefined): boolean {
    return this.#context?.takeStashed(mail) ?? false;
  }

  #await(
    awaited: PromiseLike<unknown>,
    message: Message,
    replyTo: ReplyTo | undefined,
  ): void {
    const context = this.#context;
    const { mail } = this;
    const flight = this.#takeOff(message);
    if (flight === undefined) this.turn = "awaiting";
    const handled = this.#rare?.meter?.wait();
    whenSettled(awaited, (reply) => {
      handled?.();
      if (!context?.takeStashed(mail)) replyTo?.succeed(reply);
      this.#land(flight);
    }, (error) => {
      handled?.();
      const isStashed = context?.takeStashed(mail);
      this.#failed(error, message.type, isStashed ? undefined : replyTo);
      this.#land(flight);
    });
  }

  get #inFlight(): number {
    return this.#rare?.interleaving?.flights.size ?? 0;
  }

  /** Lets others begin while a handler waits, where that was asked for. */
  #takeOff(message: Message): Flight | undefined {
    const interleaving = this.#rare?.interleaving;
    const { mail } = this;
    if (mail === undefined || !interleaving?.yields(message)) return undefined;
    const context = this.#context as CellContext; // the handler was given one
    const flight = { mail, context, readOnly: isReadOnly(message) };
    interleaving.begin(flight);
    return flight;
  }

  #land(flight: Flight | undefined): void {
    if (flight === undefined) return this.goOn();
    this.#rare?.interleaving?.finish(flight);
    if (this.turn === "awaiting" || this.state === "stopped") this.goOn();
    else this.wake();
  }

  /** Puts an ask that this actor's own ask led to before the mail that must wait. */
  #jumpsQueue(mail: Mail): boolean {
    const rare = this.#rare;
    if (isEnding(this.state) || !rare?.interleaving?.isChained(this, mail)) {
      return false;
    }
    (rare.front ??= new Deque()).unshift(mail);
    this.goOn();
    return true;
  }

  #failed(error: unknown, during: string, replyTo: ReplyTo | undefined): void {
    replyTo?.fail(error);
    if (Reject.isOf(during, error)) return; // declared: no failure
    if (this.state !== "running") report(this, error, during, undefined);
    else apply(this, decideFor(this, error, during), error);
  }
}

/** Takes the place of a factory whose actor has ended, so that what it captured can go. */
function endedCreate(): never {
  throw new Error("an ended actor is not started again");
}
