import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { peerFigures } from "../../bench/peers/figures.ts";
import {
  askRate,
  LITTLE,
  pingPongRate,
  spawnRate,
  tellRate,
} from "../../bench/peers/scenarios.ts";
import { readVersions, versionsOf } from "../../bench/peers/versions.ts";

Deno.test("the suite peers measures every library against Troupe in the same scenario", () => {
  const troupe = new Map(
    peerFigures.filter((it) => it.name.endsWith(".troupe"))
      .map((it) => [it.name, it.subject]),
  );
  assertEquals(troupe.size, 6);
  for (const { name, baseline } of peerFigures) {
    const own = name.replace(/[^.]+$/, "troupe");
    assertEquals(baseline, name === own ? undefined : troupe.get(own), name);
  }
});

Deno.test("scenarios fail when the work was not done", async () => {
  const wrong = () => Promise.resolve(1);
  await assertRejects(() => tellRate(LITTLE, wrong), Error, "1 were done");
  await assertRejects(() => pingPongRate(LITTLE, wrong), Error, "1 were done");
  const lazy = () => Promise.resolve();
  await assertRejects(
    () => askRate(LITTLE, lazy),
    Error,
    "answers: 0 were done",
  );
  const stuck = async (count: number, take: (answer: number) => void) => {
    for (let i = 0; i < count; i++) take(await wrong());
  };
  await assertRejects(() => askRate(LITTLE, stuck), Error, "counts in answers");
});

Deno.test("spawnRate() fails when actors have not started or do not answer", async () => {
  const grow = (started: number) => ({
    grow: () => Promise.resolve(started),
    ask: () => Promise.resolve(0),
  });
  await assertRejects(() => spawnRate(LITTLE, grow(5)), Error, "actors: 5");
  await assertRejects(
    () => spawnRate(LITTLE, grow(110)),
    Error,
    "one actor: 0",
  );
});

Deno.test("versionsOf() reads exact versions and refuses ranges", () => {
  const read = (address: string) =>
    versionsOf({ version: "0.1.0" }, { imports: { other: address } });
  assertEquals(
    read("npm:other@1.2.3"),
    new Map([["troupe", "0.1.0"], ["other", "1.2.3"]]),
  );
  assertThrows(() => read("npm:other@^1.2.3"), TypeError, `"other"`);
});

Deno.test("readVersions() knows the library of every arm", async () => {
  const versions = await readVersions();
  for (const { name } of peerFigures) {
    const library = /([^.-]+)(-[^.]+)?$/.exec(name)?.[1] ?? "";
    assert(versions.has(library), name);
  }
});
