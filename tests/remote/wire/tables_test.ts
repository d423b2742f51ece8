import { assert, assertEquals, assertThrows } from "@std/assert";
import { seededRandom } from "../../../internal/random.ts";
import { FrameError } from "../../../remote/errors.ts";
import {
  DefinitionTable,
  type NumberEntry,
  NumberTable,
} from "../../../remote/wire/tables.ts";
import { below, testSeed } from "./wire_random.ts";

Deno.test("NumberTable gives numbers from 1 and finds them again", () => {
  const table = new NumberTable();
  const a = table.define("a");
  const b = table.define("b");
  assertEquals([a.number, b.number], [1, 2]);
  assert(table.find("a") === a && table.find("b") === b);
  assertEquals(table.find("c"), undefined);
});

Deno.test("NumberTable replaces an entry that was not used, and ends it", () => {
  const table = new NumberTable(3);
  const [a, b, c] = ["a", "b", "c"].map((key) => table.define(key)) as [
    NumberEntry,
    NumberEntry,
    NumberEntry,
  ];
  const d = table.define("d");
  assertEquals([d.number, a.live, table.find("a")], [1, false, undefined]);
  b.used = true;
  const e = table.define("e");
  assertEquals([e.number, b.live, c.live], [3, true, false]);
});

Deno.test("NumberTable does not replace the entry that it gave last", () => {
  const table = new NumberTable(2);
  for (let round = 0; round < 20; round++) {
    const receiver = table.define(`receiver ${round}`);
    const sender = table.define(`sender ${round}`);
    assert(receiver.live && sender.live && receiver.number !== sender.number);
  }
});

Deno.test("NumberTable.forget() takes back a definition that was not sent", () => {
  const table = new NumberTable(2);
  const a = table.define("a");
  table.forget(a);
  assertEquals([a.live, table.find("a")], [false, undefined]);
  const again = table.define("a");
  assert(again !== a && again.live);
  table.forget(a);
  assert(table.find("a") === again);
});

Deno.test("NumberTable.clear() ends all entries", () => {
  const table = new NumberTable();
  const entries = ["a", "b"].map((key) => table.define(key));
  table.clear();
  assertEquals(entries.map((entry) => entry.live), [false, false]);
  assertEquals([table.find("a"), table.define("b").number], [undefined, 1]);
});

Deno.test("NumberTable refuses a key that the peer would refuse, and a size below 2", () => {
  const table = new NumberTable();
  table.define("é".repeat(512));
  assertThrows(
    () => table.define("é".repeat(512) + "x"),
    FrameError,
    "it has 1025 bytes, at most 1024 bytes were expected",
  );
  for (const mark of ["\n", "\0", "\x1b", "\u2028"]) {
    assertThrows(
      () => table.define(`a${mark}b`),
      FrameError,
      "it has a control character, a text of one line was expected",
    );
    assertEquals(table.find(`a${mark}b`), undefined);
  }
  for (const size of [1, 0, 2.5, NaN]) {
    assertThrows(() => new NumberTable(size), RangeError);
  }
});

Deno.test("DefinitionTable gives the slot of a number, with what was cached there", () => {
  const table = new DefinitionTable("address", 4);
  table.define(3, "three").cached = "actor";
  assertEquals(table.get(3), { value: "three", cached: "actor" });
  table.define(3, "other");
  assertEquals(table.get(3), { value: "other", cached: undefined });
});

Deno.test("DefinitionTable refuses unknown numbers, naming the table", () => {
  const table = new DefinitionTable("address", 4);
  table.define(3, "three");
  for (const number of [0, 2, 4, 5, 2 ** 32 - 1]) {
    assertThrows(
      () => table.get(number),
      FrameError,
      `Cannot resolve address ${number}: it is not defined on this connection, a definition`,
    );
  }
});

Deno.test("DefinitionTable refuses numbers and values out of bounds", () => {
  const table = new DefinitionTable("type name", 4);
  for (const number of [0, 5, 2 ** 32 - 1]) {
    assertThrows(
      () => table.define(number, "x"),
      FrameError,
      `Cannot define type name ${number}: the number is ${number}, 1 to 4 was expected`,
    );
  }
  assertThrows(() => table.define(1, ""), FrameError, "it is empty");
  table.define(1, "é".repeat(512));
  assertThrows(
    () => table.define(1, "é".repeat(513)),
    FrameError,
    "it has 1026 bytes",
  );
  for (const mark of ["\n", "\0", "\x1b", "\u2028"]) {
    assertThrows(
      () => table.define(1, `/a${mark}b`),
      FrameError,
      "it has a control character, a text of one line was expected",
    );
  }
});

Deno.test("the tables of both ends agree whatever is sent, when definitions travel in order", () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const ours = new NumberTable(8);
  const theirs = new DefinitionTable("address", 8);
  const cached = new Map<string, NumberEntry>();
  let defined = 0;
  for (let round = 0; round < 20_000; round++) {
    const key = `key ${below(random, random.next() < 0.9 ? 6 : 40)}`;
    let entry = cached.get(key);
    if (entry?.live) entry.used = true;
    else {
      entry = ours.find(key);
      if (entry === undefined) {
        entry = ours.define(key);
        theirs.define(entry.number, key);
        defined++;
      }
      cached.set(key, entry);
    }
    assertEquals(
      theirs.get(entry.number).value,
      key,
      `seed ${seed}, round ${round}`,
    );
  }
  assert(
    defined > 40 && defined < 10_000,
    `${defined} definitions, seed ${seed}`,
  );
});
