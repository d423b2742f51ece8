import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
} from "@std/assert";
import { isRunning, Program } from "./program.ts";

/** How long the demo may take to end once something has gone wrong, in milliseconds. */
const SOON = 10_000;

function demo(...args: string[]): Program {
  return new Program("task", "demo", ...args);
}

interface Nodes {
  left: number;
  right: number;
}

/** The processes of both nodes, once they run. */
async function startedNodes(program: Program): Promise<Nodes> {
  const [, left, right] = await program.printed(
    /node "left" at \S+, process (\d+)\nStarted node "right" at \S+, process (\d+)\n/,
  );
  return { left: Number(left), right: Number(right) };
}

function assertEnded({ left, right }: Nodes): void {
  assert(!isRunning(left), `process ${left} still runs`);
  assert(!isRunning(right), `process ${right} still runs`);
}

function numbers(text: string, pattern: RegExp): number[] {
  return Array.from(
    text.matchAll(pattern),
    ([, digits = ""]) => Number(digits.replaceAll(",", "")),
  );
}

Deno.test("deno task demo counts every word of a file on two nodes", async () => {
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(
    file,
    "Tick, tock: tick! La la LA la-la ping pong.\n",
  );
  await using program = demo(file);
  const nodes = await startedNodes(program);
  const { code, stdout, stderr } = await program.end();
  assertEquals(code, 0, stderr);
  assertNotEquals(nodes.left, nodes.right);

  const [rounds = 0] = numbers(stdout, /words: 9, rounds: ([\d,]+)/g);
  assert(rounds * 9 >= 1_000_000, stdout);
  assertEquals(numbers(stdout, /^ +([\d,]+) {2}la$/gm), [3 * rounds]);
  assertEquals(numbers(stdout, /^ +([\d,]+) {2}tick$/gm), [2 * rounds]);
  assertEquals(numbers(stdout, /^ +([\d,]+) {2}tock$/gm), [rounds]);
  assertEquals(numbers(stdout, /^ +([\d,]+) {2}la-la$/gm), [rounds]);

  const counted = numbers(stdout, /counter-\d on .*: ([\d,]+) words/g);
  assertEquals(counted.reduce((sum, it) => sum + it, 0), 9 * rounds);
  assertEquals(counted.filter((it) => it > 0).length, 4, stdout);
  const hosts = numbers(stdout, /counter-\d on \S+, process (\d+)/g);
  const { left, right } = nodes;
  assertEquals(hosts, [left, right, left, right]);
  assertMatch(stdout, /[\d,]+ messages in [\d.]+ s: [\d,]+ messages\/s/);
  assertMatch(stdout, /Every word that was sent was counted/);
  assertEnded(nodes);
});

for (
  const [name, actors] of [["left", "1 and counter-3"], [
    "right",
    "2 and counter-4",
  ]] as const
) {
  Deno.test(`deno task demo names node "${name}" and its actors when it is killed`, async () => {
    await using program = demo();
    const nodes = await startedNodes(program);
    await program.printed(/20 % /);
    Deno.kill(nodes[name], "SIGKILL");
    const { code, stderr } = await program.end(SOON);
    assertEquals(code, 1);
    assertMatch(
      stderr,
      new RegExp(
        `Lost node "${name}" at ${name}@127\\.0\\.0\\.1:\\d+, process ${
          nodes[name]
        }: SIGKILL ended it\n` +
          `With it went what counter-${actors} had counted: [\\d,]+ words were sent to them, [\\d,]+ of these`,
      ),
    );
    assertEnded(nodes);
  });
}

Deno.test("deno task demo ends both nodes when it is interrupted", async () => {
  await using program = demo();
  const nodes = await startedNodes(program);
  await program.printed(/20 % /);
  program.kill("SIGINT");
  const { code, stderr } = await program.end(SOON);
  assertEquals(code, 130);
  assertMatch(stderr, /^Interrupted$/m);
  assertEnded(nodes);
});

Deno.test("examples/word_count.ts leaves no node behind when it is killed", async () => {
  await using program = new Program(
    "run",
    "--allow-run",
    "--allow-net=127.0.0.1",
    "--allow-read",
    "examples/word_count.ts",
  );
  await program.printed(/20 % /);
  program.kill("SIGKILL");
  const { code } = await program.end(SOON); // comes only when both nodes have ended
  assertEquals(code, 137);
});

for (
  const [what, args, pattern] of [
    [
      "a missing file",
      ["nowhere.txt"],
      /^Cannot read ".*\/nowhere\.txt": there is no such file$/m,
    ],
    ["a directory", ["docs"], /^Cannot read ".*\/docs": it is a directory$/m],
    ["an unknown option", ["--fast"], /^There is no option "--fast"$/m],
    [
      "a file without words",
      ["/dev/null"],
      /^There are no words in these files$/m,
    ],
  ] as const
) {
  Deno.test(`deno task demo refuses ${what}`, async () => {
    await using program = demo(...args);
    const { code, stderr } = await program.end();
    assertEquals(code, 2);
    assertMatch(stderr, pattern);
  });
}

for (const [missing, given] of [["net", "run"], ["run", "net"]] as const) {
  Deno.test(`examples/word_count.ts says what it needs when it is run without --allow-${missing}`, async () => {
    const flags = ["--no-prompt", "--allow-read", `--allow-${given}`];
    await using program = new Program(
      "run",
      ...flags,
      "examples/word_count.ts",
    );
    const { code, stderr } = await program.end();
    assertEquals(code, 1);
    assertMatch(stderr, new RegExp(`Requires ${missing} access`));
    assertMatch(
      stderr,
      /^It runs with --allow-run --allow-net=127\.0\.0\.1 --allow-read$/m,
    );
    assert(!stderr.includes("Uncaught"), stderr);
  });
}

Deno.test("deno task demo --help says how to use it", async () => {
  await using program = demo("--help");
  const { code, stdout } = await program.end();
  assertEquals(code, 0);
  assertMatch(stdout, /^Usage: deno task demo \[FILES\]$/m);
});
