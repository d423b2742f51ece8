import { assert, assertEquals } from "@std/assert";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname ?? ".", "../..");

interface Lock {
  npm: Record<string, unknown>;
}

interface Module {
  dependencies?: { specifier: string }[];
}

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await Deno.readTextFile(join(ROOT, path)));
}

/** The names of the packages in a lock file, without their versions. */
async function lockedIn(path: string): Promise<string[]> {
  const { npm } = await readJson<Lock>(path);
  return Object.keys(npm).map((it) => it.slice(0, it.indexOf("@", 1)));
}

/** Every specifier in the module graph of an entry point, imported dynamically or not. */
async function specifiersFrom(entry: string): Promise<Set<string>> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--frozen", entry],
    cwd: ROOT,
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const { modules }: { modules: Module[] } = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  return new Set(
    modules.flatMap(({ dependencies = [] }) =>
      dependencies.map(({ specifier }) => specifier)
    ),
  );
}

/** Which of `packages` are imported, with their bare name or as `npm:`, and whatever is below them. */
function importedOf(packages: string[], specifiers: Set<string>): string[] {
  return packages.filter((name) =>
    [...specifiers].some((it) =>
      new RegExp(`^(npm:/?)?${RegExp.escape(name)}([@/]|$)`).test(it)
    )
  );
}

async function peerPackages(): Promise<string[]> {
  const packages = await lockedIn("bench/peers/deno.lock");
  const config = await readJson<{ imports: Record<string, string> }>(
    "bench/peers/deno.json",
  );
  for (const name of Object.keys(config.imports)) {
    assert(packages.includes(name), `"${name}" is not locked`);
  }
  return packages;
}

Deno.test("deno.lock has none of the packages that Troupe is measured against", async () => {
  const locked = await lockedIn("deno.lock");
  assert(locked.includes("@bufbuild/protobuf"));
  const packages = await peerPackages();
  assertEquals(packages.filter((name) => locked.includes(name)), []);
});

Deno.test("the package, the examples and the other benchmarks import none of the packages that Troupe is measured against", async () => {
  const packages = await peerPackages();
  const entries = ["mod.ts", "bench/main.ts", "bench/variant.ts"];
  for await (const { name } of Deno.readDir(join(ROOT, "examples"))) {
    if (name.endsWith(".ts")) entries.push(`examples/${name}`);
  }
  for (const entry of entries) {
    assertEquals(
      importedOf(packages, await specifiersFrom(entry)),
      [],
      entry,
    );
  }
});

Deno.test("the module graph shows a package that is measured against where one is imported", async () => {
  const packages = await peerPackages();
  const found = importedOf(
    packages,
    await specifiersFrom("bench/peers/arms.ts"),
  );
  assertEquals(found, ["effect", "nact", "xstate"]);
});

Deno.test("deno.json leaves files out of the type-check only, not out of fmt and lint", async () => {
  const { exclude, fmt, lint } = await readJson<
    {
      exclude: string[];
      fmt: { exclude: string[] };
      lint: { exclude: string[] };
    }
  >("deno.json");
  assertEquals(exclude, ["bench/peers/"]);
  assert(fmt.exclude.includes("!bench/peers/"));
  assert(lint.exclude.includes("!bench/peers/"));
});

Deno.test("the peers are type-checked as strictly as the rest", async () => {
  const read = async (path: string) =>
    (await readJson<{ compilerOptions: unknown }>(path)).compilerOptions;
  assertEquals(await read("bench/peers/deno.json"), await read("deno.json"));
});
