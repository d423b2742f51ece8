/**
 * The GoAkt node that tests talk to: a program of ours, built by Go.
 * @module
 */

import type { RunningServer, Server } from "./servers.ts";

const SOURCES = new URL("../tests/interop/goakt/node/", import.meta.url);
/** Time to get the modules and to build everything, in milliseconds. */
const LONGEST = 600_000;

const discard = Deno.build.os === "windows" ? "NUL" : "/dev/null";

/** Builds the program; each test starts it as it needs it. */
export const goaktNode: Server = {
  name: "Go, or what its GoAkt node needs,",
  folder: "tests/interop/goakt",
  async start(scratch) {
    const program = `${scratch}/goakt-node`;
    // Only a run that installs may download.
    const failure = await go(["build", "-o", program, "."], { GOPROXY: "off" });
    return failure === undefined ? built(program) : undefined;
  },
  async install() {
    // A build gets the modules that it needs, "go mod download" all that any of them knows of.
    const failure = await go(["build", "-o", discard, "."]);
    if (failure === undefined) return;
    throw new Error(`Cannot build the GoAkt node: ${failure}`);
  },
};

function built(program: string): RunningServer {
  return {
    env: { TROUPE_GOAKT_NODE: program },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Runs Go on the sources; what went wrong, if anything did. */
async function go(
  args: string[],
  env: Record<string, string> = {},
): Promise<string | undefined> {
  try {
    const { success, stderr } = await new Deno.Command("go", {
      args,
      cwd: SOURCES,
      env: { CGO_ENABLED: "0", ...env },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      signal: AbortSignal.timeout(LONGEST),
    }).output();
    return success ? undefined : new TextDecoder().decode(stderr).slice(-2_000);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "Go is not installed";
    throw error;
  }
}
