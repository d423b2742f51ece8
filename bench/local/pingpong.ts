/**
 * Messages between two actors, each waiting for the other.
 * @module
 */

import { ActorSystem } from "../../actor/mod.ts";
import { prove, rate } from "../measure.ts";
import { BareRing } from "./bare_ring.ts";
import { type Ball, Volley } from "./volley.ts";

const BALLS = 20_000;

/** Messages in a second between two actors, one under way at any time. */
export async function actorPingPong(): Promise<number> {
  await using system = new ActorSystem("bench");
  const volley = new Volley(system);
  return await rate(async () => {
    const before = volley.hits;
    await volley.play(BALLS);
    prove("balls", volley.hits - before, BALLS);
    return BALLS;
  });
}

/** The same between two rings. */
export async function ringPingPong(): Promise<number> {
  let hits = 0;
  let over: () => void = () => {};
  const returnTo = (other: () => BareRing<Ball>) => ({ left }: Ball) => {
    hits++;
    if (left === 0) over();
    else other().push({ left: left - 1 });
  };
  const ping: BareRing<Ball> = new BareRing(8, returnTo(() => pong));
  const pong: BareRing<Ball> = new BareRing(8, returnTo(() => ping));
  return await rate(async () => {
    const before = hits;
    const { promise, resolve } = Promise.withResolvers<void>();
    over = resolve;
    ping.push({ left: BALLS - 1 });
    await promise;
    prove("balls", hits - before, BALLS);
    return BALLS;
  });
}
