import { assertEquals, assertStringIncludes } from "@std/assert";
import { resolve } from "node:path";

const ROOT = resolve(import.meta.dirname ?? ".", "../..");

interface Run {
  code: number;
  lastLine: string;
  text: string;
}

/** Runs the runner on one test file that is written for it. */
async function runOn(
  source: string,
  flags: string[] = [],
  env: Record<string, string> = {},
): Promise<Run> {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/sample_test.ts`;
  await Deno.writeTextFile(file, source);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-run",
      "--allow-read",
      "--allow-write",
      "--allow-env",
      "--allow-net=jsr.io",
      `${ROOT}/tools/test.ts`,
      "test",
      ...flags,
      file,
    ],
    env: { NO_COLOR: "1", CI: "", ...env },
  }).output();
  const out = new TextDecoder().decode(stdout);
  return {
    code,
    lastLine: out.trimEnd().split("\n").at(-1) ?? "",
    text: out + new TextDecoder().decode(stderr),
  };
}

const GOOD = `
import { assertEquals } from "@std/assert";
import { delay } from "@std/async";
Deno.test("one", async () => assertEquals(await delay(0), undefined));
Deno.test("two", async () => {
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, "x");
});
`;

Deno.test("tools/test.ts runs tests that use the assertion library and counts them", async () => {
  const run = await runOn(GOOD);
  assertEquals(run.lastLine, "2 passed, 0 failed", run.text);
  assertEquals(run.code, 0);
});

Deno.test("tools/test.ts passes arguments through", async () => {
  const run = await runOn(GOOD, ["--filter", "one"]);
  assertEquals(run.lastLine, "1 passed, 0 failed", run.text);
  assertEquals(run.code, 0);
});

Deno.test("tools/test.ts fails when a test fails", async () => {
  const run = await runOn(
    `${GOOD}\nDeno.test("three", () => assertEquals(1, Number("2")));`,
  );
  assertEquals(run.lastLine, "2 passed, 1 failed", run.text);
  assertEquals(run.code, 1);
});

Deno.test("tools/test.ts fails when no test ran", async () => {
  const run = await runOn(GOOD, ["--filter", "no test has this name"]);
  assertEquals(run.lastLine, "0 passed, 0 failed", run.text);
  assertEquals(run.code, 1);
});

Deno.test("tools/test.ts fails when a file has a type error", async () => {
  const run = await runOn(`${GOOD}\nconst wrong: number = "text";`);
  assertEquals(run.lastLine, "0 passed, 1 failed", run.text);
  assertEquals(run.code, 1);
  assertStringIncludes(run.text, "TS2322");
});

Deno.test("tools/test.ts notices a leaked timer", async () => {
  const run = await runOn(
    'Deno.test("leaks", () => void setInterval(() => {}, 1000));',
  );
  assertEquals(run.lastLine, "0 passed, 1 failed", run.text);
  assertStringIncludes(run.text, "Leaks detected");
});

Deno.test("tools/test.ts counts an ignored test as failed when CI is true", async () => {
  const source =
    `${GOOD}\nDeno.test({ name: "three", ignore: 1 < 2, fn() {} });`;
  assertEquals((await runOn(source)).code, 0);
  const strict = await runOn(source, [], { CI: "true" });
  assertEquals(strict.lastLine, "2 passed, 1 failed", strict.text);
  assertEquals(strict.code, 1);
});
