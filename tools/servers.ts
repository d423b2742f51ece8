/**
 * The servers of other makers that some tests talk to. A test run starts those that are installed; only a run for
 * continuous integration installs the others.
 *
 * @module
 */

import { goProgram } from "./go_program.ts";

/** A server that tests can use. */
export interface Server {
  /** What to call it in messages. */
  readonly name: string;
  /** The only folder whose tests use it; when it is left out, all may. */
  readonly folder?: string;
  /**
   * Starts it on a free loopback port.
   *
   * @param scratch A folder for its files, removed after the run.
   * @returns The running server, or `undefined` when it is not installed.
   */
  start(scratch: string): Promise<RunningServer | undefined>;
  /** Installs it. */
  install(): Promise<void>;
}

/** A server that answers. */
export interface RunningServer extends AsyncDisposable {
  /** Environment variables that tell the tests where it is. */
  readonly env: Readonly<Record<string, string>>;
}

/** All servers that tests can use. */
export const SERVERS: readonly Server[] = [
  goProgram({
    name: "GoAkt node",
    folder: "tests/interop/goakt",
    sources: "node",
    variable: "TROUPE_GOAKT_NODE",
  }),
  goProgram({
    name: "thief of certificates",
    folder: "tests/interop/tls",
    sources: "thief",
    variable: "TROUPE_TLS_THIEF",
  }),
];

/**
 * The servers that a run of the tests may use.
 *
 * @param servers All there are.
 * @param args Paths and flags of the run; without a path all tests run.
 */
export function neededServers(
  servers: readonly Server[],
  args: readonly string[],
): readonly Server[] {
  const paths = args.filter((arg) => !arg.startsWith("-") && /[./]/.test(arg))
    .map((path) => path.replace(/^\.\//, "").replace(/\/$/, ""));
  if (paths.length === 0) return servers;
  const isIn = (path: string, folder: string) =>
    folder === "." || folder === "" || path === folder ||
    path.startsWith(`${folder}/`);
  return servers.filter(({ folder }) =>
    folder === undefined ||
    paths.some((path) => isIn(path, folder) || isIn(folder, path))
  );
}

/** The servers of one run; disposing stops them in reverse order. */
export interface RunningServers extends AsyncDisposable {
  /** Environment variables for the tests. */
  readonly env: Readonly<Record<string, string>>;
  /** Names of the servers that are not installed. */
  readonly missing: readonly string[];
}

/** How to start servers. */
export interface StartServersOptions {
  /**
   * Whether to install what is missing.
   *
   * @default {false}
   */
  install?: boolean;
}

/**
 * Starts the servers, one after the other.
 *
 * @param servers What to start.
 * @param scratch A folder for their files.
 * @throws {Error} When a server was installed and still cannot be started; those started before are stopped.
 */
export async function startServers(
  servers: readonly Server[],
  scratch: string,
  options: StartServersOptions = {},
): Promise<RunningServers> {
  await using stack = new AsyncDisposableStack();
  const env: Record<string, string> = {};
  const missing: string[] = [];
  for (const server of servers) {
    const running = await startOne(server, scratch, options.install ?? false);
    if (running === undefined) {
      missing.push(server.name);
      continue;
    }
    stack.use(running);
    Object.assign(env, running.env);
  }
  const owned = stack.move();
  return { env, missing, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function startOne(
  server: Server,
  scratch: string,
  install: boolean,
): Promise<RunningServer | undefined> {
  const running = await server.start(scratch);
  if (running !== undefined || !install) return running;
  await server.install();
  const installed = await server.start(scratch);
  if (installed === undefined) {
    throw new Error(
      `Cannot start ${server.name}: not found after it was installed`,
    );
  }
  return installed;
}
