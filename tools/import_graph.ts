/**
 * The relative imports of a file that exist at run time, read from its text, and the ways along them.
 *
 * What is erased does not count: types may refer to one another across files, as values may not. Files are formatted by `deno fmt`, so a statement starts in the first column; examples in comments do not.
 *
 * @module
 */
import { dirname, resolve } from "node:path";

const STATEMENT =
  /^(?:import|export)\s+(?!type\s+[\w${*])(?:[\w$]+\s*,?\s*)?(?:\*(?:\s+as\s+[\w$]+)?\s*|\{[^}]*\}\s*)?from\s+["'](\.[^"']+)["']|^import\s+["'](\.[^"']+)["']/gm;

/** Reads a file's text, or gives `undefined` when there is none. */
export type ReadText = (path: string) => string | undefined;

/**
 * Lists the relative specifiers that a module imports or re-exports, `import type` and `export type` aside.
 *
 * @param text The source of the module, formatted.
 * @returns The specifiers in order of appearance.
 */
export function relativeImports(text: string): string[] {
  return Array.from(
    text.matchAll(STATEMENT),
    (match) => match[1] ?? match[2] ?? "",
  );
}

/** The imports between files, read when asked for and kept until {@linkcode ImportGraph.forget}. */
export class ImportGraph {
  #read: ReadText;
  #targets: Map<string, string[]>;

  /** @param read How to read a file by its absolute path. */
  constructor(read: ReadText) {
    this.#read = read;
    this.#targets = new Map();
  }

  /** Drops what is known about a file, which may have changed. */
  forget(path: string): void {
    this.#targets.delete(path);
  }

  /**
   * Finds the shortest way along imports.
   *
   * @param from The absolute path of the file to start at.
   * @param to The absolute path of the file to reach.
   * @returns The files on the way, both ends included, or `undefined` when there is none.
   */
  path(from: string, to: string): string[] | undefined {
    const before = new Map<string, string | undefined>([[from, undefined]]);
    for (const file of before.keys()) {
      if (file === to) return trail(before, to);
      for (const target of this.#targetsOf(file)) {
        if (!before.has(target)) before.set(target, file);
      }
    }
    return undefined;
  }

  #targetsOf(file: string): string[] {
    let targets = this.#targets.get(file);
    if (targets === undefined) {
      const text = file.endsWith(".ts") ? this.#read(file) ?? "" : "";
      targets = relativeImports(text).map((it) => resolve(dirname(file), it));
      this.#targets.set(file, targets);
    }
    return targets;
  }
}

function trail(before: Map<string, string | undefined>, end: string): string[] {
  const files: string[] = [];
  for (
    let file: string | undefined = end;
    file !== undefined;
    file = before.get(file)
  ) {
    files.push(file);
  }
  return files.reverse();
}
