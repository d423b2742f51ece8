import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import type { Context } from "../../../actor/mod.ts";
import { settle } from "../../../testing/mod.ts";
import { quietSystem, Worker, worker, type WorkerRef } from "../fixtures.ts";

Deno.test("Context knows the actor, its system, its parent and its children", async () => {
  await using system = quietSystem();
  const top = system.spawn(Worker, () => worker());
  const ctx = await top.ask(Worker.run((ctx) => ctx)) as Context;
  assertStrictEquals(ctx.self, top as never);
  assertStrictEquals(ctx.system, system);
  assertEquals([ctx.parent, ctx.children], [undefined, []]);
  const child = await top.ask(
    Worker.run((ctx) => ctx.spawn(Worker, () => worker())),
  ) as WorkerRef;
  const inner = await child.ask(Worker.run((ctx) => ctx)) as Context;
  assertStrictEquals(inner.parent, top as never);
  assertEquals(ctx.children, [child] as never);
  await system.stop(child);
  assertEquals(ctx.children, []);
});

Deno.test("Context.tell() and Context.ask() say who sends, ref.tell() and ref.ask() do not", async () => {
  await using system = quietSystem();
  const senders: unknown[] = [];
  const target = system.spawn(Worker, () => worker());
  const look = Worker.run((ctx) => void senders.push(ctx.sender));
  const sender = system.spawn(Worker, () => worker());
  await sender.ask(Worker.run(async (ctx) => {
    ctx.tell(target, look);
    await ctx.ask(target, look);
    target.tell(look);
    await target.ask(look);
  }));
  assertEquals(senders, [sender, sender, undefined, undefined]);
});

Deno.test("Context.sender can be answered, and is nobody outside of a handler", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const echo = system.spawn(Worker, () => worker());
  const sender = system.spawn(Worker, () => worker(log));
  let context: Context | undefined;
  sender.tell(Worker.run((ctx) =>
    void ctx.tell(
      echo,
      Worker.run((inner) => {
        context = inner;
        if (inner.sender !== undefined) {
          inner.tell(inner.sender, Worker.note("answer"));
        }
      }),
    )
  ));
  await settle(system);
  assertEquals(log, ["answer"]);
  assertEquals([context?.sender, context?.remaining], [undefined, Infinity]);
});

Deno.test("Context.tell() refuses what is not a reference", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Worker, () => worker());
  const ctx = await actor.ask(Worker.run((ctx) => ctx)) as Context;
  for (const call of ["tell", "watch"] as const) {
    assertThrows(
      () => ctx[call]("till" as never, Worker.note("x") as never),
      TypeError,
      "Cannot send to till: it is not a reference, an ActorRef was expected",
    );
  }
});
