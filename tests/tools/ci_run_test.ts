import { assertEquals, assertStringIncludes } from "@std/assert";
import { resolve } from "node:path";

const SCRIPT = resolve(import.meta.dirname ?? ".", "../../.ci/run");
const COMMANDS = [
  "chmod",
  "dirname",
  "grep",
  "mkdir",
  "mktemp",
  "rm",
  "tail",
  "tee",
];

interface Run {
  code: number;
  lastLine: string;
  text: string;
}

/** Runs the script where the commands of `scripts` and the usual small ones are all that is there. */
async function runWith(scripts: Record<string, string>): Promise<Run> {
  const bin = await Deno.makeTempDir();
  const bash = await find("bash");
  const all = { ...scripts };
  for (const name of COMMANDS) all[name] = `exec ${await find(name)} "$@"`;
  for (const [name, body] of Object.entries(all)) {
    const text = `#!${bash}\n${body}\n`;
    await Deno.writeTextFile(`${bin}/${name}`, text, { mode: 0o755 });
  }
  const { code, stdout, stderr } = await new Deno.Command(bash, {
    args: [SCRIPT],
    env: { PATH: bin, TMPDIR: bin },
  }).output();
  const out = new TextDecoder().decode(stdout);
  return {
    code,
    lastLine: out.trimEnd().split("\n").at(-1) ?? "",
    text: out + new TextDecoder().decode(stderr),
  };
}

async function find(name: string): Promise<string> {
  for (const folder of ["/bin", "/usr/bin"]) {
    const path = `${folder}/${name}`;
    if (await Deno.stat(path).then((it) => it.isFile, () => false)) return path;
  }
  throw new Error(`Cannot find "${name}" in /bin or /usr/bin`);
}

/** A Deno whose gate says how many tests have passed. */
const green = (passed: number) => `
  echo "$@"
  if [ "$2" = ok ]; then echo "${passed} passed, 0 failed"; fi
  echo noise`;

Deno.test(".ci/run ends with the counts of the tests and the long runs", async () => {
  const run = await runWith({ deno: green(12) });
  assertEquals(run.lastLine, "14 passed, 0 failed", run.text);
  assertEquals(run.code, 0);
  for (const words of ["task ok", "task chaos 60", "task fuzz 1000000"]) {
    assertStringIncludes(run.text, words);
  }
});

Deno.test(".ci/run fails with a long run, and begins no other", async () => {
  const run = await runWith({
    deno: `${green(12)}; [ "$2" != chaos ]`,
  });
  assertEquals(run.lastLine, "12 passed, 1 failed", run.text);
  assertEquals(run.code, 1);
});

Deno.test(".ci/run fails with the tests", async () => {
  const run = await runWith({ deno: 'echo "12 passed, 3 failed"; exit 7' });
  assertEquals(run.lastLine, "12 passed, 3 failed", run.text);
  assertEquals(run.code, 7);
});

Deno.test(".ci/run counts a failure before the tests", async () => {
  const run = await runWith({
    deno: 'echo "error: Found 1 problem" >&2; exit 1',
  });
  assertEquals(run.lastLine, "0 passed, 1 failed", run.text);
  assertEquals(run.code, 1);
});

Deno.test(".ci/run counts a failure after the tests", async () => {
  const run = await runWith({ deno: 'echo "12 passed, 0 failed"; exit 1' });
  assertEquals(run.lastLine, "12 passed, 1 failed", run.text);
  assertEquals(run.code, 1);
});

Deno.test(".ci/run is not green when no test ran", async () => {
  const run = await runWith({ deno: "echo nothing" });
  assertEquals(run.lastLine, "0 passed, 1 failed", run.text);
  assertEquals(run.code, 1);
});

Deno.test(".ci/run installs Deno from npm when it is missing", async () => {
  const run = await runWith({
    npm: [
      'echo "npm $*"',
      'mkdir -p "$4/bin"',
      `printf '#!%s\\nif [ "$2" = ok ]; then echo "5 passed, 0 failed"; fi\\n' "$BASH" > "$4/bin/deno"`,
      'chmod +x "$4/bin/deno"',
    ].join("\n"),
  });
  assertEquals(run.lastLine, "7 passed, 0 failed", run.text);
  assertEquals(run.code, 0);
  assertStringIncludes(run.text, "npm install --global --prefix");
});

Deno.test(".ci/run fails when Deno cannot be installed", async () => {
  const run = await runWith({ npm: 'echo "no network" >&2; exit 1' });
  assertEquals(run.lastLine, "0 passed, 1 failed", run.text);
  assertEquals(run.code, 1);
});
