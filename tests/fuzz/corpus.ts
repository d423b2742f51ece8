/**
 * Inputs that are kept: one file for each target, with one input a line behind what came of it.
 *
 * @module
 */
import type { Corpus, Target } from "./fuzz.ts";
import type { Found } from "./fuzz_worker.ts";

const FOLDER = new URL("corpus/", import.meta.url);
/** Longer inputs are not kept. */
const MOST_BYTES = 160;
/** How many inputs of one target are kept. */
const MOST_INPUTS = 24;

/** Reads the inputs of all targets. */
export async function readCorpus(targets: readonly Target[]): Promise<Corpus> {
  const corpus = new Map<string, Uint8Array[]>();
  for (const { name } of targets) {
    const lines = await linesOf(name);
    corpus.set(
      name,
      lines.map((line) => Uint8Array.fromHex(line.split(" ")[0] ?? "")),
    );
  }
  return corpus;
}

/** Adds inputs, each with what came of it, unless there are inputs enough. Returns how many were added. */
export async function keep(
  found: readonly Found[],
): Promise<number> {
  let added = 0;
  for (const name of new Set(found.map(({ target }) => target))) {
    const lines = await linesOf(name);
    const known = new Set(lines.map((line) => line.slice(line.indexOf(" "))));
    for (const { target, input, outcome } of found) {
      if (target !== name || input.length > MOST_BYTES) continue;
      if (known.has(` ${outcome}`) || lines.length >= MOST_INPUTS) continue;
      known.add(` ${outcome}`);
      lines.push(`${input.toHex()} ${outcome}`);
      added++;
    }
    const text = lines.map((line) => `${line}\n`).join("");
    await Deno.writeTextFile(new URL(`${name}.txt`, FOLDER), text);
  }
  return added;
}

async function linesOf(name: string): Promise<string[]> {
  try {
    const text = await Deno.readTextFile(new URL(`${name}.txt`, FOLDER));
    return text.split("\n").filter((line) => line !== "");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
