import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  input,
  kind,
  NameTakenError,
  protocol,
  tell,
} from "../../../actor/mod.ts";
import { settle } from "../../../testing/mod.ts";
import {
  gate,
  loggedWorker,
  quietSystem,
  Worker,
  worker,
  type WorkerRef,
} from "../fixtures.ts";

Deno.test("ActorSystem.spawn() returns before the factory has run", async () => {
  await using system = quietSystem();
  let made = 0;
  const actor = system.spawn(Worker, () => {
    made++;
    return worker();
  });
  assertEquals([made, actor.isLocal, actor.pid.system], [0, true, "test"]);
  await actor.started();
  assertEquals(made, 1);
});

Deno.test("ActorSystem.spawn() refuses the name of a living sibling until it has stopped", async () => {
  await using system = quietSystem();
  const open = gate();
  const first = system.spawn(Worker, () => ({
    ...worker(),
    onStop: () => open.promise,
  }), { name: "a" });
  await first.started();
  const again = () => system.spawn(Worker, () => worker(), { name: "a" });
  const error = assertThrows(
    again,
    NameTakenError,
    'Cannot spawn "goakt://test@:0/a": the name is in use, a free name was expected',
  );
  assertEquals(error.holder.equals(first.pid), true);
  assertEquals(error.code, "name_taken_error");
  const stopped = system.stop(first);
  await settle(system);
  assertThrows(again, NameTakenError);
  open.resolve();
  await stopped;
  const second = again();
  assertEquals(second.pid.equals(first.pid), false);
  assertEquals(first.tell(Worker.note("x")), false);
});

Deno.test("ActorSystem.spawn() lets actors below different parents have one name", async () => {
  await using system = quietSystem();
  const paths: string[] = [];
  for (const name of ["a", "b"]) {
    const parent = system.spawn(Worker, () => worker(), { name });
    const child = await parent.ask(
      Worker.run((ctx) => ctx.spawn(Worker, () => worker(), { name: "child" })),
    ) as WorkerRef;
    paths.push(child.pid.path);
  }
  assertEquals(paths, ["a/child", "b/child"]);
});

Deno.test("ActorSystem.spawn() gives actors without a name paths that differ and can be found", async () => {
  await using system = quietSystem();
  const refs = Array.from(
    { length: 100 },
    () => system.spawn(Worker, () => worker()),
  );
  assertEquals(new Set(refs.map(({ pid }) => pid.path)).size, 100);
  for (const ref of refs) {
    assertStrictEquals(system.find(Worker, ref.pid.path), ref);
  }
});

Deno.test("Context.spawn() makes children in onStart that run at once", async () => {
  await using system = quietSystem();
  const log: string[] = [];
  const parent = system.spawn(Worker, () => ({
    ...worker(),
    async onStart(ctx) {
      const child = ctx.spawn(Worker, () => loggedWorker(log, "child"));
      await child.started();
      log.push(`${ctx.children.length} children`);
      assertStrictEquals(ctx.children[0], child);
    },
  }));
  await parent.started();
  assertEquals(log, ["child starts", "1 children"]);
});

Deno.test("ActorSystem.spawn() of a kind creates from its input, anew for each restart", async () => {
  await using system = quietSystem();
  const Shop = protocol("shop", { sell: tell() }, {
    input: input<{ name: string }>(),
  });
  const inputs: unknown[] = [];
  const ShopKind = kind(Shop, (input) => {
    inputs.push(input);
    return {
      sell() {
        throw new Error("no");
      },
    };
  });
  const shop = system.spawn(ShopKind, { input: { name: "till" }, name: "s" });
  shop.tell(Shop.sell());
  await settle(system);
  assertEquals(inputs, [{ name: "till" }, { name: "till" }]);
  assertEquals(shop.pid.path, "s");
});

Deno.test("ActorSystem.spawn() of a kind refuses an input that its schema refuses", async () => {
  await using system = quietSystem();
  const Shop = protocol("shop", { sell: tell() }, {
    input: input<number>({
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value) =>
          typeof value === "number"
            ? { value }
            : { issues: [{ message: "no number" }] },
      },
    }),
  });
  const ShopKind = kind(Shop, () => ({ sell() {} }), { name: "corner-shop" });
  assertThrows(
    () => system.spawn(ShopKind, { input: "5" as never }),
    TypeError,
    'Cannot create kind "corner-shop": no number at "$"',
  );
  await system.spawn(ShopKind, { input: 5 }).started();
});

Deno.test("ActorSystem.spawn() without a factory says what is wanted", async () => {
  await using system = quietSystem();
  for (const bad of [undefined, {}, "Worker"]) {
    assertThrows(
      () => system.spawn(Worker, bad as never),
      TypeError,
      "found no factory behind the protocol, wanted a function that returns the handlers",
    );
  }
});

Deno.test("ActorSystem.spawn() with something else for a protocol says what is wanted", async () => {
  await using system = quietSystem();
  assertThrows(
    () => system.spawn({} as typeof Worker, () => worker()),
    TypeError,
    "as a protocol: a value made by protocol() was expected",
  );
  assertEquals(system.find(Worker, "x"), undefined);
});
