import { assertEquals, assertThrows } from "@std/assert";
import { type Context, protocol, tell } from "../../../actor/mod.ts";
import { settle } from "../../../testing/mod.ts";
import { quietSystem, Worker, worker, type WorkerRef } from "../fixtures.ts";

const Other = protocol("other", { ping: tell() });

/** Spawns two teams of workers, one actor of another protocol among them. */
async function teams() {
  const system = quietSystem();
  const below = (ref: WorkerRef, ...names: string[]) =>
    ref.ask(Worker.run((ctx: Context) => {
      for (const name of names) ctx.spawn(Worker, () => worker(), { name });
    }));
  const red = system.spawn(Worker, () => worker(), { name: "red" });
  const blue = system.spawn(Worker, () => worker(), { name: "blue" });
  await below(red, "w-2", "w-1", "boss");
  await red.ask(
    Worker.run((ctx) => {
      ctx.spawn(Other, () => ({ ping: () => {} }), { name: "w-3" });
    }),
  );
  await below(blue, "w-1", "w.1");
  const boss = system.find(Worker, "red/boss") as WorkerRef;
  await below(boss, "w-9");
  const paths = (pattern: string) =>
    system.select(Worker, pattern).map(({ pid }) => pid.path);
  return { system, boss, paths };
}

Deno.test("ActorSystem.select() finds the children of one actor in the order of their spawns", async () => {
  const { system, paths } = await teams();
  await using _ = system;
  assertEquals(paths("red/*"), ["red/w-2", "red/w-1", "red/boss"]);
  assertEquals(paths("*"), ["red", "blue"]);
});

Deno.test("ActorSystem.select() matches parts of names, and nothing but the star is special", async () => {
  const { system, paths } = await teams();
  await using _ = system;
  assertEquals(paths("red/w-*"), ["red/w-2", "red/w-1"]);
  assertEquals(paths("*/w-1"), ["red/w-1", "blue/w-1"]);
  assertEquals(paths("*/*1"), ["red/w-1", "blue/w-1", "blue/w.1"]);
  assertEquals(paths("blue/w.1"), ["blue/w.1"]);
  assertEquals(paths("blue/*.1"), ["blue/w.1"]);
  assertEquals(paths("red/none"), []);
  assertEquals(paths("none/*"), []);
});

Deno.test("ActorSystem.select() goes to any depth for two stars, and finds everybody once", async () => {
  const { system, paths } = await teams();
  await using _ = system;
  assertEquals(paths("red/**"), [
    "red/w-2",
    "red/w-1",
    "red/boss",
    "red/boss/w-9",
  ]);
  assertEquals(paths("**/w-*"), [
    "red/w-2",
    "red/w-1",
    "red/boss/w-9",
    "blue/w-1",
  ]);
  assertEquals(paths("**/**/w-9"), ["red/boss/w-9"]);
});

Deno.test("ActorSystem.select() leaves out other protocols and the dead", async () => {
  const { system, boss, paths } = await teams();
  await using _ = system;
  assertEquals(
    system.select(Other, "**").map(({ pid }) => pid.path),
    ["red/w-3"],
  );
  await system.stop(boss);
  await settle(system);
  assertEquals(paths("red/*"), ["red/w-2", "red/w-1"]);
});

Deno.test("ActorSystem.select() finds actors without a name", async () => {
  await using system = quietSystem();
  const actor = system.spawn(Worker, () => worker());
  assertEquals(system.select(Worker, "$*"), [actor]);
  assertEquals(system.select(Worker, actor.pid.path), [actor]);
});

Deno.test("ActorSystem.select() refuses an empty name", async () => {
  await using system = quietSystem();
  for (const pattern of ["", "a//b", "/a", "a/"]) {
    assertThrows(
      () => system.select(Worker, pattern),
      TypeError,
      `Cannot select actors by "${pattern}": found an empty name`,
    );
  }
});
