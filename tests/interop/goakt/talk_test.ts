import { assertEquals } from "@std/assert";
import { upTo } from "../../remote/actors.ts";
import { GO_PROGRAM } from "./go_node.ts";
import { meet, Talk, text } from "./meeting.ts";

const ignore = GO_PROGRAM === undefined; // Go is not installed

for (const compression of ["none", "zstd", "gzip", "brotli"] as const) {
  Deno.test({
    name:
      `A reference tells, asks and batches to a GoAkt node (${compression})`,
    ignore,
    async fn() {
      await using it = await meet({ compression });
      const { go, here } = it;
      await go.run({ op: "spawnHere", name: "a" });
      const ref = here.remote.ref(Talk, go.address("a"));
      const words = upTo(500).map((n) => `${n}`);
      assertEquals(ref.tellAll(words.map((n) => Talk.say(text(n)))), 500);
      assertEquals((await ref.ask(Talk.say(text("last")))).value, "go:last");
      assertEquals(await go.seen("a"), [...words, "last"]);
      assertEquals(here.warnings, []);
    },
  });
}
