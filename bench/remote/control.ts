/**
 * Requests that the other node itself answers, while messages fill the other lane.
 * @module
 */

import { percentile, prove } from "../measure.ts";
import { Echo, Sink } from "./actors.ts";
import { Pair } from "./near.ts";
import { writeSequence } from "./numbered.ts";

const WARMUP = 50;
const CALLS = 250;
const LARGE: number = 1024 * 1024;
const SMALL = 100;
/** Small messages to a large one. */
const RATIO = 1_000;

/**
 * The 99th percentile of the round trips of look-ups while messages of 1 MiB and of 100 bytes, to the same node,
 * take all the room there is, in milliseconds.
 */
export async function saturatedControl(): Promise<number> {
  await using pair = await Pair.start();
  const sink = pair.ref(Sink, "sink");
  const large = new Uint8Array(LARGE).fill(7);
  const small = new Uint8Array(SMALL).fill(7);
  let state: "sending" | "over" = "sending";
  let sent = 0;
  const send = (body: Uint8Array) => {
    writeSequence(body, 0, sent);
    if (!sink.tell(Sink.bytes(body))) throw new Error("Cannot send: refused");
    sent++;
  };
  const sending = (async () => {
    while (state === "sending") {
      await sink.ready();
      send(large);
      for (let n = 0; n < RATIO; n++) send(small);
    }
  })();
  const value = await lookUps(pair);
  state = "over";
  await sending;
  if (sent < CALLS) throw new Error(`Cannot saturate: ${sent} were sent`);
  prove("messages", (await sink.ask(Sink.total())).count, sent);
  return value;
}

/** The same while nothing else is sent. */
export async function idleControl(): Promise<number> {
  await using pair = await Pair.start();
  return await lookUps(pair);
}

async function lookUps(pair: Pair): Promise<number> {
  const echo = pair.ref(Echo, "echo");
  for (let n = 0; n < WARMUP; n++) await echo.started();
  const times: number[] = [];
  for (let n = 0; n < CALLS; n++) {
    const begin = performance.now();
    await echo.started(); // a look-up, over the lane for control
    times.push(performance.now() - begin);
  }
  times.sort((one, other) => one - other);
  return percentile(times, 0.99);
}
