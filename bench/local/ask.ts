/**
 * Requests to one actor and their replies.
 * @module
 */

import {
  ActorSystem,
  ask,
  type Protocol,
  protocol,
  type Spec,
} from "../../actor/mod.ts";
import { inFlight, prove, rate } from "../measure.ts";

const ASKS = 10_000;

const Clerk: Protocol<"clerk", { next: Spec<{ by: number }, number> }> =
  protocol("clerk", { next: ask<{ by: number }, number>() });

/** Asks in a second, each sent when the last was answered. */
export function askSequential(): Promise<number> {
  return askRate(1);
}

/** Asks in a second with 64 under way. */
export function askInFlight(): Promise<number> {
  return askRate(64);
}

/** What {@linkcode askSequential} would be with a promise alone. */
export function promiseSequential(): Promise<number> {
  return promiseRate(1);
}

/** What {@linkcode askInFlight} would be with a promise alone. */
export function promiseInFlight(): Promise<number> {
  return promiseRate(64);
}

async function askRate(width: number): Promise<number> {
  await using system = new ActorSystem("bench");
  const clerk = system.spawn(Clerk, () => {
    let count = 0;
    return { next: ({ by }) => count += by };
  });
  return await replies(width, () => clerk.ask(Clerk.next({ by: 1 })));
}

async function promiseRate(width: number): Promise<number> {
  let count = 0;
  return await replies(
    width,
    () => new Promise<number>((resolve) => resolve(++count)),
  );
}

/** Calls answered in a second; each answer must be one more than the last. */
function replies(width: number, call: () => Promise<number>): Promise<number> {
  let last = 0;
  let inOrder = 0;
  const take = (reply: number) => {
    if (reply === last + 1) inOrder++;
    last = reply;
  };
  return rate(async () => {
    const before = inOrder;
    await inFlight(width, ASKS, call, take);
    prove("replies", inOrder - before, ASKS);
    return ASKS;
  });
}
