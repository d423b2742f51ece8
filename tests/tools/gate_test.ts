import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { resolve } from "node:path";

const ROOT = resolve(import.meta.dirname ?? ".", "../..");

/** Runs a command of Deno with the configuration of the project on one file. */
async function judge(
  command: readonly string[],
  code: string,
): Promise<{ success: boolean; text: string }> {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/sample.ts`;
  await Deno.writeTextFile(file, code);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...command, "--config", `${ROOT}/deno.json`, file],
    env: { NO_COLOR: "1" },
  }).output();
  await Deno.remove(folder, { recursive: true });
  const decoder = new TextDecoder();
  return { success, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test("deno task ok runs formatter, linter, type check, doc lint, publish check and tests, and stops at the first that fails", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(`${ROOT}/deno.json`));
  assertEquals(tasks.ok.command.split(" && "), [
    "deno fmt --check",
    "deno task lint",
    "deno task check",
    "deno task doc",
    "deno publish --dry-run --allow-dirty",
    "deno task test",
  ]);
  assertEquals(tasks.lint.command, "deno lint");
});

Deno.test("deno fmt --check refuses what is not formatted, and takes what is", async () => {
  const command = ["fmt", "--check"];
  const bad = await judge(command, "export const one   = 1\n");
  assertEquals(bad.success, false, bad.text);
  const good = await judge(command, "export const one = 1;\n");
  assertEquals(good.success, true, good.text);
});

Deno.test("deno lint refuses imports and variables that nobody uses, and what the style forbids", async () => {
  const cases: [code: string, rule: string][] = [
    [
      'import { equal } from "node:assert";\nexport const one = 1;\n',
      "no-unused-vars",
    ],
    [
      "export function two(): number {\n  const one = 1;\n  return 2;\n}\n",
      "no-unused-vars",
    ],
    ["export const one: any = 1;\n", "no-explicit-any"],
    ['console.log("noise");\n', "no-console"],
    ["// TODO: later\nexport const one = 1;\n", "ban-untagged-todo"],
  ];
  for (const [code, rule] of cases) {
    const { success, text } = await judge(["lint"], code);
    assert(!success, code);
    assertStringIncludes(text, rule);
  }
  const good = await judge(["lint"], "export const one = 1;\n");
  assertEquals(good.success, true, good.text);
});
