/**
 * One routee after another until one replies.
 * @module
 */

import type { Timer } from "../../internal/clock.ts";
import { type Envelope, type Mail, replyToOf } from "../protocol/message.ts";
import type { BaseRef } from "../reference/ref.ts";
import { checkDuration } from "./broadcast.ts";
import { Race } from "./race.ts";
import { anyOf } from "./random.ts";
import {
  isLiving,
  living,
  randomBelow,
  type Routees,
  type Routing,
  type RoutingStrategy,
  type RoutingTools,
  Strategy,
} from "./strategy.ts";

/** Options of {@linkcode tailChopping}. */
export interface TailChoppingOptions {
  /**
   * How long to wait for one routee before the next is asked as well, in milliseconds.
   * @default 100
   */
  interval?: number;
  /**
   * How long the reply may take in all, in milliseconds, when the asker does not want it earlier.
   * @default Infinity
   */
  within?: number;
}

/**
 * Asks one routee; when no reply has come after an interval, or it failed, one more, in random order, each at
 * most once. Answers with the first reply and cancels the others. Good against a slow routee now and then, for
 * messages that may be handled twice. An ask fails with a {@linkcode RouteesFailedError} when all have failed,
 * and with an {@linkcode AskTimeoutError} when the time is over. A message without an asker goes to one
 * routee.
 *
 * @param options The interval, and how long the reply may take.
 * @returns The strategy.
 * @throws {RangeError} When a time is not a number of at least 0.
 *
 * @example
 * ```ts
 * import { ActorSystem, ask, protocol, tailChopping } from "@troupe/troupe/actor";
 *
 * const Desk = protocol("desk", { serve: ask<string, string>() });
 * await using system = new ActorSystem("shop");
 * const desks = system.spawnPool(Desk, () => ({
 *   serve: (name) => `Hello ${name}`,
 * }), { strategy: tailChopping({ interval: 50 }) });
 * console.assert(await desks.ask(Desk.serve("Ada")) === "Hello Ada");
 * ```
 */
export function tailChopping(
  options: TailChoppingOptions = {},
): RoutingStrategy {
  const { interval = 100, within = Infinity } = options;
  checkDuration("chop tails", "interval", interval);
  checkDuration("chop tails", "within", within);
  return new Strategy(
    "tail_chopping",
    (tools) => new TailChopping(tools, interval, within),
  );
}

class TailChopping implements Routing {
  readonly #tools: RoutingTools;
  readonly #interval: number;
  readonly #within: number;

  constructor(tools: RoutingTools, interval: number, within: number) {
    this.#tools = tools;
    this.#interval = interval;
    this.#within = within;
  }

  route(mail: Mail, routees: Routees): boolean | undefined {
    const { random } = this.#tools;
    const replyTo = replyToOf(mail);
    if (replyTo === undefined) return anyOf(routees, random)?.deliver(mail);
    const refs = living(routees);
    if (refs.length === 0) return undefined;
    const envelope = mail as Envelope; // it has a replyTo
    this.#run(new Race(this.#tools, envelope, replyTo, this.#within), refs);
    return true;
  }

  /** Asks `refs` one by one, at random. */
  #run(race: Race, refs: BaseRef[]): void {
    const { clock, random } = this.#tools;
    let timer: Timer | undefined;
    const step = (): void => {
      timer?.cancel();
      if (race.isOver) return;
      let next: BaseRef | undefined;
      do {
        [next] = refs.splice(randomBelow(random, refs.length), 1);
      } while (next !== undefined && !isLiving(next));
      if (next === undefined) return race.close();
      race.ask(next);
      timer = clock.setTimer(this.#interval, step);
    };
    race.onFailure = step;
    race.onEnd = () => timer?.cancel();
    step();
  }
}
