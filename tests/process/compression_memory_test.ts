import { assert, assertEquals } from "@std/assert";
import { COMPRESSIONS } from "../../remote/goakt/compression/compression.ts";

const MIB = 1024 * 1024;

Deno.test("a compressed connection of a GoAkt peer that carries little holds little", async () => {
  const program = new URL("compression_memory_program.ts", import.meta.url);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", program.href],
    stdin: "null",
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const text = new TextDecoder().decode(stdout);
  const found: Record<string, number> = JSON.parse(text);
  assertEquals(["none", ...Object.keys(found)], [...COMPRESSIONS]);
  const most: Record<string, number> = {
    zstd: 1.25 * MIB,
    gzip: MIB,
    brotli: 2 * MIB,
  };
  for (const [compression, bytes] of Object.entries(found)) {
    assert(bytes < (most[compression] ?? 0), `${compression}: ${text}`);
  }
});
