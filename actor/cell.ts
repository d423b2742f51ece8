/**
 * One running actor.
 * @module
 */

import { CellContext } from "./cell_context.ts";
import type { ChildKey } from "./children.ts";
import { childName } from "./children.ts";
import { TURN_MESSAGES } from "./dispatcher.ts";
import { StartError, StoppedError, UnhandledError } from "./errors.ts";
import type { DeadLetterReason } from "./events.ts";
import { type HandlerTable, handlerTable, type Instance } from "./handlers.ts";
import { LocalRef } from "./local_ref.ts";
import { CLOSED_MAILBOX, type Mailbox, UnboundedMailbox } from "./mailbox.ts";
import {
  Envelope,
  type Mail,
  messageOf,
  type ReplyTo,
  replyToOf,
} from "./message.ts";
import { Pid } from "./pid.ts";
import type { ProtocolData } from "./protocol.ts";
import {
  type BaseRef,
  type Terminated,
  type TerminationReason,
  type Watcher,
  wrongProtocol,
} from "./ref.ts";
import type { Runtime } from "./runtime.ts";
import {
  foreignOf,
  isLifecycle,
  isSignal,
  POISON,
  TERMINATED_INDEX,
  type TerminatedBody,
  terminatedMail,
} from "./signals.ts";
import {
  decide,
  type Directive,
  RestartWindow,
  type Supervisor,
} from "./supervisor.ts";

/**
 * Where an actor is in its life:
 *
 * ```text
 * new -> starting -> running <-> restarting
 *           |          |  ^----- suspended (its failure is with the parent)
 *           v          v
 *        draining | stopping -> stopped
 * ```
 *
 * Stop is possible from every state before `draining`. `draining` is a stop that lets the children
 * finish their mail. Failures are looked at only while `running`.
 */
export type CellState =
  | "new"
  | "starting"
  | "running"
  | "restarting"
  | "suspended"
  | "draining"
  | "stopping"
  | "stopped";

/** Whether an actor runs now, will, or waits: for a promise, or for the end of its children. */
type Turn = "idle" | "queued" | "busy" | "awaiting" | "awaiting_children";

/** Who an actor belongs to: its parent, or the system. */
export interface Owner {
  /** The path of the owner with a slash behind it, or nothing. */
  readonly prefix: string;
  /** The end of a child. */
  childEnded(child: Cell): void;
  /** A child's failure that its supervisor does not decide. The child is suspended. */
  childFailed(child: Cell, error: unknown): void;
}

/** What an actor is made from. */
export interface CellSpec {
  /** What it speaks. */
  protocol: ProtocolData;
  /** Makes an instance. */
  create: () => object;
  /** Decides about its failures. */
  supervisor: Supervisor;
  /** Its name, when it was given one. */
  name: string | undefined;
}

/** What few actors need and most of the time none. */
interface Extras {
  restarts?: RestartWindow;
  escalations?: Map<Cell, unknown>;
  watching?: Set<BaseRef>;
  ending?: { reason: TerminationReason; error: unknown };
  onStarted?: { resolve: () => void; reject: (error: unknown) => void }[];
  onStopped?: (() => void)[];
}

/** One running actor: its mail, its instance, its state. Everything here is on the hot path or rare. */
export class Cell implements Owner, Watcher {
  readonly runtime: Runtime;
  readonly owner: Owner;
  readonly protocol: ProtocolData;
  readonly key: ChildKey;
  readonly number: number;
  readonly ref: LocalRef;
  /** The living children; none until the first is spawned. */
  children: Map<ChildKey, Cell> | undefined = undefined;
  #create: () => object;
  #supervisor: Supervisor;
  #state: CellState = "new";
  #turn: Turn = "idle";
  #mailbox: Mailbox | undefined = undefined;
  #instance: Instance | undefined = undefined;
  #table: HandlerTable | undefined = undefined;
  #context: CellContext | undefined = undefined;
  #mail: Mail | undefined = undefined;
  #watchers: Set<Watcher> | undefined = undefined;
  #extras: Extras | undefined = undefined;

