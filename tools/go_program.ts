/**
 * Programs of ours in Go that tests run as peers.
 * @module
 */

import type { RunningServer, Server } from "./servers.ts";

/** Time to get the modules and to build everything, in milliseconds. */
const LONGEST = 600_000;
/** On the search path, or where Go's own installer puts it. */
const PLACES = ["go", "/usr/local/go/bin/go"];

const discard = Deno.build.os === "windows" ? "NUL" : "/dev/null";

/** What a {@linkcode goProgram} is made of. */
export interface GoProgramOptions {
  /** What to call it in messages. */
  name: string;
  /** The only folder whose tests use it. */
  folder: string;
  /** Where its sources are, in that folder. */
  sources: string;
  /** The environment variable that tells the tests where the program is. */
  variable: string;
}

/** A program that is built once for a run; each test starts it as it needs it. */
export function goProgram(options: GoProgramOptions): Server {
  const { name, folder, sources, variable } = options;
  const cwd = new URL(`../${folder}/${sources}/`, import.meta.url);
  return {
    name: `Go, or what its ${name} needs,`,
    folder,
    async start(scratch) {
      const program = `${scratch}/${sources}`;
      // Only a run that installs may download.
      const args = ["build", "-buildvcs=false", "-o", program, "."];
      const failure = await go(args, cwd, { GOPROXY: "off" });
      return failure === undefined ? built(variable, program) : undefined;
    },
    async install() {
      // A build gets the modules that it needs, "go mod download" all that any of them knows of.
      const failure = await go(
        ["build", "-buildvcs=false", "-o", discard, "."],
        cwd,
      );
      if (failure === undefined) return;
      throw new Error(`Cannot build the ${name}: ${failure}`);
    },
  };
}

function built(variable: string, program: string): RunningServer {
  return {
    env: { [variable]: program },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Runs Go on some sources; what went wrong, if anything did. */
async function go(
  args: string[],
  cwd: URL,
  env: Record<string, string> = {},
): Promise<string | undefined> {
  for (const place of PLACES) {
    try {
      const { success, stderr } = await new Deno.Command(place, {
        args,
        cwd,
        env: { CGO_ENABLED: "0", ...env },
        stdin: "null",
        stdout: "null",
        stderr: "piped",
        signal: AbortSignal.timeout(LONGEST),
      }).output();
      return success
        ? undefined
        : new TextDecoder().decode(stderr).slice(-2_000);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return `Go is not installed, one of ${PLACES.join(", ")} was expected`;
}
