import { assert, assertEquals, assertThrows } from "@std/assert";
import { Heap, type HeapItem } from "../../internal/heap.ts";
import { seededRandom } from "../../internal/random.ts";

interface Item extends HeapItem {
  key: number;
}

const item = (key: number): Item => ({ key, heapIndex: -1 });
const heap = () => new Heap<Item>((a, b) => a.key < b.key);

Deno.test("Heap gives its items in order", () => {
  const items = heap();
  for (const key of [5, 1, 4, 1, 3]) items.push(item(key));
  assertEquals(items.size, 5);
  assertEquals(items.peek()?.key, 1);
  const keys = Array.from({ length: 6 }, () => items.pop()?.key);
  assertEquals(keys, [1, 1, 3, 4, 5, undefined]);
});

Deno.test("Heap.remove() takes an item out from anywhere and says whether it was there", () => {
  const items = heap();
  const all = [3, 1, 2, 5, 4].map(item);
  for (const one of all) items.push(one);
  assert(items.remove(all[3] as Item));
  assert(!items.remove(all[3] as Item));
  assert(!heap().remove(all[0] as Item));
  assertEquals(all[3]?.heapIndex, -1);
  assertEquals(Array.from({ length: 4 }, () => items.pop()?.key), [1, 2, 3, 4]);
});

Deno.test("Heap.push() refuses an item that is in a heap", () => {
  const items = heap();
  const one = item(1);
  items.push(one);
  assertThrows(() => items.push(one), TypeError, "it is in a heap at 0");
  assertThrows(() => heap().push(one), TypeError, "it is in a heap at 0");
});

Deno.test("Heap.clear() lets go of all items so that they can be pushed again", () => {
  const items = heap();
  const all = [2, 1].map(item);
  for (const one of all) items.push(one);
  assertEquals(items.clear().length, 2);
  assertEquals(items.size, 0);
  for (const one of all) items.push(one);
  assertEquals(items.pop()?.key, 1);
});

Deno.test("Heap agrees with a sorted list over random pushes, pops, removals and updates", () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const random = seededRandom(seed);
  const below = (end: number) => Math.floor(random.next() * end);
  const items = heap();
  const model: Item[] = [];
  for (let step = 0; step < 50_000; step++) {
    const action = below(10);
    const picked = model[below(model.length)];
    if (action < 4 || picked === undefined) {
      const added = item(below(500));
      items.push(added);
      model.push(added);
    } else if (action < 6) {
      const taken = items.pop() as Item;
      assertEquals(
        taken.key,
        Math.min(...model.map(({ key }) => key)),
        `seed ${seed}, step ${step}`,
      );
      model.splice(model.indexOf(taken), 1);
    } else if (action < 8) {
      assert(items.remove(picked), `seed ${seed}, step ${step}`);
      model.splice(model.indexOf(picked), 1);
    } else {
      picked.key = below(500);
      items.update(picked);
    }
    assertEquals(items.size, model.length, `seed ${seed}, step ${step}`);
    assert(model.every((one) => items.has(one)), `seed ${seed}, step ${step}`);
    if (model.length > 60) {
      for (const one of model.splice(0, 30)) items.remove(one);
    }
  }
  const rest = Array.from({ length: model.length }, () => items.pop()?.key);
  assertEquals(
    rest,
    model.map(({ key }) => key).sort((a, b) => a - b),
    `seed ${seed}`,
  );
});
