/**
 * How punctual timers are.
 * @module
 */

import { ActorSystem } from "../../actor/mod.ts";
import { percentile, tickGaps } from "../measure.ts";
import { Volley } from "./volley.ts";

/** In milliseconds. */
const INTERVAL = 5;
const TICKS = 200;
const BALLS = 50_000;

/** The 99th percentile of the gap between ticks while two actors play at full speed, in milliseconds. */
export async function busyTimer(): Promise<number> {
  await using system = new ActorSystem("bench");
  const volley = new Volley(system);
  let playing = true;
  const game = (async () => {
    while (playing) await volley.play(BALLS);
  })();
  const gaps = await tickGaps(INTERVAL, TICKS);
  const hits = volley.hits;
  playing = false;
  await game;
  if (hits === 0) throw new Error("Cannot keep busy: no ball was played");
  return percentile(gaps, 0.99);
}

/** The same in an idle process. */
export async function idleTimer(): Promise<number> {
  return percentile(await tickGaps(INTERVAL, TICKS), 0.99);
}
