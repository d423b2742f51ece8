import { assert, assertEquals } from "@std/assert";
import { FrameError } from "../../remote/errors.ts";
import { Program } from "../process/program.ts";
import { testSeed } from "../remote/wire/wire_random.ts";
import { readCorpus } from "./corpus.ts";
import { fuzz, type FuzzOptions, replay, type Target } from "./fuzz.ts";
import { TARGETS } from "./targets.ts";

/** A target that is as good as `run`. */
function target(run: Target["run"]): Target {
  return {
    name: "target",
    seed: () => new Uint8Array(20),
    run,
    isRefusal: (error) => error instanceof FrameError,
  };
}

/** The problems of a short run of one target. */
function problemsOf(
  run: Target["run"],
  options: Partial<FuzzOptions> = {},
): string[] {
  const targets = [target(run)];
  return fuzz({ count: 10, seed: 1, targets, ...options }).problems;
}

Deno.test("20,000 mutated frames of a new seed are taken or refused with a typed error", async () => {
  const seed = testSeed();
  const corpus = await readCorpus(TARGETS);
  const { accepted, refused, outcomes, problems } = fuzz({
    count: 20_000,
    seed,
    targets: TARGETS,
    corpus,
  });
  assertEquals(problems, [], `seed ${seed}`);
  assertEquals(accepted + refused, 20_000);
  // Both must happen often and in many ways, or the mutations are too weak or too strong to say anything.
  assert(accepted > 1_000, `${accepted} accepted, seed ${seed}`);
  assert(refused > 1_000, `${refused} refused, seed ${seed}`);
  for (const { name } of TARGETS) {
    const kinds = [...outcomes.keys()].filter((it) =>
      it.startsWith(`${name}: `)
    );
    assert(kinds.length >= 2, `${name}: ${kinds.join()}, seed ${seed}`);
  }
});

Deno.test("every input of the corpus is taken or refused with a typed error", async () => {
  const corpus = await readCorpus(TARGETS);
  for (const { name } of TARGETS) {
    assert((corpus.get(name)?.length ?? 0) > 0, `${name} has no corpus`);
  }
  const { problems, accepted, refused } = replay(TARGETS, corpus);
  assertEquals(problems, []);
  assert(accepted >= 8 && refused > 60, `${accepted} and ${refused}`);
});

Deno.test("fuzz() does the same for the same seed, and one input alone by its number", () => {
  const run = (seed: number, first: number, count: number) => {
    const inputs: string[] = [];
    fuzz({
      count,
      seed,
      first,
      targets: TARGETS,
      onOutcome: (target, input, outcome) =>
        inputs.push(`${target} ${input.toHex()} ${outcome}`),
    });
    return inputs;
  };
  const all = run(7, 0, 300);
  assertEquals(run(7, 0, 300).join("\n"), all.join("\n"));
  assert(run(8, 0, 300).join("\n") !== all.join("\n"));
  assertEquals(run(7, 123, 1), [all[123]]);
});

Deno.test("fuzz() reports crashes with what repeats them", () => {
  const problems = problemsOf(() => {
    throw new TypeError("undefined is not a function");
  });
  assertEquals(problems.length, 10);
  const [, , , problem = ""] = problems;
  assert(problem.startsWith("target: seed 1, round 3, input "), problem);
  assert(problem.includes("TypeError: undefined is not a function"), problem);
  const refused = problemsOf(() => {
    throw new FrameError("read", "nothing", "something was expected");
  });
  assertEquals(refused, []);
});

Deno.test("fuzz() reports targets that do not come to an end", () => {
  const problems = problemsOf((_bytes, _random, steps) => {
    for (;;) steps.take();
  });
  assertEquals(problems.length, 10);
  assert(problems[0]?.includes("it does not come to an end"));
});

Deno.test("fuzz() reports targets that are slow each time, not those that were once", () => {
  let calls = 0;
  const busy = (until: number) => {
    while (performance.now() < until);
  };
  const slow = problemsOf(() => busy(performance.now() + 550), { count: 1 });
  assert(/it took 5\d\d ms$/.test(slow[0] ?? ""), slow.join());
  const once = problemsOf(() => {
    if (calls++ === 0) busy(performance.now() + 550);
  }, { count: 1 });
  assertEquals([once, calls], [[], 2]);
});

Deno.test("deno task fuzz says what came of the frames, and that memory stayed flat", async () => {
  await using program = new Program(
    "run",
    "--no-prompt",
    "--v8-flags=--expose-gc",
    "--allow-read",
    "--config=deno.json",
    "tests/fuzz/fuzz_program.ts",
    "10000",
    "5",
  );
  const { code, stdout } = await program.end();
  assertEquals(code, 0, stdout);
  assert(stdout.startsWith("fuzz of 10000 frames, seed 5\n"), stdout);
  assert(stdout.endsWith("no crash, hang or growth\n"), stdout);
  const [, before, after] = stdout.match(/memory +(\S+) MiB, then (\S+) MiB/) ??
    [];
  assert(Number(before) > 1 && Number(after) > 1, stdout);
});
