import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type ActorSystem,
  NoRouteesError,
  StoppedError,
  withHeaders,
} from "../../../actor/mod.ts";
import { internalsOf } from "../../../actor/system/system.ts";
import { settle } from "../../../testing/mod.ts";
import { gate, quietSystem, record, Worker, worker } from "../fixtures.ts";
import { Desk, type DeskRef, desks } from "./fixtures.ts";

/** Spawns three desks. */
function three(system: ActorSystem): [DeskRef, DeskRef, DeskRef] {
  const make = desks();
  const spawn = (name: string) => system.spawn(Desk, make, { name });
  return [spawn("a"), spawn("b"), spawn("c")];
}

const run = Desk.run((_, { self }) => self.pid.path);

Deno.test("ActorSystem.spawnGroup() gives messages to actors that exist, in their order", async () => {
  await using system = quietSystem();
  const refs = three(system);
  const group = system.spawnGroup(Desk, refs, { name: "group" });
  const paths = (await group.askAll([run, run, run, run])).map((outcome) =>
    outcome.status === "fulfilled" && outcome.value
  );
  assertEquals(paths, ["a", "b", "c", "a"]);
  assertEquals([group.routees, group.pid.path], [refs, "group"]);
});

Deno.test("Group forgets an actor that has ended also when it was added with headers", async () => {
  await using system = quietSystem();
  const [a, b] = three(system);
  const group = system.spawnGroup(Desk, [a, withHeaders(b, {})]);
  group.add(b); // the same once more
  assertEquals(group.routees.length, 2);
  await system.stop(b);
  assertEquals(group.routees, [a]);
});

Deno.test("Group skips an actor that has ended and forgets it", async () => {
  await using system = quietSystem();
  const letters = record(system, "dead_letter");
  const [a, b, c] = three(system);
  const group = system.spawnGroup(Desk, [a, b, c]);
  await system.stop(b);
  const paths = (await group.askAll([run, run, run])).map((outcome) =>
    outcome.status === "fulfilled" && outcome.value
  );
  assertEquals(paths, ["a", "c", "a"]);
  assertEquals([group.routees, letters], [[a, c], []]);
});

Deno.test("Group skips an actor that is still ending", async () => {
  await using system = quietSystem();
  const letters = record(system, "dead_letter");
  const open = gate();
  const make = desks();
  const a = system.spawn(Desk, () => ({
    ...make(),
    onStop: () => open.promise,
  }), { name: "a" });
  const b = system.spawn(Desk, make, { name: "b" });
  const group = system.spawnGroup(Desk, [a, b]);
  await group.started();
  const stopped = system.stop(a);
  assertEquals([await group.ask(run), await group.ask(run)], ["b", "b"]);
  assertEquals(group.routees, [b]);
  open.resolve();
  await stopped;
  assertEquals(letters, []);
});

Deno.test("Group without actors rejects asks, makes dead letters and lives on", async () => {
  await using system = quietSystem();
  const letters = record(system, "dead_letter");
  const [a, b] = three(system);
  const group = system.spawnGroup(Desk, [a]);
  await system.stop(a);
  await assertRejects(() => group.ask(run), NoRouteesError);
  assertEquals(group.tell(Desk.note("lost")), false);
  group.add(b);
  assertEquals(await group.ask(run), "b");
  assertEquals(letters.map(({ reason }) => reason), [
    "no_routees",
    "no_routees",
  ]);
});

Deno.test("Group.add() and remove() change it while it works, each once", async () => {
  await using system = quietSystem();
  const [a, b, c] = three(system);
  const group = system.spawnGroup(Desk, [a]);
  group.add(b);
  group.add(b);
  group.add(c);
  assertEquals(group.routees, [a, b, c]);
  group.remove(a);
  group.remove(a);
  assertEquals(group.routees, [b, c]);
  assertEquals([await group.ask(run), await group.ask(run)], ["b", "c"]);
});

Deno.test("Group takes no actor that has ended or never was", async () => {
  await using system = quietSystem();
  const [a, b] = three(system);
  await system.stop(a);
  const never = system.ref(Desk, "goakt://test@:0/never");
  const group = system.spawnGroup(Desk, [a, never, b]);
  group.add(a);
  assertEquals(group.routees, [b]);
});

Deno.test("Group refuses an actor of another protocol, and leaves nothing behind", async () => {
  await using system = quietSystem();
  const [a] = three(system);
  const other = system.spawn(Worker, () => worker(), { name: "other" });
  const wrong = other as unknown as DeskRef;
  const text = `Cannot add "goakt://test@:0/other" to a group`;
  assertThrows(
    () => system.spawnGroup(Desk, [a, wrong], { name: "g" }),
    TypeError,
    text,
  );
  await settle(system);
  assertEquals(system.find(Desk, "g"), undefined);
  const group = system.spawnGroup(Desk, [a]);
  assertThrows(() => group.add(wrong), TypeError, text);
});

Deno.test("Group ends without its actors, and leaves no watch on them", async () => {
  await using system = quietSystem();
  const [a, b, c] = three(system);
  const group = system.spawnGroup(Desk, [a, b]);
  group.add(c);
  group.remove(b);
  await group.started();
  const watchers = () =>
    ["a", "b", "c"].map((path) =>
      internalsOf(system).find(path)?.rare.watch?.watchers
    );
  assertEquals(watchers(), [1, 0, 1]);
  await system.stop(group);
  assertEquals(watchers(), [0, 0, 0]);
  assertEquals(await a.ask(run), "a");
  await assertRejects(() => group.ask(run), StoppedError);
  assertThrows(() => group.add(b), StoppedError);
});

Deno.test("Context.spawnGroup() makes a group below the actor; groups may hold routers", async () => {
  await using system = quietSystem();
  const [a] = three(system);
  const parent = system.spawn(Worker, () => worker(), { name: "parent" });
  const pool = system.spawnPool(Desk, desks(), { name: "pool", size: 2 });
  const group = await parent.ask(
    Worker.run((ctx) => ctx.spawnGroup(Desk, [a, pool], { name: "group" })),
  ) as DeskRef;
  const outcomes = await group.askAll([run, run, run, run]);
  const paths = outcomes.map((outcome) =>
    outcome.status === "fulfilled" && String(outcome.value).split("/")[0]
  );
  assertEquals(paths, ["a", "pool", "a", "pool"]);
  assertEquals(group.pid.path, "parent/group");
});
