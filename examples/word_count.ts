/**
 * Counts the words of files with actors in two processes: `deno task demo [FILES]`.
 *
 * @module
 */

import { countWords } from "./word_count/count.ts";
import { DemoError } from "./word_count/demo_error.ts";
import { Guard } from "./word_count/guard.ts";
import { runNode } from "./word_count/node.ts";
import { NodeProcess } from "./word_count/node_process.ts";
import { format } from "./word_count/progress.ts";
import { report } from "./word_count/report.ts";
import { ownFiles, readWords } from "./word_count/words.ts";

const USAGE = `Counts the words of files with actors in two processes.

Usage: deno task demo [FILES]

Without files it counts the project's own Markdown. Few words are sent in many
rounds, so that there is something to see.`;

/** How many words there are to be at least. */
const ENOUGH = 8_000_000;

async function main(args: string[]): Promise<number> {
  const [first, name] = args;
  if (first === "--node" && name !== undefined) {
    await runNode(name); // what a child process of this program does
    return 0;
  }
  if (args.includes("--help") || args.includes("-h")) {
    console.log(USAGE);
    return 0;
  }
  try {
    await demo(args);
    return 0;
  } catch (error) {
    if (error instanceof DemoError) {
      console.error(error.message);
      return error.exitCode;
    }
    if (!lacksPermission(error)) throw error;
    console.error(
      `Deno did not give this program what it needs: ${error.message}\n` +
        "It runs with --allow-run --allow-net=127.0.0.1 --allow-read",
    );
    return 1;
  }
}

function lacksPermission(error: unknown): error is Error {
  const { NotCapable } = Deno.errors;
  return error instanceof NotCapable ||
    error instanceof Error && error.cause instanceof NotCapable;
}

async function demo(args: string[]): Promise<void> {
  const option = args.find((it) => it.startsWith("-"));
  if (option !== undefined) {
    throw new DemoError(`There is no option "${option}"\n\n${USAGE}`, 2);
  }
  const files = args.length > 0 ? args : await ownFiles();
  const words = await readWords(files);
  if (words.length === 0) {
    throw new DemoError("There are no words in these files", 2);
  }
  const rounds = Math.ceil(ENOUGH / words.length);
  console.log(
    `Files: ${files.length}, words: ${format(words.length)}, rounds: ${
      format(rounds)
    }`,
  );

  using guard = new Guard();
  await using left = await guard.over(NodeProcess.start("left"));
  await using right = await guard.over(NodeProcess.start("right"));
  const nodes = [left, right];
  for (const node of nodes) {
    console.log(`Started node ${node}`);
    guard.watch(node);
  }
  report(await countWords(words, rounds, nodes, guard));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
