import { assertEquals } from "@std/assert";
import { Recent } from "../../internal/recent.ts";

const KEYS = ["a", "b", "c", "d"];

/** What is there of each key. */
function known(recent: Recent<number>): (number | undefined)[] {
  return KEYS.map((key) => recent.peek(key));
}

Deno.test("Recent lets the entry go that was used least recently", () => {
  const recent = new Recent<number>(3);
  assertEquals(KEYS.map((key, at) => recent.add(key, at)), [0, 1, 2, 3]);
  assertEquals([known(recent), recent.size], [[undefined, 1, 2, 3], 3]);
  assertEquals([recent.use("b"), recent.use("a")], [1, undefined]);
  recent.add("a", 4);
  assertEquals([known(recent), recent.size], [[4, 1, undefined, 3], 3]);
});

Deno.test("Recent.add() of what is known replaces it, and nothing gives way", () => {
  const recent = new Recent<number>(2);
  recent.add("a", 1);
  recent.add("b", 2);
  recent.add("a", 3);
  assertEquals(known(recent), [3, 2, undefined, undefined]);
  recent.add("c", 4); // "b" is the older one now
  assertEquals(known(recent), [3, undefined, 4, undefined]);
});

Deno.test("Recent.peek() is no use of an entry, and delete() makes room", () => {
  const recent = new Recent<number>(2);
  recent.add("a", 1);
  recent.add("b", 2);
  recent.peek("a");
  recent.add("c", 3);
  assertEquals(known(recent), [undefined, 2, 3, undefined]);
  recent.delete("b");
  recent.delete("d");
  recent.add("a", 4);
  assertEquals([known(recent), recent.size], [[4, undefined, 3, undefined], 2]);
});
