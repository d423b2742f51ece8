import { assertEquals } from "@std/assert";
import { offlineImportMap } from "../../tools/import_map.ts";

const ROOT = new URL("../../", import.meta.url);

/** Checks a program that imports all entry points, in a folder of its own with these options of the compiler. */
async function checkWith(
  compilerOptions: Readonly<Record<string, boolean>>,
): Promise<{ code: number; text: string }> {
  const config = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  const { imports } = offlineImportMap(config, ROOT);
  const entries = Object.keys(config.exports)
    .map((path) => `import "${config.name}${path.slice(1)}";\n`);
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      `${folder}/deno.json`,
      JSON.stringify({ imports, compilerOptions }),
    );
    await Deno.writeTextFile(`${folder}/main.ts`, entries.join(""));
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", "main.ts"],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    return { code, text: new TextDecoder().decode(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a program that links the library type-checks with the options that Deno has by itself", async () => {
  assertEquals(await checkWith({}), { code: 0, text: "" });
});

Deno.test("a program that links the library type-checks with stricter options", async () => {
  const strict = {
    exactOptionalPropertyTypes: true,
    noFallthroughCasesInSwitch: true,
    noImplicitOverride: true,
    noImplicitReturns: true,
    noUncheckedIndexedAccess: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
  };
  assertEquals(await checkWith(strict), { code: 0, text: "" });
});
