import { assert, assertEquals } from "@std/assert";

const MIB = 1024 * 1024;

/** What a program has found. */
async function found<T>(program: string, ...args: string[]): Promise<T> {
  const flags = ["--no-prompt", "--allow-net=127.0.0.1"];
  const url = new URL(program, import.meta.url);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--v8-flags=--expose-gc", ...flags, url.href, ...args],
    stdin: "null",
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Bytes that a connection holds at most, by what passes over it. */
const MOST: Readonly<Record<string, number>> = {
  zstd: 1.25 * MIB,
  gzip: MIB,
  brotli: 2 * MIB,
  "zstd, large": 12 * MIB,
  "brotli, large": 7 * MIB,
  "brotli, at once": 2.25 * MIB,
};

Deno.test("a compressed connection of a GoAkt peer holds little when it carries little, and what is counted for it", async () => {
  const program = "compression_memory_program.ts";
  const sorts = await found<string[]>(program);
  assertEquals(sorts, Object.keys(MOST));
  for (const sort of sorts) {
    const { used, counted } = await found<{ used: number; counted: number }>(
      program,
      sort,
    );
    const text = `${sort}: ${used} bytes, ${counted} were counted`;
    assert(used < (MOST[sort] ?? 0), text);
    assert(used < 1.25 * counted, text);
  }
});

Deno.test("strangers cannot have a node hold more for compression than maxCodecBytes", async () => {
  const { served, used } = await found<{ served: number; used: number }>(
    "compression_attack_program.ts",
  );
  // Seven eighths of 64 MiB, at 5.3 MiB each.
  assertEquals(served, 10);
  assert(used < 192 * MIB, `${used} bytes`);
});
