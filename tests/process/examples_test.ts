import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { Program, ROOT } from "./program.ts";

/** The flags that the table of permissions in the README gives an example. */
function flagsOf(readme: string, file: string): string[] | undefined {
  const row = readme.split("\n").find((line) =>
    line.startsWith(`| \`examples/${file}\``)
  );
  if (row === undefined) return undefined;
  return Array.from(row.matchAll(/--allow-[^\s`]+/g), ([flag]) => flag);
}

function run(file: string, flags: string[]): Program {
  return new Program("run", "--no-prompt", ...flags, `examples/${file}`);
}

const readme = await Deno.readTextFile(`${ROOT}/README.md`);
const output: Record<string, RegExp> = {
  "hello.ts": /^Hello Ada, you are guest 1\.\nHello Alan, you are guest 2\.\n$/,
  "word_count.ts":
    /^ +[\d,]+ {2}the\n[^]*\nEvery word that was sent was counted\n$/m,
};

Deno.test("README.md names the permissions of every example, each of which is run here", async () => {
  const files: string[] = [];
  for await (const { name } of Deno.readDir(`${ROOT}/examples`)) {
    if (name.endsWith(".ts")) files.push(name);
  }
  const named = files.filter((file) => flagsOf(readme, file) !== undefined);
  assertEquals(named.sort(), files.sort());
  assertEquals(Object.keys(output).sort(), files.sort());
});

for (const [file, pattern] of Object.entries(output)) {
  const flags = flagsOf(readme, file) ?? [];

  Deno.test(`examples/${file} runs with the permissions that README.md names`, async () => {
    await using program = run(file, flags);
    const { code, stdout, stderr } = await program.end();
    assertEquals(code, 0, stderr);
    assertMatch(stdout, pattern);
  });

  for (const flag of flags) {
    Deno.test(`examples/${file} needs ${flag}`, async () => {
      await using program = run(file, flags.filter((it) => it !== flag));
      const { code, stderr } = await program.end();
      assertNotEquals(code, 0);
      assertMatch(stderr, new RegExp(flag.split("=")[0] ?? flag));
    });
  }
}
