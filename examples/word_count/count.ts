/**
 * The work: actors on several nodes that count words.
 *
 * @module
 */

import { type ActorRef, ActorSystem, Remote } from "@troupe/troupe";
import { type Tally, WordCounter } from "./counter.ts";
import { DemoError } from "./demo_error.ts";
import type { Guard } from "./guard.ts";
import { NodeLost, type NodeProcess } from "./node_process.ts";
import { format, Progress } from "./progress.ts";

/** How many actors each node gets. */
const COUNTERS_PER_NODE = 2;
/** How many words are sent before it is seen whether the actors keep up. */
const BATCH = 256;

/** An actor, as its client sees it. */
export interface Counter {
  /** Its name. */
  readonly name: string;
  /** Where it runs. */
  readonly node: NodeProcess;
  /** The handle to send messages with. */
  readonly ref: ActorRef<typeof WordCounter>;
  /** How many words it was sent. */
  sent: number;
}

/** What came of it. */
export interface Result {
  /** What each actor has counted. */
  readonly tallies: [Counter, Tally][];
  /** How long it took from the first message to the last answer, in seconds. */
  readonly seconds: number;
}

/** Spreads words over actors of the nodes, several times over, and gathers what they have counted. */
export async function countWords(
  words: string[],
  rounds: number,
  nodes: NodeProcess[],
  guard: Guard,
): Promise<Result> {
  await using system = new ActorSystem("client", { logger: null });
  await using remote = await Remote.start(system);
  const counters: Counter[] = [];
  try {
    await guard.over(spawnCounters(remote, nodes, counters));
    const start = performance.now();
    await guard.over(feed(words, rounds, counters, guard));
    const tallies = await guard.over(gather(counters));
    return { tallies, seconds: (performance.now() - start) / 1000 };
  } catch (error) {
    if (!(error instanceof NodeLost)) throw error;
    await remote.drain(); // then it is known which messages arrived
    throw new DemoError(
      `${error.message}\n${whatWasLost(counters, error.node, system)}`,
    );
  }
}

async function spawnCounters(
  remote: Remote,
  nodes: NodeProcess[],
  counters: Counter[],
): Promise<void> {
  for (let i = 0; i < COUNTERS_PER_NODE; i++) {
    for (const node of nodes) {
      const name = `counter-${counters.length + 1}`;
      const ref = await remote.spawn(node.address, WordCounter, { name });
      counters.push({ name, node, ref, sent: 0 });
    }
  }
}

/** Sends every word to the one actor that counts it, so that the counts of one word are in one place. */
async function feed(
  words: string[],
  rounds: number,
  counters: Counter[],
  guard: Guard,
): Promise<void> {
  using progress = new Progress(words.length * rounds);
  let sent = 0;
  for (let round = 0; round < rounds; round++) {
    for (const word of words) {
      const counter = counters[hash(word) % counters.length]!;
      counter.ref.tell(WordCounter.count(word));
      counter.sent++;
      if (++sent % BATCH > 0) continue;
      for (const { node, ref } of counters) {
        guard.waitsFor(node);
        await ref.ready();
      }
      guard.moved();
      progress.show(sent);
    }
  }
  progress.show(sent);
}

function gather(counters: Counter[]): Promise<[Counter, Tally][]> {
  return Promise.all(counters.map(async (counter) => {
    const tally = await counter.ref.ask(WordCounter.tally({ top: 10 }));
    return [counter, tally];
  }));
}

/** A number that is always the same for the same word (FNV-1a). */
function hash(word: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) {
    value = Math.imul(value ^ word.charCodeAt(i), 0x01000193);
  }
  return value >>> 0;
}

function whatWasLost(
  counters: Counter[],
  node: NodeProcess,
  { deadLetters }: ActorSystem,
): string {
  const lost = counters.filter((it) => it.node === node);
  if (lost.length === 0) return "No actor was on it yet";
  const names = lost.map(({ name }) => name).join(" and ");
  const sent = lost.reduce((sum, it) => sum + it.sent, 0);
  return `With it went what ${names} had counted: ${
    format(sent)
  } words were sent to them, ` +
    `${format(deadLetters)} of these were never acknowledged`;
}
