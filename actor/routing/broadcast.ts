/**
 * All routees.
 * @module
 */

import { type Mail, replyToOf } from "../protocol/message.ts";
import type { Envelope } from "../protocol/message.ts";
import { Race } from "./race.ts";
import {
  living,
  type Routees,
  type RoutingStrategy,
  type RoutingTools,
  Strategy,
} from "./strategy.ts";

/** Options of {@linkcode scatterGatherFirst}. */
export interface ScatterGatherOptions {
  /**
   * How long the first reply may take, in milliseconds, when the asker does not want it earlier.
   * @default Infinity
   */
  within?: number;
}

/**
 * Gives each message to all routees. An ask is answered with the first reply; it fails only when all have
 * failed.
 *
 * @returns The strategy.
 *
 * @example
 * ```ts
 * import { ActorSystem, ask, broadcast, protocol } from "@troupe/troupe/actor";
 *
 * const Desk = protocol("desk", { serve: ask<string, string>() });
 * await using system = new ActorSystem("shop");
 * const desks = system.spawnPool(Desk, () => ({
 *   serve: (name) => `Hello ${name}`,
 * }), { strategy: broadcast() });
 * console.assert(await desks.ask(Desk.serve("Ada")) === "Hello Ada");
 * ```
 */
export function broadcast(): RoutingStrategy {
  return toAll("broadcast", Infinity);
}

/**
 * Asks all routees at once and answers with the first reply. The others are cancelled: their
 * {@linkcode Context.signal} aborts. The router serves other messages meanwhile. An ask fails with a
 * {@linkcode RouteesFailedError} when all have failed, and with an {@linkcode AskTimeoutError} when the time is
 * over. A message without an asker goes to all.
 *
 * @param options How long the first reply may take.
 * @returns The strategy.
 * @throws {RangeError} When `within` is not a number of at least 0.
 *
 * @example
 * ```ts
 * import { ActorSystem, ask, protocol, scatterGatherFirst } from "@troupe/troupe/actor";
 *
 * const Desk = protocol("desk", { serve: ask<string, string>() });
 * await using system = new ActorSystem("shop");
 * const desks = system.spawnPool(Desk, () => ({
 *   serve: (name) => `Hello ${name}`,
 * }), { strategy: scatterGatherFirst({ within: 500 }) });
 * console.assert(await desks.ask(Desk.serve("Ada")) === "Hello Ada");
 * ```
 */
export function scatterGatherFirst(
  options: ScatterGatherOptions = {},
): RoutingStrategy {
  const { within = Infinity } = options;
  checkDuration("scatter and gather", "within", within);
  return toAll("scatter_gather_first", within);
}

/** Refuses what is no length of time. */
export function checkDuration(
  action: string,
  name: string,
  duration: number,
): void {
  if (duration >= 0) return;
  throw new RangeError(
    `Cannot ${action}: ${name} is ${duration}, a number of milliseconds >= 0 was expected`,
  );
}

function toAll(name: string, within: number): RoutingStrategy {
  return new Strategy(name, (tools) => ({
    route: (mail, routees) => routeToAll(mail, routees, tools, within),
  }));
}

function routeToAll(
  mail: Mail,
  routees: Routees,
  tools: RoutingTools,
  within: number,
): boolean | undefined {
  const refs = living(routees);
  if (refs.length === 0) return undefined;
  const replyTo = replyToOf(mail);
  if (replyTo === undefined) {
    let isTaken = false;
    for (const ref of refs) isTaken = ref.deliver(mail) || isTaken;
    return isTaken;
  }
  const race = new Race(tools, mail as Envelope, replyTo, within); // it has a replyTo
  for (const ref of refs) race.ask(ref);
  race.close();
  return true;
}
