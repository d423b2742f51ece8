/**
 * Requests of 100 bytes to an actor of another process, and replies of the same size.
 * @module
 */

import { Echo } from "./actors.ts";
import { burstRate, type Call, inFlightRate, roundTrip } from "./calls.ts";
import { Pair } from "./near.ts";
import { readSequence, writeSequence } from "./numbered.ts";

/** The median of the round trips of single asks, in microseconds. */
export function askRoundTrip(): Promise<number> {
  return asking(roundTrip);
}

/** Asks answered in a second with 64 under way at any time. */
export function remoteAskInFlight(): Promise<number> {
  return asking(inFlightRate);
}

/** Asks answered in a second when 64 are sent at once and the next 64 when all are answered. */
export function remoteAskBursts(): Promise<number> {
  return asking(burstRate);
}

async function asking(
  time: (call: Call) => Promise<number>,
): Promise<number> {
  await using pair = await Pair.start();
  const echo = pair.ref(Echo, "echo");
  const body = new Uint8Array(100).fill(7);
  let sequence = 0;
  const take = (reply: Uint8Array) => readSequence(reply, 0);
  return await time(() => {
    writeSequence(body, 0, sequence++);
    return echo.ask(Echo.say(body)).then(take);
  });
}
