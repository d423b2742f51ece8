import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  type Context,
  kind,
  type MessageOf,
  protocol,
  provide,
  resourceKey,
  tell,
} from "../../../actor/mod.ts";
import { quietSystem, raise, Worker, worker } from "../fixtures.ts";

const Rates = resourceKey<Map<string, number>>("rates");
const Limit = resourceKey<number>("limit");

/** What `use` gives, asked from inside an actor. */
function inside(
  use: (ctx: Context) => unknown,
): MessageOf<typeof Worker> {
  return Worker.run((ctx) => use(ctx));
}

Deno.test("Context.extension() gives every actor what the system was given, as it is", async () => {
  const rates = new Map([["EUR", 1.1]]);
  await using system = quietSystem({ extensions: [provide(Rates, rates)] });
  assertStrictEquals(system.extension(Rates), rates);
  const parent = system.spawn(Worker, () => worker());
  const found = await parent.ask(inside((ctx) => {
    const child = ctx.spawn(Worker, () => worker());
    return ctx.ask(child, inside((below) => below.extension(Rates)));
  }));
  assertStrictEquals(found, rates);
});

Deno.test("Context.extension() names what is missing and what there is", async () => {
  await using system = quietSystem({
    extensions: [provide(Rates, new Map()), provide(Limit, 1)],
  });
  assertThrows(
    () => system.extension(resourceKey("tax")),
    TypeError,
    'Cannot find extension "tax": given were "rates", "limit"',
  );
  assertThrows(
    () => system.extension(resourceKey("limit")),
    TypeError,
    'Cannot find extension "limit": given were "rates", "limit", under another key of that name',
  );
});

Deno.test("Context.dependency() gives an actor what its spawn named, also after a restart and in its hooks", async () => {
  await using system = quietSystem();
  const seen: unknown[] = [];
  const look = (ctx: Pick<Context, "dependency">): void => {
    seen.push(ctx.dependency(Limit));
  };
  const actor = system.spawn(
    Worker,
    () => ({ ...worker(), onStart: look, onStop: look }),
    { dependencies: [provide(Limit, 5)] },
  );
  assertEquals(await actor.ask(inside((ctx) => ctx.dependency(Limit))), 5);
  actor.tell(Worker.run(() => raise(new Error("no"))));
  assertEquals(await actor.ask(inside((ctx) => ctx.dependency(Limit))), 5);
  await system.stop(actor);
  assertEquals(seen, [5, 5, 5, 5]);
});

Deno.test("Context.dependency() gives nothing of the parent, nor of the system", async () => {
  await using system = quietSystem({ extensions: [provide(Limit, 1)] });
  const actor = system.spawn(Worker, () => worker(), {
    dependencies: [provide(Limit, 5)],
  });
  await actor.ask(inside((ctx) => {
    const child = ctx.spawn(Worker, () => worker());
    return ctx.ask(
      child,
      inside((below) =>
        assertThrows(
          () => below.dependency(Limit),
          TypeError,
          'Cannot find dependency "limit": given were none',
        )
      ),
    );
  }));
});

Deno.test("a kind names dependencies of its actors, and a spawn puts others in their place", async () => {
  const Till = protocol("till", { look: tell() });
  const seen: number[] = [];
  const TillKind = kind(Till, () => ({
    look: (_, ctx) => void seen.push(ctx.dependency(Limit)),
  }), { dependencies: [provide(Limit, 1)] });
  await using system = quietSystem();
  await system.spawn(TillKind).ask(Till.look());
  await system.spawn(TillKind, { dependencies: [provide(Limit, 2)] }).ask(
    Till.look(),
  );
  assertEquals(seen, [1, 2]);
});

Deno.test("two resources of one name are refused where they are given", () => {
  const twice = [provide(Limit, 1), provide(resourceKey("limit"), 2)];
  assertThrows(
    () => quietSystem({ extensions: twice }),
    TypeError,
    'Cannot give extension "limit" twice: every extension needs a name of its own',
  );
  const system = quietSystem();
  assertThrows(
    () => system.spawn(Worker, () => worker(), { dependencies: twice }),
    TypeError,
    'Cannot give dependency "limit" twice',
  );
});

Deno.test("resourceKey() refuses an empty name and one of more than 255 characters", () => {
  assertThrows(() => resourceKey(""), TypeError, "it has 0 characters");
  assertThrows(() => resourceKey("x".repeat(256)), TypeError, "256 characters");
  assertEquals(resourceKey("x".repeat(255)).name.length, 255);
});

Deno.test("provide() takes only values of the type of their key", () => {
  // @ts-expect-error a text is no number
  assertEquals(provide(Limit, "five").value, "five");
});
