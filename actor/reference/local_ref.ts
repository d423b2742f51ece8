/**
 * References to actors of this system.
 * @module
 */

import { workOf } from "../time/activity.ts";
import type { AskRegistry } from "../asks/asks.ts";
import type { Cell } from "../cell/cell.ts";
import { StoppedError } from "../errors.ts";
import type { Mail } from "../protocol/message.ts";
import type { ActorMeter } from "../metrics/meter.ts";
import type { Pid } from "./pid.ts";
import type { ProtocolData } from "../protocol/protocol.ts";
import { BaseRef, READY, type Watcher } from "./ref.ts";
import type { Runtime } from "../system/runtime.ts";

/** A reference to an actor that lives, or lived, here. */
export class LocalRef extends BaseRef {
  readonly #cell: Cell;

  constructor(cell: Cell) {
    super();
    this.#cell = cell;
  }

  /** The actor itself; for the library only. */
  get cell(): Cell {
    return this.#cell;
  }

  get pid(): Pid {
    return this.#cell.pid;
  }

  get protocol(): ProtocolData {
    return this.#cell.protocol;
  }

  get isLocal(): boolean {
    return true;
  }

  get asks(): AskRegistry {
    return this.#cell.runtime.asks;
  }

  /** Counts what happens to it, in a system with metrics. */
  get meter(): ActorMeter | undefined {
    return this.#cell.meter;
  }

  deliver(mail: Mail): boolean {
    return this.#cell.deliver(mail);
  }

  override work(): string {
    return workOf(this.#cell);
  }

  started(): Promise<void> {
    return this.#cell.started();
  }

  ready(): Promise<void> {
    if (this.#cell.state !== "stopped") return READY;
    return Promise.reject(
      new StoppedError(this.pid, "wait for room at", "it has stopped"),
    );
  }

  watch(watcher: Watcher): void {
    this.#cell.addWatcher(watcher);
  }

  unwatch(watcher: Watcher): void {
    this.#cell.removeWatcher(watcher);
  }

  override toString(): string {
    return this.pid.toString();
  }
}

/** A reference to an actor of this node that is not there. */
export class MissingRef extends BaseRef {
  readonly pid: Pid;
  readonly protocol: ProtocolData;
  readonly #runtime: Runtime;

  constructor(runtime: Runtime, pid: Pid, protocol: ProtocolData) {
    super();
    this.#runtime = runtime;
    this.pid = pid;
    this.protocol = protocol;
  }

  get isLocal(): boolean {
    return true;
  }

  get asks(): AskRegistry {
    return this.#runtime.asks;
  }

  override work(): string {
    return "missing";
  }

  deliver(mail: Mail): boolean {
    this.#runtime.deadLetters.take(mail, this, "missing");
    return false;
  }

  started(): Promise<void> {
    return Promise.reject(
      new StoppedError(
        this.pid,
        "wait for the start of",
        "there is no such actor",
      ),
    );
  }

  ready(): Promise<void> {
    return Promise.reject(
      new StoppedError(this.pid, "wait for room at", "there is no such actor"),
    );
  }

  watch(watcher: Watcher): void {
    watcher.terminated({ pid: this.pid, reason: "missing" }, this);
  }

  unwatch(): void {
    // There was nothing to end: the watch was answered when it began.
  }

  override toString(): string {
    return this.pid.toString();
  }
}
