// deno-lint-ignore-file no-console -- a command line tool prints
/**
 * Checks and tests the project, with or without JSR: `test.ts check [PATHS]`, `test.ts test [PATHS AND FLAGS]`.
 *
 * @module
 */
import {
  jsrImports,
  offlineImportMap,
  type PackageConfig,
} from "./import_map.ts";
import { isJsrAvailable } from "./jsr.ts";
import { neededServers, SERVERS, startServers } from "./servers.ts";
import { formatOutcome, isGreen, readOutcome } from "./summary.ts";

const ROOT = new URL("../", import.meta.url);

/** The libraries that benchmarks compare with are no dependencies: what uses them is a project of its own. */
const PEERS_CHECK = [
  "check",
  "--quiet",
  "--frozen",
  "--config=bench/peers/deno.json",
  "bench/peers",
];

/** What the test of these libraries needs; without it that test is ignored. */
const PEERS_DOWNLOAD = [
  "cache",
  "--quiet",
  "--frozen",
  "--config=bench/peers/deno.json",
  "bench/peers/arms.ts",
];

async function main(args: string[]): Promise<number> {
  const [command, ...rest] = args;
  if (command !== "check" && command !== "test") {
    console.error(`Cannot run "${command ?? ""}": expected "check" or "test"`);
    return 2;
  }
  // Everything that a run leaves behind is in this folder, the temporary files of the tests included.
  const scratch = await Deno.makeTempDir({ prefix: "troupe-" });
  try {
    const mapFlags = await importMapFlags(scratch);
    return command === "check"
      ? await check(mapFlags, rest)
      : await test(mapFlags, rest, scratch);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** No flags when JSR can be had, otherwise the flag for the map of the stand-ins. */
async function importMapFlags(scratch: string): Promise<string[]> {
  const config: PackageConfig = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  if (await isJsrAvailable(jsrImports(config))) return [];
  const path = `${scratch}/import_map.json`;
  await Deno.writeTextFile(
    path,
    JSON.stringify(offlineImportMap(config, ROOT)),
  );
  return ["--import-map", path];
}

async function check(mapFlags: string[], rest: string[]): Promise<number> {
  const args = ["check", ...mapFlags, ...(rest.length > 0 ? rest : ["."])];
  const { code } = await deno(args, { stdout: "inherit" }).status;
  if (code !== 0 || rest.length > 0) return code;
  return (await deno(PEERS_CHECK, { stdout: "inherit" }).status).code;
}

async function test(
  mapFlags: string[],
  rest: string[],
  scratch: string,
): Promise<number> {
  const forAllServers = Deno.env.get("CI") === "true";
  const needed = neededServers(SERVERS, rest);
  await using servers = await startServers(needed, scratch, {
    install: forAllServers,
  });
  if (forAllServers) await deno(PEERS_DOWNLOAD, {}).status;
  for (const name of servers.missing) {
    console.error(`${name} is not installed: its tests are ignored`);
  }
  const flags = [
    "--doc",
    "--parallel",
    "--no-prompt",
    "--allow-net=127.0.0.1",
    "--allow-read",
    "--allow-run",
    `--allow-write=${scratch}`,
    ...environmentFlags(Object.keys(servers.env)),
    ...mapFlags,
  ];
  const child = deno(["test", ...flags, ...rest], {
    stdout: "piped",
    env: {
      TMPDIR: scratch,
      ...(Deno.stdout.isTerminal() && { FORCE_COLOR: "1" }),
      ...servers.env,
    },
  });
  const [output, { code }] = await Promise.all([
    passOn(child.stdout),
    child.status,
  ]);
  const outcome = readOutcome(output, code, { strict: forAllServers });
  console.log(formatOutcome(outcome));
  if (isGreen(outcome)) return 0;
  return code === 0 ? 1 : code;
}

function environmentFlags(names: string[]): string[] {
  return names.length > 0 ? [`--allow-env=${names.join(",")}`] : [];
}

function deno(args: string[], options: Deno.CommandOptions): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    stdin: "null",
    ...options,
  }).spawn();
}

/** Prints a stream while it comes, and gives its end, where the summary is. */
async function passOn(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let end = "";
  for await (const chunk of stream) {
    await writeAll(chunk);
    end = (end + decoder.decode(chunk, { stream: true })).slice(-100_000);
  }
  return end;
}

async function writeAll(chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length;) {
    at += await Deno.stdout.write(chunk.subarray(at));
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
