import { assertEquals } from "@std/assert";
import { Deque } from "../../internal/deque.ts";
import { seededRandom } from "../../internal/random.ts";

Deno.test("Deque behaves as an array over random pushes, unshifts and shifts", () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const random = seededRandom(seed);
  const deque = new Deque<number>();
  const array: number[] = [];
  for (let i = 0; i < 50_000; i++) {
    const grows = Math.floor(i / 5_000) % 2 === 0;
    const roll = random.next();
    if (roll < (grows ? 0.5 : 0.2)) array.push(i), deque.push(i);
    else if (roll < (grows ? 0.6 : 0.25)) array.unshift(i), deque.unshift(i);
    else if (roll < 0.999) {
      assertEquals(deque.shift(), array.shift(), `seed ${seed}`);
    } else deque.clear(), array.length = 0;
    assertEquals([deque.size, deque.peek()], [array.length, array[0]]);
  }
  while (array.length > 0) assertEquals(deque.shift(), array.shift());
  assertEquals([deque.size, deque.shift(), deque.peek()], [
    0,
    undefined,
    undefined,
  ]);
});

Deno.test("Deque keeps items that are undefined apart from nothing", () => {
  const deque = new Deque<undefined>();
  deque.push(undefined);
  assertEquals(deque.size, 1);
  deque.shift();
  assertEquals(deque.size, 0);
});

Deno.test("Deque gives back a large ring when it runs empty, and keeps a small one", () => {
  const deque = new Deque<number>();
  assertEquals(deque.capacity, 0);
  for (let i = 0; i < 100; i++) deque.push(i);
  while (deque.size > 0) deque.shift();
  assertEquals(deque.capacity, 128);
  for (let i = 0; i < 100_000; i++) deque.push(i);
  assertEquals(deque.capacity, 131_072);
  while (deque.size > 0) deque.shift();
  assertEquals(deque.capacity, 0);
});
