import { assertEquals, assertRejects } from "@std/assert";
import { ActorSystem, protocol, tell } from "../../actor/mod.ts";
import { settle } from "../../testing/mod.ts";

const Ball = protocol("ball", { hit: tell<{ left: number }>() });

Deno.test("settle() resolves after everything that a message led to", async () => {
  await using system = new ActorSystem("test");
  let hits = 0;
  const wall = system.spawn(Ball, () => ({
    hit({ left }, ctx) {
      hits++;
      if (left > 0) ctx.tell(ctx.self, Ball.hit({ left: left - 1 }) as never);
    },
  }));
  wall.tell(Ball.hit({ left: 200_000 }));
  await settle(system);
  assertEquals(hits, 200_001);
});

Deno.test("settle() fails when actors never come to rest", async () => {
  await using system = new ActorSystem("test", {
    clock: { now: () => 0, setTimer: () => ({ cancel() {} }) },
  });
  let isOver = false;
  const wall = system.spawn(Ball, () => ({
    async hit(_, ctx) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (!isOver) ctx.tell(ctx.self, Ball.hit({ left: 1 }) as never);
    },
  }));
  wall.tell(Ball.hit({ left: 1 }));
  await assertRejects(() => settle(system), Error, 'settle system "test"');
  isOver = true;
});
