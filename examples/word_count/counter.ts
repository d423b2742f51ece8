/**
 * The actor: counts the words that it is sent.
 *
 * @module
 */

import { ask, kind, protocol, tell } from "@troupe/troupe";

/** A word and how often it came. */
export type Count = [word: string, times: number];

/** What an actor has counted, and where. */
export interface Tally {
  /** How many words it was sent. */
  readonly words: number;
  /** The most frequent ones. */
  readonly top: Count[];
  /** The process in which it ran. */
  readonly process: number;
}

/** The messages that a counting actor takes. */
export const WordCounter = protocol("word-counter", {
  count: tell<string>(),
  tally: ask<{ top: number }, Tally>(),
});

/** How a node creates one, when another node asks for it by name. */
export const WordCounterKind = kind(WordCounter, () => {
  const counts = new Map<string, number>();
  let words = 0;
  return {
    count(word) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
      words++;
    },
    tally: ({ top }) => ({
      words,
      top: mostFrequent([...counts], top),
      process: Deno.pid,
    }),
  };
});

/** The words that came most often, the most frequent first. */
export function mostFrequent(counts: Count[], howMany: number): Count[] {
  return counts.sort(([, a], [, b]) => b - a).slice(0, howMany);
}
