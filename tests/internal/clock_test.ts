import { assert, assertEquals } from "@std/assert";
import { systemClock } from "../../internal/clock.ts";

Deno.test("systemClock.now() never goes backwards", () => {
  let last = systemClock.now();
  for (let i = 0; i < 1_000; i++) {
    const now = systemClock.now();
    assert(now >= last);
    last = now;
  }
});

Deno.test("systemClock.setTimer() runs its call once, no earlier than asked", async () => {
  const begin = systemClock.now();
  let runs = 0;
  await new Promise<void>((resolve) => {
    systemClock.setTimer(5, () => {
      runs++;
      resolve();
    });
  });
  assertEquals(runs, 1);
  assert(systemClock.now() - begin >= 4.9);
});

Deno.test("systemClock.setTimer() gives a timer that can be cancelled, twice and after it ran", async () => {
  let runs = 0;
  const cancelled = systemClock.setTimer(0, () => runs++);
  cancelled.cancel();
  cancelled.cancel();
  await new Promise<void>((resolve) => {
    const last = systemClock.setTimer(1, () => {
      last.cancel();
      resolve();
    });
  });
  assertEquals(runs, 0);
});

Deno.test("systemClock.setTimer() holds delays that setTimeout() would cut short", async () => {
  let runs = 0;
  const timers = [2 ** 31, 2 ** 40, Infinity].map((delay) =>
    systemClock.setTimer(delay, () => runs++)
  );
  await new Promise<void>((resolve) => {
    systemClock.setTimer(2, resolve);
  });
  assertEquals(runs, 0);
  for (const timer of timers) timer.cancel();
});

Deno.test("a timer of systemClock that was given free still runs, and can be cancelled", async () => {
  const order: string[] = [];
  const free = systemClock.setTimer(1, () => order.push("free"));
  free.unref?.();
  const long = systemClock.setTimer(2 ** 40, () => order.push("long"));
  long.unref?.();
  const dropped = systemClock.setTimer(0, () => order.push("dropped"));
  dropped.unref?.();
  dropped.cancel();
  await new Promise<void>((resolve) => {
    systemClock.setTimer(3, resolve);
  });
  assertEquals(order, ["free"]);
  long.cancel();
});
