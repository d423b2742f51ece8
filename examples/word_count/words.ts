/**
 * Files, and the words in them.
 *
 * @module
 */

import { resolve } from "node:path";
import { DemoError } from "./demo_error.ts";

const WORD = /\p{L}[\p{L}\p{M}\p{N}’'-]*/gu;

/** Reads the words of files, in lower case. */
export async function readWords(files: (string | URL)[]): Promise<string[]> {
  const texts = await Promise.all(files.map(readText));
  return texts.flatMap((text) => text.toLowerCase().match(WORD) ?? []);
}

/** The project's own Markdown: beside the folder of the examples, and everywhere in `docs/`. */
export async function ownFiles(): Promise<URL[]> {
  const root = new URL("../../", import.meta.url);
  try {
    return [...await filesIn(root), ...await filesBelow(new URL("docs/", root))]
      .filter(({ pathname }) => pathname.endsWith(".md"))
      .sort();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new DemoError(
      "The project's own Markdown is not here: name the files to count",
      2,
    );
  }
}

async function filesIn(folder: URL): Promise<URL[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  return entries.filter((it) => it.isFile).map(({ name }) =>
    new URL(name, folder)
  );
}

async function filesBelow(folder: URL): Promise<URL[]> {
  const files = await filesIn(folder);
  for await (const { isDirectory, name } of Deno.readDir(folder)) {
    if (isDirectory) {
      files.push(...await filesBelow(new URL(`${name}/`, folder)));
    }
  }
  return files;
}

async function readText(file: string | URL): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    const path = file instanceof URL ? file.pathname : resolve(file);
    throw new DemoError(`Cannot read "${path}": ${reasonOf(error)}`, 2);
  }
}

function reasonOf(error: unknown): string {
  const { IsADirectory, NotCapable, NotFound, PermissionDenied } = Deno.errors;
  if (error instanceof NotFound) return "there is no such file";
  if (error instanceof IsADirectory) return "it is a directory";
  if (error instanceof PermissionDenied) return "this user may not read it";
  if (error instanceof NotCapable) return "Deno was not given --allow-read";
  return String(error);
}
