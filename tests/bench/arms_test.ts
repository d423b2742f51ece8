import { assert, assertEquals } from "@std/assert";
import { resolve } from "node:path";
import { peerFigures } from "../../bench/peers/figures.ts";
import type { Trial } from "../../bench/peers/trial.ts";

const BENCH = resolve(import.meta.dirname ?? ".", "../../bench");

function deno(...args: string[]): Promise<Deno.CommandOutput> {
  return new Deno.Command(Deno.execPath(), { args, cwd: BENCH }).output();
}

const PROJECT = [
  "run",
  "--quiet",
  "--no-prompt",
  "--cached-only",
  "--frozen",
  "--config=peers/deno.json",
];

/**
 * Whether the packages were downloaded, as `deno task check` does; a test run does not download what only
 * benchmarks need. Deno loads all packages of a lock file with the first.
 */
async function arePackagesCached(): Promise<boolean> {
  return (await deno(...PROJECT, "peers/nact.ts")).success;
}

Deno.test({
  name:
    "every arm of the suite peers proves its work, and fails when one thing less was done",
  ignore: !await arePackagesCached(),
  async fn() {
    const { code, stdout, stderr } = await deno(
      ...PROJECT,
      "--v8-flags=--expose-gc",
      "--allow-env",
      "peers/prove.ts",
    );
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const trials: Trial[] = new TextDecoder().decode(stdout).trim().split("\n")
      .map((it) => JSON.parse(it));
    assertEquals(
      trials.map(({ name }) => name),
      peerFigures.map(({ name }) => name),
    );
    for (const { name, whole, short } of trials) {
      assertEquals(typeof whole, "number", `${name}: ${whole}`);
      const [, done, wanted] =
        /Cannot count \w+: (\d+) were done, not (\d+)$/.exec(String(short)) ??
          [];
      assert(Number(done) < Number(wanted), `${name}: ${short}`);
    }
  },
});