  constructor(
    runtime: Runtime,
    owner: Owner,
    { protocol, create, supervisor, name }: CellSpec,
  ) {
    this.runtime = runtime;
    this.owner = owner;
    this.protocol = protocol;
    this.number = runtime.nextNumber();
    this.key = name ?? this.number;
    this.#create = create;
    this.#supervisor = supervisor;
    this.ref = new LocalRef(this);
    this.#wake();
  }

  /** Where the actor is in its life. */
  get state(): CellState {
    return this.#state;
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

  /** The mail that is being handled. */
  get mail(): Mail | undefined {
    return this.#mail;
  }

  /** Takes mail, or makes a dead letter of it and returns false. */
  deliver(mail: Mail): boolean {
    const message = mail instanceof Envelope ? mail.message : mail;
    if (message.protocol !== this.protocol && !isSignal(message)) {
      throw wrongProtocol(message.type, message.protocol, this);
    }
    let mailbox = this.#mailbox;
    if (mailbox === undefined) mailbox = this.#mailbox = new UnboundedMailbox();
    if (!mailbox.enqueue(mail)) {
      this.#refuse(mail);
      return false;
    }
    if (this.#turn === "idle") this.#wake();
    return true;
  }

  /** Handles mail until none is left, the turn is over, or something must be waited for. */
  run(): void {
    const { dispatcher } = this.runtime;
    this.#turn = "busy";
    let left = TURN_MESSAGES;
    for (;;) {
      if (this.#state !== "running") {
        this.#advance();
        if (this.#turn !== "busy") return;
        if (this.state !== "running") break; // the step may have changed it
      }
      if (this.#extras?.escalations !== undefined) {
        this.#handleEscalation();
      } else {
        const mail = this.#mailbox?.dequeue();
        if (mail === undefined) break;
        this.#handle(mail);
        if (this.#turn !== "busy") return;
      }
      if (--left === 0 || dispatcher.spend()) {
        this.#turn = "queued";
        dispatcher.schedule(this);
        return;
      }
    }
    this.#mail = undefined;
    this.#turn = "idle";
    if (this.#state !== "running" && this.#canAdvance()) this.#wake();
  }

  /** Ends the actor after the message that it is handling; what waits goes to the dead letters. */
  stop(): void {
    this.#end("stopping", "stopped", undefined);
  }

  /** Ends the actor after the messages that wait now, and its children likewise. */
  drain(): void {
    if (this.#isEnding()) return;
    if (this.#state === "suspended") {
      return this.#end("draining", "stopped", undefined);
    }
    this.deliver(POISON);
  }

  /** Ends the actor without waiting for anything: a handler or hook that still runs is left behind. */
  abandon(): void {
    if (this.#state === "stopped") return;
    for (const child of [...this.children?.values() ?? []]) child.abandon();
    this.#end("stopping", "stopped", undefined);
    this.#ended();
  }

  /** Goes on after the parent decided to resume. */
  resume(): void {
    if (this.#state !== "suspended") return;
    this.#state = "running";
    this.#resumeChildren();
    this.#wake();
  }

  /** Resolves once the actor has started. */
  started(): Promise<void> {
    if (this.#state === "new" || this.#state === "starting") {
      return new Promise((resolve, reject) =>
        (this.#rare().onStarted ??= []).push({ resolve, reject })
      );
    }
    const ending = this.#extras?.ending;
    if (!this.#isEnding()) return Promise.resolve();
    return Promise.reject(
      ending?.reason === "not_started"
        ? ending.error
        : new StoppedError(this.pid, "wait for the start of", "it has stopped"),
    );
  }

  /** Calls `run` once the actor has stopped. */
  whenStopped(run: () => void): void {
    if (this.#state === "stopped") run();
    else (this.#rare().onStopped ??= []).push(run);
  }

  /** Whether this actor is `other` or has it above itself. */
  isWithin(other: Cell): boolean {
    for (let owner: Owner = this; owner instanceof Cell; owner = owner.owner) {
      if (owner === other) return true;
    }
    return false;
  }

  addWatcher(watcher: Watcher): void {
    if (this.#state === "stopped") {
      watcher.terminated({ pid: this.pid, reason: "missing" }, this.ref);
    } else {
      (this.#watchers ??= new Set()).add(watcher);
    }
  }

  removeWatcher(watcher: Watcher): void {
    this.#watchers?.delete(watcher);
  }

  watch(ref: BaseRef): void {
    const watching = this.#rare().watching ??= new Set();
    if (watching.has(ref)) return;
    watching.add(ref);
    ref.watch(this);
  }

  unwatch(ref: BaseRef): void {
    if (this.#extras?.watching?.delete(ref)) ref.unwatch(this);
  }

  terminated(terminated: Terminated, ref: BaseRef): void {
    if (!this.#isEnding()) this.deliver(terminatedMail({ terminated, ref }));
  }

  childEnded(child: Cell): void {
    this.children?.delete(child.key);
    this.#extras?.escalations?.delete(child);
    if (this.#turn === "awaiting_children" && this.children?.size === 0) {
      this.#turn = "idle";
      this.#wake();
    }
  }

  childFailed(child: Cell, error: unknown): void {
    if (this.#isEnding()) return; // the child is about to be stopped
    (this.#rare().escalations ??= new Map()).set(child, error);
    if (this.#turn === "idle") this.#wake();
  }

  #rare(): Extras {
    return this.#extras ??= {};
  }

  #wake(): void {
    if (this.#turn !== "idle") return;
    this.#turn = "queued";
    this.runtime.dispatcher.schedule(this);
  }

  #isEnding(): boolean {
    return this.#state === "stopping" || this.#state === "draining" ||
      this.#state === "stopped";
  }

  #handle(mail: Mail): void {
    this.#mail = mail;
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
    if (index < 0) return this.#handleSignal(mail);
    const handler = this.#table?.[index];
    let reply: unknown;
    try {
      if (handler === undefined) {
        const instance = this.#instance;
        if (instance?.receive === undefined) return this.#unhandled(mail);
        reply = instance.receive(message, this.context);
      } else {
        reply = handler.call(this.#instance, message.body, this.context);
      }
    } catch (error) {
      return this.#failed(error, message.type, replyTo);
    }
    if (reply instanceof Promise) this.#await(reply, message.type, replyTo);
    else if (replyTo !== undefined) replyTo.succeed(reply);
  }

  /** What the instance is given besides the message. */
  get context(): CellContext {
    return this.#context ??= new CellContext(this);
  }

  #handleSignal(mail: Mail): void {
    if (mail === POISON) return this.#end("draining", "stopped", undefined);
    const message = messageOf(mail);
    const replyTo = replyToOf(mail);
    const instance = this.#instance;
    let reply: unknown;
    try {
      if (message.index === TERMINATED_INDEX) {
        const { terminated, ref } = message.body as TerminatedBody; // signals are made in one place
        if (!this.#extras?.watching?.delete(ref)) return;
        if (instance?.onTerminated === undefined) {
          throw new TypeError(
            `Cannot tell "${this.pid}" of the end of "${terminated.pid}": it watches but has no onTerminated method`,
          );
        }
        reply = instance.onTerminated(terminated, this.context);
      } else {
        if (instance?.receive === undefined) return this.#unhandled(mail);
        reply = instance.receive(foreignOf(message), this.context);
      }
    } catch (error) {
      return this.#failed(error, message.type, replyTo);
    }
    if (reply instanceof Promise) this.#await(reply, message.type, replyTo);
    else replyTo?.succeed(reply);
  }

  #await(
    promise: Promise<unknown>,
    during: string,
    replyTo: ReplyTo | undefined,
  ): void {
    this.#turn = "awaiting";
    promise.then((reply) => {
      replyTo?.succeed(reply);
      this.#goOn();
    }, (error) => {
      if (this.#state === "stopped") return replyTo?.fail(error); // abandoned while it ran
      this.#failed(error, during, replyTo);
      this.#goOn();
    });
  }

  /** Ends a wait. */
  #goOn(): void {
    if (this.#turn !== "awaiting") return;
    this.#turn = "idle";
    this.#wake();
  }

  #unhandled(mail: Mail): void {
    const { type } = messageOf(mail);
    const error = replyToOf(mail) === undefined
      ? undefined
      : new UnhandledError(this.pid, type, this.protocol.name);
    this.runtime.deadLetters.take(mail, this, "unhandled", error);
  }

  #refuse(mail: Mail): void {
    const ending = this.#extras?.ending;
    const reason: DeadLetterReason = ending?.reason === "not_started"
      ? "not_started"
      : "stopped";
    this.runtime.deadLetters.take(
      mail,
      this,
      reason,
      reason === "not_started" ? ending?.error : undefined,
    );
  }

  #failed(error: unknown, during: string, replyTo: ReplyTo | undefined): void {
    replyTo?.fail(error);
    if (this.#state !== "running") {
      this.#report(error, during, undefined);
      return;
    }
    this.#apply(this.#decide(error, during), error);
  }

  #handleEscalation(): void {
    const escalations = this.#extras?.escalations;
    for (const [child, error] of escalations ?? []) {
      const directive = this.#decide(error, `child ${childName(child.key)}`);
      // An escalated failure stays noted: whoever resumes this actor resumes the child.
      if (directive !== "resume") return this.#apply(directive, error);
      escalations?.delete(child);
      child.resume();
      break;
    }
    if (escalations?.size === 0 && this.#extras !== undefined) {
      delete this.#extras.escalations;
    }
  }

  #resumeChildren(): void {
    const escalations = this.#extras?.escalations;
    if (escalations === undefined || this.#extras === undefined) return;
    delete this.#extras.escalations;
    for (const child of escalations.keys()) child.resume();
  }

  #decide(error: unknown, during: string): Directive {
    const { events, clock } = this.runtime;
    let { directive, fault } = decide(this.#supervisor, error);
    if (fault !== undefined) {
      events.publish({
        type: "warning",
        text: `the supervisor of "${this.pid}" failed, the actor is stopped`,
        cause: fault,
      });
    }
    if (directive === "restart") {
      const restarts = this.#rare().restarts ??= new RestartWindow();
      if (!restarts.admit(clock.now(), this.#supervisor)) directive = "stop";
    }
    this.#report(error, during, directive);
    return directive;
  }

  #report(
    error: unknown,
    during: string,
    directive: Directive | undefined,
  ): void {
    const { events } = this.runtime;
    if (events.wants("actor_failed")) {
      events.publish({
        type: "actor_failed",
        pid: this.pid,
        error,
        during,
        directive,
      });
    }
  }

  #apply(directive: Directive, error: unknown): void {
    if (directive === "restart") {
      this.#state = "restarting";
      this.#rare().ending = { reason: "failed", error };
    } else if (directive === "stop") {
      this.#end("stopping", "failed", error);
    } else if (directive === "escalate") {
      this.#state = "suspended";
      this.owner.childFailed(this, error);
    }
  }

  #end(
    state: "draining" | "stopping",
    reason: TerminationReason,
    error: unknown,
  ): void {
    if (this.#state === "draining" && state === "stopping") {
      this.#state = state; // the children need not finish their mail any more
      for (const child of this.children?.values() ?? []) child.stop();
      return;
    }
    if (this.#isEnding()) return;
    this.#state = state;
    this.#rare().ending = { reason, error };
    const mailbox = this.#mailbox;
    this.#mailbox = CLOSED_MAILBOX;
    for (
      let mail = mailbox?.dequeue();
      mail !== undefined;
      mail = mailbox?.dequeue()
    ) {
      if (!isLifecycle(messageOf(mail))) this.#refuse(mail);
    }
    this.#wake();
  }

  #canAdvance(): boolean {
    return this.#state === "restarting" || this.#state === "stopping" ||
      this.#state === "draining";
  }

  /** The next step of a start, restart or stop. Each step ends in a wait or in the next one. */
  #advance(): void {
    if (this.#state === "new") {
      this.#state = "starting";
      return this.#begin();
    }
    if (!this.#canAdvance()) return;
    if (this.children !== undefined && this.children.size > 0) {
      return this.#endChildren();
    }
    const instance = this.#instance;
    if (instance !== undefined) return this.#endInstance(instance);
    if (this.#state === "restarting") this.#begin();
    else this.#ended();
  }

  #endChildren(): void {
    this.#turn = "awaiting_children";
    if (this.#extras !== undefined) delete this.#extras.escalations;
    for (const child of [...this.children?.values() ?? []]) {
      if (this.#state === "draining") child.drain();
      else child.stop();
    }
  }

  #endInstance(instance: Instance): void {
    this.#instance = undefined;
    this.#mail = undefined;
    const restart = this.#state === "restarting" &&
      instance.onRestart !== undefined;
    const during = restart ? "onRestart" : "onStop";
    let result: unknown;
    try {
      result = restart
        ? instance.onRestart?.(this.#extras?.ending?.error, this.context)
        : instance.onStop?.(this.context);
    } catch (error) {
      this.#report(error, during, undefined);
    }
    if (!(result instanceof Promise)) return this.#advance();
    this.#turn = "awaiting";
    result.then(() => this.#goOn(), (error) => {
      this.#report(error, during, undefined);
      this.#goOn();
    });
  }

  /** Makes an instance and starts it. */
  #begin(): void {
    let instance: Instance;
    let result: unknown;
    try {
      instance = this.#create();
      this.#table = handlerTable(this.protocol, instance);
      result = instance.onStart?.(this.context);
    } catch (error) {
      return this.#startFailed(error);
    }
    if (!(result instanceof Promise)) return this.#begun(instance);
    this.#turn = "awaiting";
    result.then(() => {
      this.#begun(instance);
      this.#goOn();
    }, (error) => {
      this.#startFailed(error);
      this.#goOn();
    });
  }

  #begun(instance: Instance): void {
    if (this.#state === "stopped") return; // abandoned while it started
    this.#instance = instance;
    if (this.#isEnding()) return; // stopped while it started: the instance is ended like any other
    const { events } = this.runtime;
    if (this.#state === "starting") {
      this.#state = "running";
      this.#settleStart();
      if (events.wants("actor_started")) {
        events.publish({ type: "actor_started", pid: this.pid });
      }
      return;
    }
    this.#state = "running";
    const error = this.#extras?.ending?.error;
    if (this.#extras !== undefined) delete this.#extras.ending;
    if (events.wants("actor_restarted")) {
      events.publish({ type: "actor_restarted", pid: this.pid, error });
    }
  }

  #startFailed(error: unknown): void {
    if (this.#state === "starting") {
      this.#report(error, "onStart", "stop");
      this.#end("stopping", "not_started", new StartError(this.pid, error));
      this.#settleStart();
    } else if (this.#state === "restarting") {
      const directive = this.#decide(error, "onStart");
      // There is no instance to go on with, so what is not another restart or the parent's is the end.
      if (directive === "resume") this.#end("stopping", "failed", error);
      else this.#apply(directive, error);
    } else {
      this.#report(error, "onStart", undefined);
    }
  }

  #settleStart(): void {
    const waiting = this.#extras?.onStarted;
    if (waiting === undefined || this.#extras === undefined) return;
    delete this.#extras.onStarted;
    if (this.#state === "running") {
      for (const { resolve } of waiting) resolve();
    } else {for (const { resolve, reject } of waiting) {
        this.started().then(resolve, reject);
      }}
  }

  #ended(): void {
    this.#state = "stopped";
    this.#turn = "idle";
    this.#settleStart();
    const { reason = "stopped", error } = this.#extras?.ending ?? {};
    const { events } = this.runtime;
    for (const ref of this.#extras?.watching ?? []) ref.unwatch(this);
    this.owner.childEnded(this);
    const terminated = (): Terminated => ({
      pid: this.pid,
      reason,
      ...(error === undefined ? {} : { error }),
    });
    if (events.wants("actor_stopped")) {
      events.publish({ type: "actor_stopped", ...terminated() });
    }
    for (const watcher of this.#watchers ?? []) {
      watcher.terminated(terminated(), this.ref);
    }
    this.#create = endedCreate;
    this.#instance = undefined;
    this.#watchers = undefined;
    this.#table = undefined;
    this.#context = undefined;
    this.#mail = undefined;
    this.children = undefined;
    const onStopped = this.#extras?.onStopped;
    this.#extras = reason === "not_started"
      ? { ending: { reason, error } }
      : undefined;
    for (const run of onStopped ?? []) run();
  }
}

/** Takes the place of a factory whose actor has ended, so that what it captured can go. */
function endedCreate(): never {
  throw new Error("an ended actor is not started again");
}
