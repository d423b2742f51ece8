/**
 * Dead letters for tests to look at.
 * @module
 */

import { isDeepStrictEqual } from "node:util";
import type {
  ActorSystem,
  DeadLetter,
  DeadLetterReason,
  Message,
} from "../actor/mod.ts";
import { internalsOf } from "../actor/system/system.ts";
import { ProbeError, type ProbeWaitOptions } from "./probe.ts";
import { settle } from "./settle.ts";
import { showMessage } from "./show.ts";
import { Waits } from "./waits.ts";

/** The dead letters of a system, as they come. Disposing ends that. */
export interface DeadLetterCapture extends Disposable {
  /** All of them so far, oldest first. */
  readonly all: readonly DeadLetter[];
  /**
   * Waits until there is a dead letter of this message.
   *
   * @param message The message; its body is compared by its structure.
   * @param reason Why it was not handled; any reason when it is not given.
   * @param options How long to wait; 3 s unless given.
   * @returns The dead letter.
   * @throws {ProbeError} When there was none in time; says which there were.
   */
  expect(
    message: Message,
    reason?: DeadLetterReason,
    options?: ProbeWaitOptions,
  ): Promise<DeadLetter>;
  /**
   * Fails when there is any, once the actors of the system have come to rest.
   *
   * @throws {ProbeError} Says which.
   */
  expectNone(): Promise<void>;
}

/** How long a wait lasts that does not say, in milliseconds. */
const TIMEOUT = 3_000;

/**
 * Collects the dead letters of a system from now on.
 *
 * @param system Which system.
 * @returns What was collected; look at it at any time.
 *
 * @example
 * ```ts
 * import { ActorSystem, protocol, tell } from "@troupe/troupe/actor";
 * import { captureDeadLetters } from "@troupe/troupe/testing";
 *
 * const Bell = protocol("bell", { ring: tell() });
 * await using system = new ActorSystem("shop", { logger: null });
 * using lost = captureDeadLetters(system);
 * const bell = system.spawn(Bell, () => ({ ring: () => {} }));
 * await system.stop(bell);
 * bell.tell(Bell.ring());
 * await lost.expect(Bell.ring(), "stopped");
 * ```
 */
export function captureDeadLetters(system: ActorSystem): DeadLetterCapture {
  return new Capture(system);
}

class Capture implements DeadLetterCapture {
  readonly all: DeadLetter[] = [];
  readonly #system: ActorSystem;
  readonly #waits: Waits;
  readonly #untap: () => void;

  constructor(system: ActorSystem) {
    const { events, clock } = internalsOf(system).runtime;
    this.#system = system;
    this.#waits = new Waits(clock);
    this.#untap = events.tap(["dead_letter"], (event) => {
      this.all.push(event as DeadLetter); // the only type that was asked for
      this.#waits.wake();
    });
  }

  async expect(
    message: Message,
    reason?: DeadLetterReason,
    { timeout = TIMEOUT }: ProbeWaitOptions = {},
  ): Promise<DeadLetter> {
    const find = () =>
      this.all.find((letter) =>
        letter.message.type === message.type &&
        letter.message.protocol === message.protocol &&
        (reason === undefined || letter.reason === reason) &&
        isDeepStrictEqual(letter.message.body, message.body)
      );
    await this.#waits.until(() => find() !== undefined, timeout);
    const found = find();
    if (found !== undefined) return found;
    const why = reason === undefined ? "" : ` (${reason})`;
    throw new ProbeError(
      `Cannot find a dead letter ${
        showMessage(message)
      }${why} within ${timeout} ms: there were ${this.#list()}`,
    );
  }

  async expectNone(): Promise<void> {
    await settle(this.#system);
    if (this.all.length === 0) return;
    throw new ProbeError(
      `Cannot go without dead letters: there were ${this.#list()}, none was expected`,
    );
  }

  [Symbol.dispose](): void {
    this.#untap();
  }

  #list(): string {
    if (this.all.length === 0) return "none";
    return this.all.map(({ message, target, reason }) =>
      `${showMessage(message)} to "${target}" (${reason})`
    ).join(", ");
  }
}
