/**
 * Processes that a benchmark starts.
 * @module
 */

const ROOT = new URL("../", import.meta.url);

/** What a {@linkcode spawnDeno} needs to know. */
export interface DenoOptions {
  /** The script, relative to the folder of this file. */
  script: string;
  /** Its arguments. */
  args: readonly string[];
  /** Permission flags. */
  permissions?: readonly string[];
  /** Flags of V8. */
  v8Flags?: string | undefined;
  /** Whether its standard input is a pipe: the child is expected to end when that is closed. */
  stdin?: "piped" | "null";
}

/** Starts a script of this folder in a process of its own, with the project's configuration. */
export function spawnDeno(options: DenoOptions): Deno.ChildProcess {
  const { script, args, permissions = [], v8Flags, stdin = "null" } = options;
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--no-lock",
      `--config=${new URL("deno.json", ROOT).pathname}`,
      ...(v8Flags === undefined ? [] : [`--v8-flags=${v8Flags}`]),
      ...permissions,
      new URL(script, import.meta.url).href,
      ...args,
    ],
    stdin,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}
