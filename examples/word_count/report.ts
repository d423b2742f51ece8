/**
 * What is printed in the end.
 *
 * @module
 */

import type { Result } from "./count.ts";
import { mostFrequent } from "./counter.ts";
import { DemoError } from "./demo_error.ts";
import { format } from "./progress.ts";

/**
 * Prints the most frequent words, how fast it went and where each actor ran.
 *
 * @throws {DemoError} When the actors have not counted what was sent.
 */
export function report({ tallies, seconds }: Result): void {
  console.log("\nThe most frequent words:");
  const top = mostFrequent(tallies.flatMap(([, { top }]) => top), 10);
  for (const [word, times] of top) {
    console.log(`${format(times).padStart(12)}  ${word}`);
  }

  console.log("\nWhere the actors ran:");
  for (const [{ name, node }, { words, process }] of tallies) {
    console.log(
      `  ${name} on ${node.address}, process ${process}: ${
        format(words)
      } words`,
    );
  }

  const sent = tallies.reduce((sum, [counter]) => sum + counter.sent, 0);
  const counted = tallies.reduce((sum, [, { words }]) => sum + words, 0);
  const rate = Math.round(counted / seconds);
  console.log(
    `\n${format(counted)} messages in ${seconds.toFixed(1)} s: ${
      format(rate)
    } messages/s`,
  );
  if (counted !== sent) {
    throw new DemoError(
      `${format(sent)} words were sent and ${format(counted)} counted`,
    );
  }
  console.log("Every word that was sent was counted");
}
