/**
 * What may happen while the work goes on, and ends it.
 *
 * @module
 */

import { ActorError } from "@troupe/troupe";
import { DemoError } from "./demo_error.ts";
import { NodeLost, type NodeProcess } from "./node_process.ts";

/** How long the work may stand still, in milliseconds. */
const STILLNESS = 10_000;
/** How long the end of a process may come after the end of a connection to it, in milliseconds. */
const DELAY = 1_000;

/** Ends the work on Ctrl-C, when a node is lost, and when nothing has moved for too long. */
export class Guard implements Disposable {
  #end = Promise.withResolvers<never>();
  #reason: DemoError | undefined;
  #interrupt = () => this.#stop(new DemoError("Interrupted", 130));
  #timer = setInterval(() => this.#check(), STILLNESS / 2);
  #lastMove = performance.now();
  #waitsFor = "";

  constructor() {
    this.#end.promise.catch(() => {}); // it may come while nothing waits for it
    Deno.addSignalListener("SIGINT", this.#interrupt);
  }

  /** Watches a node from now on. */
  async watch(node: NodeProcess): Promise<void> {
    const how = await node.ended;
    this.#stop(new NodeLost(node, how));
  }

  /** Says whose turn it is, for the message when nothing moves. */
  waitsFor(node: NodeProcess): void {
    this.#waitsFor = `, it is the turn of node ${node}`;
  }

  /**
   * Says that the work goes on.
   *
   * @throws {DemoError} When it must not.
   */
  moved(): void {
    if (this.#reason !== undefined) throw this.#reason;
    this.#lastMove = performance.now();
  }

  /**
   * Waits for work, but no longer than it may go on.
   *
   * @throws {DemoError} When it failed, or must not go on.
   */
  async over<T>(work: Promise<T>): Promise<T> {
    try {
      return await Promise.race([this.#end.promise, work]);
    } catch (error) {
      if (!(error instanceof ActorError)) throw error;
      // The end of a process says more than the end of a connection, but is often seen after it.
      const delay = new Promise((resolve) => setTimeout(resolve, DELAY));
      await Promise.race([this.#end.promise, delay]);
      throw new DemoError(error.message);
    }
  }

  [Symbol.dispose](): void {
    Deno.removeSignalListener("SIGINT", this.#interrupt);
    clearInterval(this.#timer);
  }

  #check(): void {
    const still = performance.now() - this.#lastMove;
    if (still < STILLNESS) return;
    const seconds = STILLNESS / 1000;
    this.#stop(
      new DemoError(`Nothing has moved for ${seconds} s${this.#waitsFor}`),
    );
  }

  #stop(reason: DemoError): void {
    this.#reason ??= reason;
    this.#end.reject(reason);
  }
}
