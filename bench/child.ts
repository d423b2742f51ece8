/**
 * Processes that a benchmark starts.
 * @module
 */

/** What a {@linkcode spawnDeno} needs to know. */
export interface DenoOptions {
  /** The script, relative to the folder of this file. */
  script: string;
  /** Its arguments. */
  args: readonly string[];
  /**
   * The configuration, relative to the folder of this file; its lock file is kept to.
   * @default {"../deno.json"} without a lock file
   */
  config?: string;
  /** Permission flags. */
  permissions?: readonly string[];
  /** Flags of V8. */
  v8Flags?: string | undefined;
  /** Whether its standard input is a pipe: the child is expected to end when that is closed. */
  stdin?: "piped" | "null";
}

/** Starts a script of this folder in a process of its own, with the configuration of a project. */
export function spawnDeno(options: DenoOptions): Deno.ChildProcess {
  const { script, args, config, permissions = [], v8Flags, stdin = "null" } =
    options;
  const path = new URL(config ?? "../deno.json", import.meta.url).pathname;
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      `--config=${path}`,
      config === undefined ? "--no-lock" : "--frozen",
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
